/**
 * Milliseconds of VGG16's forward pass and of a training step of its block 5 and a new classifier in TensorFlow.js, with
 * random weights: the reference job's network at 150×150 and its RMSprop.
 *
 *     node vgg16.mjs cpu|wasm
 *
 * Prints one JSON object a line: `backend`, `work` (`forward` or `step`), `photos`, `threads` and `simd` (what the backend
 * uses), and either `time` or, where TensorFlow.js cannot do it, its `error`. It is plain JavaScript, and bench/tfjs.ts runs a copy of it beside the packages,
 * because TensorFlow.js is no dependency of Graft.
 */
import { performance } from "node:perf_hooks";
import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { layers, sequential } from "@tensorflow/tfjs-layers";

const side = 150;

/** How much of it is measured: `cpu` takes about 10 s for the forward pass of one photo and a minute or two for a step. */
const plan = {
  wasm: { forward: { photos: 20, warmUps: 1, count: 3 }, step: { photos: 1, warmUps: 1, count: 3 } },
  cpu: { forward: { photos: 1, warmUps: 0, count: 1 }, step: { photos: 1, warmUps: 0, count: 1 } },
};

/** Convolutions and their channels in each block. */
const blocks = [
  [2, 64],
  [2, 128],
  [3, 256],
  [3, 512],
  [3, 512],
];

function classifier() {
  const kernelInitializer = "glorotUniform";
  const model = sequential();
  blocks.forEach(([convolutions, filters], block) => {
    for (let index = 0; index < convolutions; index++) {
      model.add(
        layers.conv2d({
          ...{ filters, kernelSize: 3, padding: "same", activation: "relu", kernelInitializer },
          trainable: block === blocks.length - 1,
          ...(block + index === 0 ? { inputShape: [side, side, 3] } : {}),
        }),
      );
    }
    model.add(layers.maxPooling2d({ poolSize: 2, strides: 2 }));
  });
  model.add(layers.flatten());
  model.add(layers.dense({ units: 256, activation: "relu", kernelInitializer }));
  model.add(layers.dropout({ rate: 0.5 }));
  model.add(layers.dense({ units: 1, activation: "sigmoid", kernelInitializer }));
  model.compile({ loss: "binaryCrossentropy", optimizer: tf.train.rmsprop(1e-5, 0.9, 0, 1e-7) });
  return model;
}

/** As bench/clock.ts does, with fewer calls. */
async function milliseconds(call, { warmUps, count }) {
  for (let i = 0; i < warmUps; i++) await call();
  const times = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await call();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return { best: times[0], ...(count > 1 ? { median: times[Math.floor(count / 2)] } : {}) };
}

const backend = process.argv[2];
if (!(await tf.setBackend(backend))) throw new Error(`The backend ${backend} does not start.`);
const uses = async (flag) => backend === "wasm" && Boolean(await tf.env().getAsync(flag));
const [simd, threads] = [await uses("WASM_HAS_SIMD_SUPPORT"), await uses("WASM_HAS_MULTITHREAD_SUPPORT")];
const model = classifier();

const work = {
  async forward(x) {
    const result = model.predictOnBatch(x);
    await result.data();
    result.dispose();
  },
  // What it gives, the loss, is read from the backend: all is computed when it is there.
  step: (x, y) => model.trainOnBatch(x, y),
};

for (const [name, { photos, ...repeats }] of Object.entries(plan[backend])) {
  const x = tf.randomUniform([photos, side, side, 3], 0, 1, "float32", 1);
  const y = tf.tensor2d(
    Array.from({ length: photos }, (_, index) => index % 2),
    [photos, 1],
  );
  const line = { backend, work: name, photos, threads, simd };
  try {
    console.log(JSON.stringify({ ...line, time: await milliseconds(() => work[name](x, y), repeats) }));
  } catch (error) {
    console.log(JSON.stringify({ ...line, error: error instanceof Error ? error.message : String(error) }));
  }
  tf.dispose([x, y]);
}

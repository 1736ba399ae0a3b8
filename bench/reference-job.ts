/**
 * Milliseconds of a training step, a validation step and a batch of augmentation of the reference job, beside Keras's.
 *
 *     npm run bench -- --base-dir DIR --weights FILE.h5 [--peer keras]
 *
 * DIR has `train` and `validation` with one folder per class; FILE is Keras's VGG16 without its top. With `--peer keras`
 * the same is measured in Python right after (bench/keras/reference_job.py), by the interpreter that the environment
 * variable GRAFT_KERAS_PYTHON names (default python3). Both sides are warmed up. The last line is JSON.
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { applications, ImageDataGenerator, layers, models, optimizers } from "graft-ml";

interface Milliseconds {
  readonly best: number;
  readonly median: number;
}

interface Timing {
  readonly train_on_batch: Milliseconds;
  readonly test_on_batch: Milliseconds;
  readonly augmentation: Milliseconds;
}

const { values: flags } = parseArgs({
  options: {
    "base-dir": { type: "string" },
    weights: { type: "string" },
    peer: { type: "string" },
  },
});
const { "base-dir": baseDir, weights, peer } = flags;
if (baseDir === undefined || weights === undefined || (peer !== undefined && peer !== "keras")) {
  console.error("Usage: npm run bench -- --base-dir DIR --weights FILE.h5 [--peer keras]");
  process.exit(2);
}

const warmUps = 3;
const measured = 10;

async function milliseconds(call: () => Promise<unknown>): Promise<Milliseconds> {
  for (let i = 0; i < warmUps; i++) await call();
  const times: number[] = [];
  for (let i = 0; i < measured; i++) {
    const start = performance.now();
    await call();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return { best: times[0] ?? Number.NaN, median: times[measured / 2] ?? Number.NaN };
}

async function graft(directory: string, file: string): Promise<Timing> {
  const datagen = new ImageDataGenerator({
    rescale: 1 / 255,
    rotationRange: 40,
    widthShiftRange: 0.2,
    heightShiftRange: 0.2,
    shearRange: 0.2,
    zoomRange: 0.2,
    horizontalFlip: true,
    fillMode: "nearest",
  });
  const batches = await datagen.flowFromDirectory(join(directory, "train"), {
    targetSize: [150, 150],
    batchSize: 20,
    classMode: "binary",
  });
  const base = await applications.VGG16({ weights: file, includeTop: false, inputShape: [150, 150, 3] });
  let trainable = false;
  for (const layer of base.layers) {
    if (layer.name === "block5_conv1") trainable = true;
    layer.trainable = trainable;
  }
  const model = new models.Sequential([
    base,
    new layers.Flatten(),
    new layers.Dense(256, { activation: "relu" }),
    new layers.Dropout(0.5),
    new layers.Dense(1, { activation: "sigmoid" }),
  ]);
  model.compile({
    loss: "binary_crossentropy",
    optimizer: new optimizers.RMSprop({ learningRate: 1e-5 }),
    metrics: ["acc"],
  });
  const iterator = batches[Symbol.asyncIterator]();
  const { value: batch } = await iterator.next();
  const [x, y] = batch;
  return {
    train_on_batch: await milliseconds(() => model.trainOnBatch(x, y)),
    test_on_batch: await milliseconds(() => model.testOnBatch(x, y)),
    augmentation: await milliseconds(() => iterator.next()),
  };
}

function keras(directory: string, file: string): Timing {
  const python = process.env["GRAFT_KERAS_PYTHON"] ?? "python3";
  const script = join(import.meta.dirname, "keras", "reference_job.py");
  const { status, stdout, stderr } = spawnSync(
    python,
    [script, "--base-dir", directory, "--weights", file, "--epochs", "0"],
    { encoding: "utf8", maxBuffer: 2 ** 26 },
  );
  const line = stdout.split("\n").find((text) => text.includes('"timing"'));
  if (status !== 0 || line === undefined) {
    console.error(stderr.split("\n").slice(-5).join("\n"));
    console.error(`Keras could not be measured with ${python}. It needs: pip install tensorflow-cpu pillow scipy`);
    console.error("Name another interpreter in GRAFT_KERAS_PYTHON.");
    process.exit(1);
  }
  return JSON.parse(line) as Timing;
}

const ours = await graft(baseDir, weights);
const theirs = peer === undefined ? undefined : keras(baseDir, weights);
const rows = Object.entries(ours) as [keyof Timing, Milliseconds][];
for (const [what, { best, median }] of rows) {
  const other = theirs?.[what];
  const compared =
    other === undefined
      ? ""
      : `  Keras ${other.best.toFixed(0)} (${other.median.toFixed(0)})  ratio ${(best / other.best).toFixed(2)}`;
  console.log(`${what.padEnd(16)} ${best.toFixed(0)} ms best (${median.toFixed(0)} median)${compared}`);
}
console.log(JSON.stringify({ graft: ours, ...(theirs === undefined ? {} : { keras: theirs }) }));
process.exit(0);

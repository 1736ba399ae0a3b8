import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs";
import { layers, models, Tensor } from "graft-ml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { teachableMachineFacts } from "../../src/applications/teachable-machine.js";
import { float32 } from "../../src/onnx/tensor-data.js";
import { writeModel } from "../../src/onnx/write-model.js";
import { Generator } from "../../src/random/generator.js";
import { createNodeRuntime } from "../../src/runtime/node/runtime.js";
import { fromTensor } from "../../src/runtime/runtime.js";
import { waveWeights } from "../support/wave.js";
import { graft, type Outcome } from "./command.js";
import { writePhotoFolder } from "./photos.js";

const side = 32;
const pictures = 100;
/** By how much a probability may differ. */
const tolerance = 1e-5;

let folder = "";
/** Pixels of drawn pictures, `[100, 32, 32, 3]`, and what the run's `model.onnx` says of them. */
let pixels: Uint8Array;
let expected: readonly number[];

/** A network of what networks for photos are made of. */
function network(): InstanceType<typeof models.Model> {
  const inputs = layers.Input({ shape: [side, side, 3] });
  let x = new layers.Conv2D(8, 3, { strides: 2, padding: "same", useBias: false }).apply(inputs);
  x = new layers.ReLU({ maxValue: 6 }).apply(new layers.BatchNormalization().apply(x));
  let y = new layers.DepthwiseConv2D(3, { padding: "same" }).apply(x);
  y = new layers.Conv2D(8, 1, { activation: "swish" }).apply(y);
  const gate = new layers.GlobalAveragePooling2D({ keepdims: true }).apply(y);
  y = new layers.Multiply().apply([y, new layers.Conv2D(8, 1, { activation: "sigmoid" }).apply(gate)]);
  x = new layers.MaxPooling2D(2).apply(new layers.Add().apply([x, y]));
  const outputs = new layers.Conv2D(12, 3, { activation: "relu" }).apply(x);
  const made = new models.Model({ inputs, outputs });
  waveWeights(made);
  return made;
}

const train = (name: string, ...more: readonly string[]): Promise<Outcome> =>
  graft(["train", "photos", "--network", name, "--unfreeze", "none", ...more], folder, {
    GRAFT_CACHE: join(folder, "cache"),
  });

const exported = (...words: readonly string[]): Promise<Outcome> => graft(["export", ...words], folder);

function drawPixels(): Uint8Array {
  const random = new Generator(7);
  const drawn = new Uint8Array(pictures * side * side * 3);
  for (let picture = 0; picture < pictures; picture++) {
    const [tone, width] = [[0, 1, 2].map(() => random.uniform(0, 255)), random.uniform(1, 9)];
    for (let index = 0; index < side * side * 3; index++) {
      const wave = 40 * Math.sin(Math.floor(index / 3) / width);
      drawn[picture * side * side * 3 + index] = Math.min(255, Math.max(0, (tone[index % 3] ?? 0) + wave));
    }
  }
  return drawn;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-layers-"));
  await writePhotoFolder(join(folder, "photos"), 8);
  await network().save(join(folder, "network.keras"));
  const { exitCode, stderr } = await train("network.keras", "--preprocess", "caffe", "--out", "run");
  expect(exitCode, stderr).toBe(0);
  pixels = drawPixels();
  const session = await createNodeRuntime({ threads: 1 }).createSession(await readFile(join(folder, "run/model.onnx")));
  const { probabilities } = await session.run({ image: new Tensor("uint8", pixels, [pictures, side, side, 3]) });
  expected = probabilities === undefined ? [] : Array.from(fromTensor(probabilities).data as Float32Array).slice();
  await session.release();
}, 120_000);
afterAll(() => rm(folder, { recursive: true }));

/** The greatest difference of a probability. */
function difference(found: ArrayLike<number>): number {
  expect(found).toHaveLength(expected.length);
  return Math.max(...expected.map((value, index) => Math.abs(value - (found[index] ?? NaN))));
}

describe("graft export --to tfjs", () => {
  test("TensorFlow.js gives the run's probabilities, fed as Teachable Machine's library feeds", async () => {
    const { exitCode, stdout, stderr } = await exported("run", "--to", "tfjs", "--out", "web");
    expect(exitCode, stderr).toBe(0);
    expect((await readdir(join(folder, "web"))).sort()).toEqual(["metadata.json", "model.json", "weights.bin"]);
    expect(stdout + stderr).toMatch(/pixel \/ 127 - 1/);
    const read = (name: string): Promise<Buffer> => readFile(join(folder, "web", name));
    const { modelTopology, weightsManifest } = JSON.parse((await read("model.json")).toString()) as {
      modelTopology: object;
      weightsManifest: { weights: tf.io.WeightsManifestEntry[] }[];
    };
    const weightData = new Uint8Array(await read("weights.bin")).buffer;
    const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
    await tf.setBackend("cpu");
    const model = await tf.loadLayersModel({ load: () => Promise.resolve({ modelTopology, weightSpecs, weightData }) });
    const fed = tf.tensor(
      Float32Array.from(pixels, (value) => value / 127 - 1),
      [pictures, side, side, 3],
    );
    const answers = model.predict(fed) as tf.Tensor;
    expect(difference(await answers.data())).toBeLessThan(tolerance);
  }, 60_000);

  test("metadata.json says what Teachable Machine's library asks for", async () => {
    const metadata = JSON.parse(await readFile(join(folder, "web", "metadata.json"), "utf8")) as Record<
      string,
      unknown
    >;
    expect(metadata).toMatchObject({
      ...{ packageName: "@teachablemachine/image", labels: ["blue", "green", "red"], imageSize: side },
      ...{ tfjsVersion: expect.any(String) as string, packageVersion: expect.any(String) as string },
      ...{ modelName: expect.any(String) as string, userMetadata: expect.any(Object) as object },
    });
    expect(new Date(metadata["timeStamp"] as string).getTime()).not.toBeNaN();
    expect(teachableMachineFacts(metadata)?.imageSize).toBe(side);
  });

  test("Graft reads it as a network", async () => {
    const model = await models.loadModel(join(folder, "web", "model.json"));
    const fed = Float32Array.from(pixels, (value) => value / 127 - 1);
    const answers = await model.predict(new Tensor("float32", fed, [pictures, side, side, 3]));
    expect(difference(answers.data as Float32Array)).toBeLessThan(tolerance);
  });
});

test("graft export --to keras writes a file whose pixels are those of photos", async () => {
  const { exitCode, stdout, stderr } = await exported("run", "--to", "keras", "--out", "model.keras");
  expect(exitCode, stderr).toBe(0);
  expect(stdout + stderr).toMatch(/"blue", "green", "red", in this order/);
  const model = await models.loadModel(join(folder, "model.keras"));
  const answers = await model.predict(new Tensor("float32", Float32Array.from(pixels), [pictures, side, side, 3]));
  expect(difference(answers.data as Float32Array)).toBeLessThan(tolerance);
}, 60_000);

test("what layers cannot do is named, and nothing is written", async () => {
  const kernel = float32(
    Array.from({ length: 24 }, (_, index) => Math.sin(1 + index)),
    [8, 3, 1, 1],
  );
  const bytes = writeModel({
    ...{ irVersion: 8, opsets: { "": 17 }, producer: "test", graphName: "waves", metadata: { licence: "MIT" } },
    nodes: [
      { ...{ name: "conv", op: "Conv", domain: "", inputs: ["x", "kernel"], outputs: ["y"] }, attributes: {} },
      { ...{ name: "cos", op: "Cos", domain: "", inputs: ["y"], outputs: ["features"] }, attributes: {} },
    ],
    inputs: [{ name: "x", type: "float32", shape: ["N", 3, side, side] }],
    outputs: [{ name: "features", type: "float32", shape: ["N", 8, side, side] }],
    constants: new Map([["kernel", kernel]]),
  });
  await writeFile(join(folder, "waves.onnx"), bytes);
  const trained = await train("waves.onnx", "--preprocess", "tf", "--out", "waves");
  expect(trained.exitCode, trained.stderr).toBe(0);
  for (const [target, whose] of [
    ["tfjs", "TensorFlow.js"],
    ["keras", "Keras"],
  ] as const) {
    const { exitCode, stderr } = await exported("waves", "--to", target, "--out", "none");
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`Cos of this network cannot be written as layers of ${whose}.`);
    expect(stderr).toContain("Received: the operator Cos.");
    expect(stderr).toMatch(/--to onnx/);
  }
  expect(await readdir(folder)).not.toContain("none");
}, 60_000);

import { ImageDataGenerator, layers, models, optimizers, setRandomSeed } from "graft-ml";
import { afterEach, describe, expect, test } from "vitest";
import { nodesInOrder } from "../../src/graph/graph.js";
import { constant, input, type Value } from "../../src/graph/value.js";
import { installPlatform, platform } from "../../src/models/platform.js";
import { float32 } from "../../src/onnx/tensor-data.js";
import { relu } from "../../src/ops/activations.js";
import { conv } from "../../src/ops/convolution.js";
import { add, clip, mul } from "../../src/ops/elementwise.js";
import { foldNormalization } from "../../src/passes/fold-normalization.js";
import { batchNormalization } from "../../src/ops/normalization.js";
import { maxPool } from "../../src/ops/pooling.js";
import { transpose } from "../../src/ops/layout.js";
import { covering } from "../../src/passes/quantize-convolutions.js";
import { Generator } from "../../src/random/generator.js";
import { foldConstants } from "../../src/runtime/fold-constants.js";
import { createNodeRuntime } from "../../src/runtime/node/runtime.js";
import { fromTensor, type NamedTensors, toTensor } from "../../src/runtime/runtime.js";
import { createSession } from "../../src/runtime/session.js";
import { bestQuantization, int8Trunk } from "../../src/training/programs/int8-trunk.js";
import type { ProgressBar } from "../../src/models/surroundings.js";
import { createNodeMachine, createPlatform } from "../../src/hosts/node/platform.js";
import { wave, waveLabels } from "../support/wave.js";

const runtime = createNodeRuntime({ threads: 1 });
const usual = platform();
afterEach(() => {
  installPlatform(usual);
  setRandomSeed(0);
});

function normal(dims: readonly number[], seed: number, scale = 1): Value {
  const data = new Generator(seed).normalInto(new Float32Array(dims.reduce((size, extent) => size * extent, 1)));
  return constant(
    float32(
      data.map((value) => value * scale),
      dims,
    ),
  );
}

function batch(count: number, seed: number): NamedTensors {
  const data = new Generator(seed).normalInto(new Float32Array(count * 3 * 16 * 16));
  return { x: toTensor(float32(data, [count, 3, 16, 16])) };
}

async function run(values: readonly Value[], feeds: NamedTensors): Promise<Float32Array[]> {
  const session = await createSession(runtime, Object.fromEntries(values.map((value, index) => [`y${index}`, value])));
  const results = await session.run(feeds);
  await session.release();
  return values.map((_, index) => {
    const tensor = results[`y${index}`];
    if (tensor === undefined) throw new Error("no result");
    return fromTensor(tensor).data as Float32Array;
  });
}

function movement(found: Float32Array = new Float32Array(), expected: Float32Array = new Float32Array()): number {
  let [difference, whole] = [0, 0];
  expected.forEach((value, index) => {
    difference += ((found[index] ?? 0) - value) ** 2;
    whole += value ** 2;
  });
  return Math.sqrt(difference / whole);
}

const x = input("x", "float32", ["N", 3, 16, 16]);
const same = { pads: [1, 1, 1, 1] };

/** Convolutions with all that may stand between them: normalization, rectifiers, pooling, a residual, a depthwise one. */
function network(): Value {
  const first = relu(conv(x, normal([16, 3, 3, 3], 1, 0.3), normal([16], 2, 0.1), same));
  const pooled = maxPool(first, { kernel_shape: [2, 2], strides: [2, 2] });
  const kernel = transpose(normal([3, 3, 16, 16], 3, 0.12), { perm: [3, 2, 0, 1] });
  const parameters = [normal([16], 4), normal([16], 5), normal([16], 6)] as const;
  const variance = constant(float32(new Float32Array(16).fill(1.5), [16]));
  const second = clip(batchNormalization(conv(pooled, kernel, undefined, same), ...parameters, variance), 0, 6);
  const third = conv(second, normal([16, 1, 3, 3], 7, 0.4), normal([16], 8), { ...same, group: 16 });
  const sum = add(third, conv(pooled, normal([16, 16, 1, 1], 9, 0.25)));
  return relu(conv(sum, normal([8, 16, 3, 3], 10, 0.1), normal([8], 11), same));
}

function count(values: readonly Value[], op: string): number {
  return nodesInOrder(values).filter((node) => node.op === op).length;
}

describe("a trunk in 8 bits", () => {
  test("computes all convolutions in 8 bits, with what stands between them, and moves by a few per cent", async () => {
    const y = network();
    const { values, report } = await int8Trunk(runtime, [y], [batch(8, 20), batch(8, 21)]);
    expect(report).toMatchObject({ convolutions: 5, of: 5, float32: [], photos: 16 });
    expect(count(values, "QLinearConv")).toBe(5);
    for (const op of ["Conv", "Relu", "Clip", "BatchNormalization"]) expect(count(values, op)).toBe(0);
    expect(report.moved).toBeGreaterThan(0);
    expect(report.moved).toBeLessThan(0.05);
    const unseen = batch(4, 22);
    const [[found], [expected]] = [await run(values, unseen), await run([y], unseen)];
    expect(movement(found, expected)).toBeLessThan(0.06);
  });

  test("gives a sample the same numbers in a batch of any size", async () => {
    const { values } = await int8Trunk(runtime, [network()], [batch(8, 20)]);
    const all = batch(5, 23);
    const [together = new Float32Array()] = await run(values, all);
    const tensor = all["x"];
    if (tensor === undefined) throw new Error("no batch");
    const size = 3 * 16 * 16;
    const third = toTensor(float32((tensor.data as Float32Array).slice(2 * size, 3 * size), [1, 3, 16, 16]));
    const [alone = new Float32Array()] = await run(values, { x: third });
    expect(alone).toEqual(together.slice(2 * alone.length, 3 * alone.length));
  });

  test("leaves a convolution that loses too much in float32, and names it", async () => {
    // Two channels that nearly cancel: what is left of them is less than the rounding of either.
    const wide = mul(x, constant(float32([1000, 1, 1], [1, 3, 1, 1])));
    const broken = conv(wide, constant(float32([1e-5, 1, 1, 1e-5, -1, 1], [2, 3, 1, 1])));
    const y = relu(conv(broken, normal([4, 2, 3, 3], 1), undefined, same));
    const { values, report } = await int8Trunk(runtime, [y], [batch(8, 20)]);
    expect(report).toMatchObject({ convolutions: 1, of: 2, float32: ["convolution 1 (1×1, 3 → 2)"] });
    expect(count(values, "Conv")).toBe(1);
    expect(report.moved).toBeLessThan(0.1);
  });

  test("computes what is pooled of a convolution in float32", async () => {
    const wide = mul(x, constant(float32([1000, 1, 1], [1, 3, 1, 1])));
    const broken = relu(conv(wide, constant(float32([1e-5, 1, 1, 1e-5, -1, 1], [2, 3, 1, 1]))));
    const pooled = maxPool(broken, { kernel_shape: [2, 2], strides: [2, 2] });
    const y = relu(conv(pooled, normal([4, 2, 3, 3], 1), undefined, same));
    const { values, report } = await int8Trunk(runtime, [y], [batch(8, 20)]);
    expect(report).toMatchObject({ convolutions: 1, of: 2, float32: ["convolution 1 (1×1, 3 → 2)"] });
    expect(count(values, "QLinearConv")).toBe(1);
    expect(report.moved).toBeLessThan(0.1);
  });

  test("computes what stays float32 with the weights that it has, between convolutions in 8 bits too", async () => {
    // The first channel is 0 always, and its weight so large that in 8 bits nothing is left of the others': the engine would round them unasked.
    const first = relu(conv(x, normal([4, 3, 1, 1], 1, 0.5), constant(float32([-50, 0, 0, 0], [4]))));
    const weights = [100, 0.35, 0.3, 0.25, 100, -0.3, 0.35, -0.2];
    const broken = relu(conv(first, constant(float32(weights, [2, 4, 1, 1])), constant(float32([0.1, 0.2], [2]))));
    const y = relu(conv(broken, normal([4, 2, 3, 3], 2), undefined, same));
    const { values, report } = await int8Trunk(runtime, [y], [batch(8, 20)]);
    expect(report).toMatchObject({ convolutions: 2, of: 3, float32: ["convolution 2 (1×1, 4 → 2)"] });
    expect(count(values, "QLinearConv")).toBe(2);
    expect(report.moved).toBeLessThan(0.03);
  });

  test("is refused where there is no convolution", async () => {
    await expect(int8Trunk(runtime, [relu(x)], [batch(8, 20)])).rejects.toThrow(/cannot be computed in 8 bits/);
  });
});

describe("the range of a value", () => {
  test("holds all of it where nothing stands out", () => {
    const flat = Float32Array.from({ length: 1000 }, (_, index) => index / 999);
    expect(bestQuantization([flat], 0, 1)).toEqual(covering(0, 1));
  });

  test("cuts off a number that is alone far out, and keeps 0 exact", () => {
    const values = new Generator(1).normalInto(new Float32Array(1_000_000));
    values[7] = 12;
    const { scale, zeroPoint } = bestQuantization(
      [values],
      values.reduce((least, value) => Math.min(least, value), 0),
      12,
    );
    expect(scale * (255 - zeroPoint)).toBeLessThan(8);
    expect(Number.isInteger(zeroPoint)).toBe(true);
  });
});

test("constants are computed once, and normalization becomes part of the convolution before it", async () => {
  const y = network();
  const folded = foldNormalization(await foldConstants(runtime, [y]));
  for (const op of ["Transpose", "BatchNormalization"]) expect(count(folded, op)).toBe(0);
  const feeds = batch(2, 30);
  const [[found], [expected]] = [await run(folded, feeds), await run([y], feeds)];
  expect(movement(found, expected)).toBeLessThan(1e-6);
});

describe("fit with a trunk in 8 bits", () => {
  const samples = toTensor(wave([24, 16, 16, 3], 1));
  const labels = toTensor(waveLabels(24, 0, 1));

  function model(): models.Sequential {
    setRandomSeed(3);
    const made = new models.Sequential([
      layers.Input({ shape: [16, 16, 3] }),
      new layers.Conv2D(16, 3, { activation: "relu", trainable: false, name: "conv1" }),
      new layers.Conv2D(16, 3, { activation: "relu", trainable: false, name: "conv2" }),
      new layers.Flatten({ name: "flatten" }),
      new layers.Dense(1, { activation: "sigmoid", name: "out" }),
    ]);
    made.compile({
      optimizer: new optimizers.Adam({ learningRate: 0.01 }),
      loss: "binary_crossentropy",
      metrics: ["acc"],
    });
    return made;
  }

  const options = { y: labels, epochs: 3, batchSize: 8, verbose: 0, validationSplit: 0.25 } as const;

  test("says what it cost, trains nearly the same, and evaluates exactly", async () => {
    const exact = await model().fit(samples, options);
    const trained = model();
    const history = await trained.fit(samples, { ...options, trunkPrecision: "int8" });
    expect(history.trunk).toMatchObject({ convolutions: 2, of: 2, float32: [], photos: 16 });
    expect(history.trunk?.moved).toBeLessThan(0.05);
    expect(history.history["loss"]?.at(-1)).toBeCloseTo(exact.history["loss"]?.at(-1) ?? 0, 1);
    const { int8 = {}, exact: exactly = {} } = history.trunk?.validation ?? {};
    expect(int8["loss"]).toBeCloseTo(history.history["val_loss"]?.at(-1) ?? 0, 5);
    expect(exactly["loss"]).not.toBe(int8["loss"]);
    expect(exactly["loss"]).toBeCloseTo(int8["loss"] ?? 0, 1);
    expect(exact.trunk).toBeUndefined();
  });

  test("ends in the same bytes each time, and prints a line of what it cost", async () => {
    const lines: string[] = [];
    const ignore = (): void => undefined;
    const progressBar = (): ProgressBar => ({ update: ignore, clear: ignore, say: ignore });
    const machine = { ...createNodeMachine(), progressBar, print: (line: string) => void lines.push(line) };
    installPlatform(createPlatform({ runtime: usual.runtime, machine }));
    const first = model();
    await first.fit(samples, { ...options, trunkPrecision: "int8", verbose: 2 });
    const second = model();
    await second.fit(samples, { ...options, trunkPrecision: "int8" });
    expect(second.getWeights().map(({ data }) => data)).toEqual(first.getWeights().map(({ data }) => data));
    expect(lines.join("\n")).toMatch(
      /Frozen layers in 8 bits: 2 of 2 convolutions; .* moves by \d+\.\d % \(16 photos\); val_loss \d\.\d+ with it, \d\.\d+ exactly/,
    );
  });

  test("compares the same weights, whichever a callback has left", async () => {
    const trained = model();
    const start = trained.getWeights();
    const restore = {
      onTrainEnd: () => {
        trained.setWeights(start);
      },
    };
    const history = await trained.fit(samples, { ...options, trunkPrecision: "int8", callbacks: [restore] });
    const { int8 = {}, exact = {} } = history.trunk?.validation ?? {};
    expect(Math.abs((int8["loss"] ?? 0) - (exact["loss"] ?? 1))).toBeLessThan(0.05);
    expect(int8["loss"]).not.toBeCloseTo(history.history["val_loss"]?.at(-1) ?? 0, 3);
  });

  test("has the same trunk wherever augmentation stands, so that a resumed training goes on alike", async () => {
    const trunkAfter = async (batches: number): Promise<unknown> => {
      const trained = model();
      const datagen = new ImageDataGenerator({ rotationRange: 40, horizontalFlip: true });
      const flow = datagen.flow(samples, labels, { batchSize: 8, seed: 5 });
      for (let count = 0; count < batches; count++) flow.nextBatch();
      const before = JSON.stringify(flow.save());
      for (const { keys } of flow.inOrder(true)) expect(keys.length).toBeGreaterThan(0);
      expect(JSON.stringify(flow.save())).toBe(before);
      return (await trained.fit(flow, { epochs: 1, verbose: 0, trunkPrecision: "int8" })).trunk;
    };
    expect(await trunkAfter(5)).toEqual(await trunkAfter(0));
  });

  test("is refused where nothing is frozen", async () => {
    const trained = model();
    for (const layer of trained.layers) layer.trainable = true;
    const fit = trained.fit(samples, { ...options, trunkPrecision: "int8" });
    await expect(fit).rejects.toThrow(/cannot be computed in 8 bits.*Received: none/s);
  });

  test("knows no other precision", async () => {
    const fit = model().fit(samples, { ...options, trunkPrecision: "int4" as "int8" });
    await expect(fit).rejects.toThrow(/cannot take this trunkPrecision.*"float32" or "int8".*"int4"/s);
  });
});

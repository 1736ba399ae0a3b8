import { layers, models, optimizers } from "graft-ml";
import { describe, expect, it } from "vitest";
import { nodesInOrder } from "../../src/graph/graph.js";
import type { Value } from "../../src/graph/value.js";
import type { BaseModel } from "../../src/models/base-model.js";
import { platform } from "../../src/models/platform.js";
import { toTensor } from "../../src/runtime/runtime.js";
import { createNodeMachine } from "../../src/hosts/node/platform.js";
import { Programs } from "../../src/training/programs/programs.js";
import { wave, waveLabels } from "../support/wave.js";

const host = { runtime: platform().runtime, machine: createNodeMachine() };

async function programsOf(model: BaseModel, labelShape: readonly number[] = []): Promise<Programs> {
  model.compile({ optimizer: "rmsprop", loss: labelShape.length === 0 ? "binary_crossentropy" : "mse" });
  return Programs.create(host, model, model.compiled, [labelShape]);
}

function nodesOf(outputs: Readonly<Record<string, Value>>): number {
  return nodesInOrder(Object.values(outputs)).length;
}

/** Shapes of the boundary activations: what the step program is fed beside weights and labels. */
function boundaryShapes(programs: Programs): unknown[] {
  const graph = programs.stepGraph();
  const shapes = new Map<string, Value["shape"]>();
  for (const node of nodesInOrder(Object.values(graph))) {
    for (const value of node.inputs) {
      if (value?.source.kind === "input" && value.source.name.startsWith("boundary/")) {
        shapes.set(value.source.name, value.shape);
      }
    }
  }
  return [...shapes.keys()].sort().map((name) => shapes.get(name));
}

function convNet(): models.Sequential {
  return new models.Sequential([
    layers.Input({ shape: [8, 8, 3] }),
    new layers.Conv2D(4, 3, { padding: "same", activation: "relu", name: "first" }),
    new layers.Conv2D(6, 3, { padding: "same", activation: "relu", name: "second" }),
    new layers.Flatten(),
    new layers.Dense(1, { activation: "sigmoid", name: "out" }),
  ]);
}

function freeze(model: BaseModel, ...names: string[]): void {
  for (const name of names) model.getLayer(name).trainable = false;
}

/** One step and one evaluation on whatever the model takes. */
async function trainOnce(model: BaseModel, size = 4): Promise<Record<string, number>> {
  const [, ...sample] = model.inputShape;
  const x = toTensor(wave([size, ...sample.map(Number)], 1));
  const y = toTensor(waveLabels(size, 0, 1));
  model.compile({ optimizer: "sgd", loss: "binary_crossentropy" });
  const trained = await model.trainOnBatch(x, y);
  const tested = await model.testOnBatch(x, y);
  await platform().loops.release(model);
  return { trained: trained["loss"] ?? NaN, tested: tested["loss"] ?? NaN };
}

describe("the freeze boundary", () => {
  it("leaves frozen layers and their gradients out of the step", async () => {
    const all = nodesOf((await programsOf(convNet())).stepGraph());
    const model = convNet();
    freeze(model, "first");
    const half = nodesOf((await programsOf(model)).stepGraph());
    freeze(model, "second");
    const programs = await programsOf(model);
    const little = nodesOf(programs.stepGraph());
    expect(half).toBeLessThan(all);
    expect(little).toBeLessThan(half);

    // With both convolutions frozen the step is that of the Dense layer alone.
    const head = new models.Sequential([
      layers.Input({ shape: [8 * 8 * 6] }),
      new layers.Dense(1, { activation: "sigmoid" }),
    ]);
    expect(little).toBe(nodesOf((await programsOf(head)).stepGraph()));
    expect(nodesInOrder(Object.values(programs.stepGraph())).map(({ op }) => op)).not.toContain("Conv");
  });

  it("lies behind the last frozen layer of a row", async () => {
    const model = convNet();
    freeze(model, "first");
    const programs = await programsOf(model);
    expect(boundaryShapes(programs)).toEqual([["N", 4, 8, 8]]);
    expect(programs.trained.map(({ variable }) => variable.path)).toEqual([
      "second/kernel",
      "second/bias",
      "out/kernel",
      "out/bias",
    ]);
    const losses = await trainOnce(model);
    expect(losses["trained"]).toBeGreaterThan(0);
    expect(losses["tested"]).toBeLessThan(losses["trained"] ?? 0);
  });

  it("is the input where everything is trainable", async () => {
    const model = convNet();
    expect(boundaryShapes(await programsOf(model))).toEqual([["N", 3, 8, 8]]);
    expect((await trainOnce(model))["trained"]).toBeGreaterThan(0);
  });

  it("refuses a step with nothing to train and says what to do", async () => {
    const model = convNet();
    model.trainable = false;
    model.compile({ optimizer: "sgd", loss: "binary_crossentropy" });
    const x = toTensor(wave([2, 8, 8, 3], 1));
    const y = toTensor(waveLabels(2, 0, 1));
    await expect(model.trainOnBatch(x, y)).rejects.toThrow(/nothing to train.*trainable = true/is);
    // Looking at it is still possible.
    expect((await model.testOnBatch(x, y))["loss"]).toBeGreaterThan(0);
    expect((await model.predictOnBatch(x)).dims).toEqual([2, 1]);
  });

  it("cuts a residual network in two values when a branch inside a block is trained", async () => {
    const inputs = layers.Input({ shape: [8, 8, 3] });
    const stem = new layers.Conv2D(4, 3, { padding: "same", name: "stem", trainable: false }).apply(inputs);
    const before = new layers.Conv2D(4, 1, { name: "before", trainable: false }).apply(stem);
    const branch = new layers.Conv2D(4, 3, { padding: "same", name: "branch" }).apply(before);
    const sum = new layers.Add().apply([stem, branch]);
    const pooled = new layers.GlobalAveragePooling2D().apply(sum);
    const outputs = new layers.Dense(1, { activation: "sigmoid" }).apply(pooled);
    const model = new models.Model({ inputs, outputs });
    expect(boundaryShapes(await programsOf(model))).toEqual([
      ["N", 4, 8, 8],
      ["N", 4, 8, 8],
    ]);
    const losses = await trainOnce(model);
    expect(losses["tested"]).toBeLessThan(losses["trained"] ?? 0);
  });

  it("keeps batch statistics of a trainable normalization in the step", async () => {
    const model = new models.Sequential([
      layers.Input({ shape: [6, 6, 3] }),
      new layers.Conv2D(5, 3, { name: "conv", trainable: false }),
      new layers.BatchNormalization({ name: "bn" }),
      new layers.GlobalAveragePooling2D(),
      new layers.Dense(1, { activation: "sigmoid", name: "out" }),
    ]);
    const programs = await programsOf(model);
    expect(boundaryShapes(programs)).toEqual([["N", 5, 4, 4]]);
    expect(programs.updated.map(({ variable }) => variable.name)).toEqual(["moving_mean", "moving_variance"]);
    const before = model.getLayer("bn").getWeights();
    await trainOnce(model);
    model.getLayer("bn").weights.forEach(({ value }, index) => {
      expect(value).not.toEqual(before[index]);
    });
  });

  it("lies behind a frozen normalization, which uses its own statistics", async () => {
    const model = new models.Sequential([
      layers.Input({ shape: [6, 6, 3] }),
      new layers.Conv2D(5, 3, { name: "conv", trainable: false }),
      new layers.BatchNormalization({ name: "bn", trainable: false }),
      new layers.Activation("relu"),
      new layers.GlobalAveragePooling2D(),
      new layers.Dense(1, { activation: "sigmoid", name: "out" }),
    ]);
    const programs = await programsOf(model);
    expect(boundaryShapes(programs)).toEqual([["N", 5]]);
    expect(programs.updated).toEqual([]);
    // Nothing differs between training and inference, so neither does the loss of the same weights.
    model.compile({ optimizer: "sgd", loss: "binary_crossentropy" });
    const [x, y] = [toTensor(wave([4, 6, 6, 3], 1)), toTensor(waveLabels(4, 0, 1))];
    const tested = await model.testOnBatch(x, y);
    expect(await model.trainOnBatch(x, y)).toEqual(tested);
  });

  it("lies before a Dropout inside frozen layers, which draws anew at each step", async () => {
    const model = new models.Sequential([
      layers.Input({ shape: [6, 6, 3] }),
      new layers.Conv2D(4, 3, { name: "before", trainable: false }),
      new layers.Dropout(0.5, { name: "dropout" }),
      new layers.Conv2D(3, 3, { name: "behind", trainable: false }),
      new layers.Flatten(),
      new layers.Dense(1, { activation: "sigmoid", name: "out" }),
    ]);
    const programs = await programsOf(model);
    expect(boundaryShapes(programs)).toEqual([["N", 4, 4, 4]]);
    expect(programs.randoms.map(({ value }) => value.shape)).toEqual([["N", 4, 4, 4]]);
    model.compile({ optimizer: new optimizers.SGD(1e-30), loss: "binary_crossentropy" });
    const [x, y] = [toTensor(wave([4, 6, 6, 3], 1)), toTensor(waveLabels(4, 0, 1))];
    const losses = [await model.trainOnBatch(x, y), await model.trainOnBatch(x, y)].map(({ loss }) => loss);
    expect(losses[0]).not.toBe(losses[1]);
    expect(await model.testOnBatch(x, y)).toEqual(await model.testOnBatch(x, y));
  });

  it.each([
    ["Dropout", () => new layers.Dropout(0.3)],
    ["SpatialDropout2D", () => new layers.SpatialDropout2D(0.3)],
    ["GaussianDropout", () => new layers.GaussianDropout(0.3)],
    ["GaussianNoise", () => new layers.GaussianNoise(0.3)],
    ["StochasticDepth", () => new layers.StochasticDepth(0.3)],
    ["BatchNormalization", () => new layers.BatchNormalization()],
    ["LayerNormalization", () => new layers.LayerNormalization()],
    ["GroupNormalization", () => new layers.GroupNormalization({ groups: 2 })],
    ["activity regularizer", () => new layers.Activation("relu", { activityRegularizer: "l2" })],
  ])("serves training and evaluation alike with a %s right behind it", async (_, make) => {
    const model = new models.Sequential([
      layers.Input({ shape: [5, 5, 3] }),
      new layers.Conv2D(4, 3, { trainable: false }),
      make(),
      new layers.Flatten(),
      new layers.Dense(1, { activation: "sigmoid" }),
    ]);
    const { trained, tested } = await trainOnce(model);
    expect(trained).toBeGreaterThan(0);
    expect(tested).toBeGreaterThan(0);
  });

  it.each([
    ["Dropout", () => new layers.Dropout(0.3)],
    ["GaussianNoise", () => new layers.GaussianNoise(0.3)],
    ["BatchNormalization", () => new layers.BatchNormalization()],
  ])("serves training and evaluation alike with a %s as first layer", async (_, make) => {
    const model = new models.Sequential([
      layers.Input({ shape: [5, 5, 3] }),
      make(),
      new layers.Flatten(),
      new layers.Dense(1, { activation: "sigmoid" }),
    ]);
    const { trained, tested } = await trainOnce(model);
    expect(trained).toBeGreaterThan(0);
    expect(tested).toBeGreaterThan(0);
  });

  it("adds penalties of trainable weights only", async () => {
    const make = (trainable: boolean): models.Sequential =>
      new models.Sequential([
        layers.Input({ shape: [4] }),
        new layers.Dense(3, { name: "hidden", kernelRegularizer: "l2", trainable }),
        new layers.Dense(1, { activation: "sigmoid", name: "out" }),
      ]);
    const [x, y] = [toTensor(wave([4, 4], 1)), toTensor(waveLabels(4, 0, 1))];
    const weights = [wave([4, 3], 1), wave([3], 2), wave([3, 1], 3), wave([1], 4)];
    const losses: number[] = [];
    for (const trainable of [true, false]) {
      const model = make(trainable);
      model.setWeights(weights);
      model.compile({ optimizer: "sgd", loss: "binary_crossentropy" });
      losses.push((await model.testOnBatch(x, y))["loss"] ?? NaN);
    }
    const squares = [...(weights[0]?.data ?? [])].reduce((sum, value) => sum + value * value, 0);
    expect((losses[0] ?? 0) - (losses[1] ?? 0)).toBeCloseTo(0.01 * squares, 5);
  });
});

describe("the step program of convolutions over small maps", () => {
  it("lays out the windows once for forward pass and weight gradient", async () => {
    const model = new models.Sequential([
      layers.Input({ shape: [8, 8, 3] }),
      new layers.Conv2D(4, 3, { padding: "same", name: "frozen", trainable: false }),
      new layers.Conv2D(6, 3, { padding: "same", activation: "relu", name: "trained" }),
      new layers.Flatten(),
      new layers.Dense(1, { activation: "sigmoid" }),
    ]);
    const graph = (await programsOf(model)).stepGraph();
    const ops = nodesInOrder(Object.values(graph)).map(({ op }) => op);
    expect(ops.filter((op) => op === "Concat")).toHaveLength(1);
    expect(ops).not.toContain("Conv");
  });

  it("gives the numbers of the convolution that it replaces", async () => {
    const make = (): models.Sequential =>
      new models.Sequential([
        layers.Input({ shape: [16, 16, 2] }),
        new layers.Conv2D(3, 3, { name: "conv" }),
        new layers.Activation("relu"),
        new layers.GlobalAveragePooling2D(),
        new layers.Dense(1, { activation: "sigmoid", name: "out" }),
      ]);
    const weights = [wave([3, 3, 2, 3], 1), wave([3], 2), wave([3, 1], 3), wave([1], 4)];
    const [trained, tested] = [make(), make()];
    for (const model of [trained, tested]) {
      model.setWeights(weights);
      model.compile({ optimizer: "sgd", loss: "binary_crossentropy" });
    }
    const [x, y] = [toTensor(wave([3, 16, 16, 2], 5)), toTensor(waveLabels(3, 0, 1))];
    const { loss: lowered } = await trained.trainOnBatch(x, y);
    // The evaluate program keeps its convolutions.
    const { loss: plain } = await tested.testOnBatch(x, y);
    expect(lowered).toBeCloseTo(plain ?? NaN, 6);
  });
});

import { layers, models, optimizers, plots, schedules, setRandomSeed, Tensor, utils } from "graft-ml";
import { beforeEach, describe, expect, it } from "vitest";
import { learningRates, SmoothedLosses } from "../../src/training/learning-rate/learning-rates.js";

beforeEach(() => {
  setRandomSeed(5);
});

/** 64 samples of four numbers, and three classes that they say. */
function samples(): { readonly x: Tensor; readonly y: Tensor } {
  const values = Float32Array.from({ length: 256 }, (_, index) => Math.sin(1 + index * 1.7));
  const labels = Array.from({ length: 64 }, (_, row) => {
    const [a = 0, b = 0, c = 0] = values.subarray(4 * row, 4 * row + 3);
    return [a, b, c].indexOf(Math.max(a, b, c));
  });
  return { x: new Tensor("float32", values, [64, 4]), y: new Tensor("float32", labels, [64]) };
}

function classifier(optimizer: optimizers.Optimizer): models.Sequential {
  const model = new models.Sequential([
    layers.Input({ shape: [4] }),
    new layers.Dense(8, { activation: "relu" }),
    new layers.BatchNormalization(),
    new layers.Dense(3, { activation: "softmax" }),
  ]);
  model.compile({ optimizer, loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
  return model;
}

const weightsOf = (model: models.Sequential): number[][] => model.getWeights().map(({ data }) => [...data]);

describe("findLearningRate", () => {
  it("finds a rate that trains, puts weights back and leaves the optimizer as it was", async () => {
    const { x, y } = samples();
    const optimizer = new optimizers.Adam({ learningRate: 1e-4 });
    const model = classifier(optimizer);
    await model.fit(x, { y, batchSize: 16, epochs: 2, verbose: 0 });
    const [before, step] = [weightsOf(model), optimizer.iterations];
    const found = await utils.findLearningRate(model, x, { y, batchSize: 16, highest: 10 });

    expect(weightsOf(model)).toEqual(before);
    expect(model.optimizer).toBe(optimizer);
    expect([optimizer.iterations, optimizer.learningRate]).toEqual([step, 1e-4]);
    expect(model.loss).toBe("sparse_categorical_crossentropy");
    expect(found.rates[0]).toBe(1e-7);
    expect(found.rates).toHaveLength(found.losses.length);

    const { steepest = 0, minimumTenth = 0 } = found;
    expect(steepest).toBeGreaterThan(1e-3);
    expect(steepest).toBeLessThan(1);
    expect(minimumTenth).toBeGreaterThan(1e-3);
    // It brings more than a rate that was too small.
    const [start] = found.losses;
    model.optimizer.learningRate = steepest;
    const { history } = await model.fit(x, { y, batchSize: 16, epochs: 10, verbose: 0 });
    expect(history["loss"]?.at(-1)).toBeLessThan(0.5 * (start ?? 0));
    expect(plots.learningRateSvg(found)).toMatch(/^<svg[\s\S]*steepest 0\.\d+[\s\S]*<\/svg>\n$/);
  });

  it("finds on a parabola the rate up to which steps go down, and stops when they go up", async () => {
    // The loss is (w − y)², and y is near 1: steps of SGD grow from a rate of 1 on.
    const ones = new Tensor("float32", [1, 1, 1, 1], [4, 1]);
    const near = new Tensor("float32", [0.8, 1.2, 0.9, 1.1], [4, 1]);
    const model = new models.Sequential([
      layers.Input({ shape: [1] }),
      new layers.Dense(1, { useBias: false, kernelInitializer: "zeros" }),
    ]);
    model.compile({ optimizer: "sgd", loss: "mse" });
    const found = await utils.findLearningRate(model, ones, {
      y: near,
      batchSize: 1,
      lowest: 1e-4,
      highest: 100,
      steps: 200,
    });
    expect(found.rates.length).toBeLessThan(200);
    expect(found.steepest).toBeGreaterThan(0.005);
    expect(found.steepest).toBeLessThan(0.5);
    expect(found.minimumTenth).toBeLessThan(0.2);
    expect(weightsOf(model)).toEqual([[0]]);
  });

  it("takes a model whose optimizer follows a schedule, keeps averages and accumulates", async () => {
    const { x, y } = samples();
    const rate = new schedules.OneCycle(0.01, 100);
    const optimizer = new optimizers.SGD(rate, { momentum: 0.9, useEma: true, gradientAccumulationSteps: 2 });
    const model = classifier(optimizer);
    const before = weightsOf(model);
    const found = await utils.findLearningRate(model, x, { y, batchSize: 16, steps: 40 });
    expect(found.rates.length).toBeGreaterThan(20);
    expect(weightsOf(model)).toEqual(before);
    expect(model.optimizer).toBe(optimizer);
    expect(optimizer.iterations).toBe(0);
  });

  it("ends without a warning where the loss is no number any more, and suggests nothing where it never fell", async () => {
    const one = new Tensor("float32", [1e18], [1, 1]);
    const model = new models.Sequential([
      layers.Input({ shape: [1] }),
      new layers.Dense(1, { useBias: false, kernelInitializer: "ones" }),
    ]);
    model.compile({ optimizer: "sgd", loss: "mse" });
    const found = await utils.findLearningRate(model, one, { y: new Tensor("float32", [0], [1, 1]) });
    expect(found.rates.length).toBeLessThan(5);
    expect([found.steepest, found.minimumTenth]).toEqual([undefined, undefined]);
    expect(weightsOf(model)).toEqual([[1]]);
    expect(plots.learningRateSvg(found)).toContain("<svg");
  });

  it("refuses what is not usable, and a model that is not compiled", async () => {
    const { x, y } = samples();
    const model = classifier(new optimizers.Adam());
    await expect(utils.findLearningRate(model, x, { y, lowest: 1, highest: 0.1 })).rejects.toThrow(/highest.*above 1/s);
    await expect(utils.findLearningRate(model, x, { y, steps: 1 })).rejects.toThrow(/steps/);
    const raw = new models.Sequential([layers.Input({ shape: [4] }), new layers.Dense(3)]);
    await expect(utils.findLearningRate(raw, x, { y })).rejects.toThrow(/not compiled/);
    expect(() => plots.learningRateSvg({} as never)).toThrow(/findLearningRate/);
  });
});

describe("learningRates", () => {
  const rates = Array.from({ length: 60 }, (_, step) => 1e-6 * 1.3 ** step);

  it("finds the steepest descent and the lowest loss of a curve", () => {
    const curve = rates.map((_, step) => (step < 50 ? 2 / (1 + Math.exp((step - 30) / 3)) : step - 49));
    const { steepest, minimumTenth } = learningRates(rates, curve, curve);
    expect(rates.indexOf(steepest ?? 0)).toBe(30);
    expect(minimumTenth).toBeCloseTo((rates[49] ?? 0) / 10, 9);
  });

  it("does not take the luck of the first losses for a descent, of which the average is one of few", () => {
    // Losses of batches differ by a third, as those of small ones do; from step 60 on they fall.
    const many = Array.from({ length: 100 }, (_, step) => 1e-7 * 1.17 ** step);
    const losses = new SmoothedLosses();
    const noisy = many.map(
      (_, step) => (step === 0 ? 1.4 : 1 + Math.sin(1.7 * step) / 3) * Math.min(1, 2.5 - step / 40),
    );
    for (const loss of noisy) losses.add(loss);
    const { steepest = 0 } = learningRates(many, noisy, losses.values);
    expect(many.indexOf(steepest)).toBeGreaterThan(60);
  });

  it("smooths without a bias towards zero, and says when the loss has leapt", () => {
    const losses = new SmoothedLosses();
    expect([3, 3, 3].map((loss) => losses.add(loss))).toEqual([false, false, false]);
    for (const value of losses.values) expect(value).toBeCloseTo(3, 9);
    expect(losses.add(20)).toBe(false);
    expect(losses.add(100)).toBe(true);
    expect(losses.add(Number.NaN)).toBe(true);
  });
});

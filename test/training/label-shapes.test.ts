import { layers, models, Tensor } from "graft-ml";
import { describe, expect, it } from "vitest";
import * as losses from "../../src/nn/losses/catalogue.js";
import type { Loss } from "../../src/nn/losses/loss.js";
import * as metrics from "../../src/nn/metrics/catalogue.js";
import type { Metric } from "../../src/nn/metrics/metric.js";
import { wave } from "../support/wave.js";

const x = new Tensor("float32", [0.1, 0.7, 0.4, 0.2, 0.9, 0.3, 0.6, 0.8, 0.2, 0.5], [5, 2]);
const yesOrNo = [0, 1, 1, 0, 1];
const classes = [0, 2, 1, 2, 1];

/** A network of one layer whose weights are not all alike. */
function network(units: number, activation: "sigmoid" | "softmax"): models.Sequential {
  const dense = new layers.Dense(units, { activation });
  const model = new models.Sequential([layers.Input({ shape: [2] }), dense]);
  dense.setWeights([wave([2, units], 3), wave([units], 2)]);
  return model;
}

/** Losses and metrics that compare one number a sample with one number; one number has no correlation. */
const ofNumbers = (name: string): boolean => !/Sparse|Categorical(?!Hinge)|CTC|Circle|OneHot|Pearson/.test(name);
const ofClasses = (name: string): boolean => name.startsWith("Sparse");

function make(constructors: object, wanted: (name: string) => boolean): [string, () => Loss & Metric][] {
  const required: Record<string, readonly unknown[]> = {
    MeanIoU: [2],
    IoU: [2, [0, 1]],
    SensitivityAtSpecificity: [0.5],
    SpecificityAtSensitivity: [0.5],
    PrecisionAtRecall: [0.5],
    RecallAtPrecision: [0.5],
  };
  return Object.entries(constructors)
    .filter(([name, value]) => typeof value === "function" && /^[A-Z]/.test(name) && wanted(name))
    .map(([name, value]) => [
      name,
      () => new (value as new (...args: readonly unknown[]) => Loss & Metric)(...(required[name] ?? [])),
    ]);
}

async function judged(model: models.Sequential, labels: readonly number[], dims: readonly number[]): Promise<object> {
  const figures = await model.evaluate(x, new Tensor("float32", labels, dims), { verbose: 0 });
  expect(Object.values(figures).every((figure) => !Number.isNaN(figure))).toBe(true);
  return figures;
}

describe("labels [N] and [N, 1] are the same thing to", () => {
  it.each(make(losses, ofNumbers))("the loss %s", async (_, loss) => {
    const model = network(1, "sigmoid");
    model.compile({ optimizer: "sgd", loss: loss() });
    expect(await judged(model, yesOrNo, [5])).toEqual(await judged(model, yesOrNo, [5, 1]));
  });

  it.each(make(metrics, ofNumbers))("the metric %s", async (_, metric) => {
    const model = network(1, "sigmoid");
    model.compile({ optimizer: "sgd", loss: "mse", metrics: [metric()] });
    expect(await judged(model, yesOrNo, [5])).toEqual(await judged(model, yesOrNo, [5, 1]));
  });

  it.each(make(losses, ofClasses))("the loss %s of classes", async (_, loss) => {
    const model = network(3, "softmax");
    model.compile({ optimizer: "sgd", loss: loss(), metrics: ["accuracy"] });
    expect(await judged(model, classes, [5])).toEqual(await judged(model, classes, [5, 1]));
  });

  it.each(make(metrics, ofClasses))("the metric %s of classes", async (_, metric) => {
    const model = network(3, "softmax");
    model.compile({ optimizer: "sgd", loss: "sparse_categorical_crossentropy", metrics: [metric()] });
    expect(await judged(model, classes, [5])).toEqual(await judged(model, classes, [5, 1]));
  });

  it("weights of samples and classes", async () => {
    const results: number[][] = [];
    for (const dims of [[5], [5, 1]]) {
      const model = network(1, "sigmoid");
      model.compile({ optimizer: "sgd", loss: "binary_crossentropy" });
      const sampleWeight = new Tensor("float32", [1, 2, 0.5, 1, 3], dims);
      const y = new Tensor("float32", yesOrNo, dims);
      // The two models would shuffle otherwise, and a sum of the same losses in another order has other last digits.
      const options = { classWeight: { 0: 2, 1: 0.5 }, epochs: 2, shuffle: false, verbose: 0 };
      const { history } = await model.fit(x, y, { sampleWeight, ...options });
      results.push(history["loss"] ?? []);
    }
    expect(results[0]).toEqual(results[1]);
    expect(results[0]).toHaveLength(2);
  });
});

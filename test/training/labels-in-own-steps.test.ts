import { beforeEach, describe, expect, it } from "vitest";
import {
  GradientTape,
  layers,
  losses,
  metrics,
  models,
  ops,
  optimizers,
  setRandomSeed,
  type StepData,
  type StepLogs,
  type SymbolicTensor,
  Tensor,
} from "../../src/index.js";

/* A label that is no class has a loss all the same: in steps of a user's own, too, it is looked for. */

beforeEach(() => {
  setRandomSeed(3);
});

/** What a step makes of labels and predictions. */
type LossOf = (
  model: models.Model,
  y: SymbolicTensor,
  yPred: SymbolicTensor,
  weight?: SymbolicTensor,
) => SymbolicTensor;

function modelWith(lossOf: LossOf, units: number, loss?: string): models.Model {
  class Own extends models.Model {
    override trainStep([x, y, weight]: StepData): StepLogs {
      const tape = new GradientTape();
      const value = lossOf(this, y, this.apply(x, { training: true }), weight);
      void this.optimizer.apply(tape.gradient(value, this.trainableWeights), this.trainableWeights);
      return { loss: value };
    }

    override testStep([x, y, weight]: StepData): StepLogs {
      return { loss: lossOf(this, y, this.apply(x), weight) };
    }
  }
  const inputs = layers.Input({ shape: [2] });
  const activation = units === 1 ? "sigmoid" : "softmax";
  const model = new Own({ inputs, outputs: new layers.Dense(units, { activation }).apply(inputs) });
  model.compile({ optimizer: new optimizers.SGD(0.1), loss });
  return model;
}

const x = new Tensor(
  "float32",
  Float32Array.from({ length: 8 }, (_, index) => Math.sin(index)),
  [4, 2],
);
function labels(...data: number[]): Tensor {
  return new Tensor("float32", data, [4]);
}

const sparse = new losses.SparseCategoricalCrossentropy();
const binary = new losses.BinaryCrossentropy();
const ofClasses: readonly (readonly [string, LossOf])[] = [
  ["computeLoss", (model, y, yPred) => model.computeLoss({ y, yPred })],
  ["a loss", (_, y, yPred) => sparse.apply(y, yPred)],
  ["a loss without reduction", (_, y, yPred) => ops.mean(losses.sparseCategoricalCrossentropy(y, yPred))],
  ["call of a loss", (_, y, yPred) => ops.mean(sparse.call(y, yPred))],
  ["labels of another type", (_, y, yPred) => sparse.apply(ops.cast(y, "int32"), yPred)],
  ["labels of another shape", (_, y, yPred) => sparse.apply(ops.expandDims(y, -1), yPred)],
];

describe("labels that are no class are refused by trainStep and testStep", () => {
  it.each(ofClasses)("with %s", async (_, lossOf) => {
    for (const wrong of [-1, 3, Number.NaN]) {
      const model = modelWith(lossOf, 3, "sparse_categorical_crossentropy");
      const before = model.getWeights();
      const y = labels(0, 1, wrong, 2);
      const message = new RegExp(`The label ${wrong} is no class[^]*3 classes[^]*${wrong} for the sample 2`);
      await expect(model.fit(x, y, { verbose: 0 })).rejects.toThrow(message);
      await expect(model.evaluate(x, y, { verbose: 0 })).rejects.toThrow(message);
      await expect(model.trainOnBatch(x, y)).rejects.toThrow(message);
      expect(model.getWeights()).toEqual(before);
      expect(Number.isFinite((await model.fit(x, labels(0, 1, 2, 2), { verbose: 0 })).history["loss"]?.[0])).toBe(true);
    }
  });

  it("by the number of the sample, wherever it comes in the batches", async () => {
    const model = modelWith((_, y, yPred) => sparse.apply(y, yPred), 3);
    const fit = model.fit(x, labels(0, 1, 2, 7), { verbose: 0, batchSize: 1, epochs: 3 });
    await expect(fit).rejects.toThrow(/7 for the sample 3/);
  });

  it("with metrics, and with losses of shares", async () => {
    const accuracy = new metrics.SparseCategoricalAccuracy();
    const counted = modelWith((_, y, yPred) => {
      void accuracy.updateState(y, yPred);
      return ops.mean(yPred);
    }, 3);
    await expect(counted.fit(x, labels(0, 1, 5, 2), { verbose: 0 })).rejects.toThrow(/The label 5 is no class/);
    const shares = modelWith((_, y, yPred) => binary.apply(ops.expandDims(y, -1), yPred), 1);
    await expect(shares.fit(x, labels(0, 1, 1, -1), { verbose: 0 })).rejects.toThrow(
      /The label -1 is outside \[0, 1\]/,
    );
  });

  it("but what a loss leaves out may be anything", async () => {
    const ignoring = new losses.SparseCategoricalCrossentropy({ ignoreClass: 255 });
    const model = modelWith((_, y, yPred) => ignoring.apply(y, yPred), 3);
    await model.fit(x, labels(0, 1, 255, 2), { verbose: 0 });
    await expect(model.fit(x, labels(0, 1, 254, 2), { verbose: 0 })).rejects.toThrow(/The label 254/);
  });
});

describe("labels that a step changes or sorts are its own", () => {
  it("where it computes others from them", async () => {
    const model = modelWith((_, y, yPred) => sparse.apply(ops.subtract(y, 1), yPred), 3);
    await model.fit(x, labels(1, 2, 3, 3), { verbose: 0 });
  });

  it("where it leaves some of them out", async () => {
    const masked = modelWith((_, y, yPred) => {
      const known = ops.cast(ops.notEqual(y, -1), "float32");
      const each = losses.binaryCrossentropy(ops.expandDims(y, -1), yPred);
      return ops.divide(ops.sum(ops.multiply(each, known)), ops.sum(known));
    }, 1);
    await masked.fit(x, labels(0, 1, -1, 1), { verbose: 0 });
    const weighed = modelWith((_, y, yPred) => {
      return binary.apply(ops.expandDims(y, -1), yPred, ops.cast(ops.greaterEqual(y, 0), "float32"));
    }, 1);
    await weighed.fit(x, labels(0, 1, -1, 1), { verbose: 0 });
  });
});

import { describe, expect, test } from "vitest";
import { layers, losses, models, ops, optimizers, Tensor, type SymbolicTensor } from "graft-ml";

const yTrue = new Tensor("float32", [0, 1, 1], [3]);
const yPred = new Tensor("float32", [0.2, 0.3, 0.9], [3, 1]);

/** Twice the loss that it extends. */
class Doubled extends losses.MeanSquaredError {
  override call(truth: SymbolicTensor, prediction: SymbolicTensor): SymbolicTensor {
    return ops.multiply(2, super.call(truth, prediction));
  }
}

/** A loss that leaves samples out whose label is −1. */
class Masked extends losses.SparseCategoricalCrossentropy {
  override call(truth: SymbolicTensor, prediction: SymbolicTensor): SymbolicTensor {
    const known = ops.greaterEqual(truth, 0);
    const each = super.call(ops.where(known, truth, 0), prediction);
    return ops.where(known, each, 0);
  }
}

describe("a loss that extends one of the package", () => {
  test("counts with what its own call says: on arrays, in trainOnBatch and in evaluate", async () => {
    // (0.04 + 0.49 + 0.01) / 3, twice.
    const expected = 0.36;
    expect((await new Doubled().apply(yTrue, yPred)).data[0]).toBeCloseTo(expected, 6);
    const identity = new layers.Dense(1, { useBias: false, kernelInitializer: "ones" });
    const model = new models.Sequential([layers.Input({ shape: [1] }), identity]);
    model.compile({ optimizer: new optimizers.SGD({ learningRate: 0.1 }), loss: new Doubled() });
    expect((await model.evaluate(yPred, yTrue, { verbose: 0 }))["loss"]).toBeCloseTo(expected, 6);
    const { loss } = await model.trainOnBatch(yPred, yTrue);
    expect(loss).toBeCloseTo(expected, 6);
    // d/dw of 2 · mean((w·x − y)²) at 1 is 4 · mean((x − y)·x) = 4 · (0.04 − 0.21 − 0.09) / 3.
    expect(identity.getWeights()[0]?.data[0]).toBeCloseTo(1 - (0.1 * 4 * -0.26) / 3, 6);
  });

  test("takes labels that it leaves out itself", async () => {
    const classes = new Tensor("float32", [1, -1, 0], [3]);
    const shares = new Tensor("float32", [0.5, 0.5, 0.9, 0.1, 0.8, 0.2], [3, 2]);
    const expected = -(Math.log(0.5) + Math.log(0.8)) / 3;
    expect((await new Masked().apply(classes, shares)).data[0]).toBeCloseTo(expected, 6);
    await expect(new losses.SparseCategoricalCrossentropy().apply(classes, shares)).rejects.toThrow(
      /label -1 is no class/,
    );
    const model = new models.Sequential([layers.Input({ shape: [2] }), new layers.Activation("linear")]);
    model.compile({ loss: new Masked() });
    expect((await model.evaluate(shares, classes, { verbose: 0 }))["loss"]).toBeCloseTo(expected, 5);
  });

  test("may be the package's own call on arrays", async () => {
    class Own extends losses.Loss {
      override call(truth: SymbolicTensor, prediction: SymbolicTensor): SymbolicTensor {
        return new losses.MeanSquaredError().call(truth, prediction);
      }
    }
    expect((await new Own().apply(yTrue, yPred)).data[0]).toBeCloseTo(0.18, 6);
  });

  // Keras 3.15.1: losses of samples that do not count carry a mask, which arithmetic drops.
  test("leaves out of means what the loss that it gives back leaves out", async () => {
    const classes = new Tensor("float32", [0, 1, -1, 1], [4]);
    const shares = new Tensor("float32", [0.9, 0.1, 0.3, 0.7, 0.5, 0.5, 0.6, 0.4], [4, 2]);
    const weights = new Tensor("float32", [1, 2, 3, 4], [4]);
    class Same extends losses.SparseCategoricalCrossentropy {
      override call(truth: SymbolicTensor, prediction: SymbolicTensor): SymbolicTensor {
        return super.call(truth, prediction);
      }
    }
    class Twice extends Same {
      override call(truth: SymbolicTensor, prediction: SymbolicTensor): SymbolicTensor {
        return ops.multiply(2, super.call(truth, prediction));
      }
    }
    const same = (truth: SymbolicTensor, prediction: SymbolicTensor): SymbolicTensor =>
      losses.sparseCategoricalCrossentropy(truth, prediction, { ignoreClass: -1 });
    const model = new models.Sequential([layers.Input({ shape: [2] }), new layers.Activation("linear")]);
    for (const [loss, plain, weighted] of [
      [new Same({ ignoreClass: -1 }), 0.4594421, 1.4946246],
      [same, 0.4594421, 1.4946246],
      [new Twice({ ignoreClass: -1 }), 0.6891632, 2.2419367],
    ] as const) {
      model.compile({ loss });
      expect((await model.evaluate(shares, classes, { verbose: 0 }))["loss"]).toBeCloseTo(plain, 5);
      const { loss: figure } = await model.evaluate(shares, classes, { sampleWeight: weights, verbose: 0 });
      expect(figure).toBeCloseTo(weighted, 5);
    }
    const byWeight = new Same({ ignoreClass: -1, reduction: "mean_with_sample_weight" });
    expect((await byWeight.apply(classes, shares, weights)).data[0]).toBeCloseTo(0.6405534, 6);
  });
});

import {
  GradientTape,
  layers,
  losses,
  models,
  ops,
  type StepData,
  type StepLogs,
  type SymbolicTensor,
  Tensor,
} from "graft-ml";
import { describe, expect, it } from "vitest";

/* `layer.losses` and `model.losses`, as loops and steps of one's own add them to the loss. */

class Added extends layers.Layer {
  static readonly className: string = "Added";
  override call(x: SymbolicTensor): SymbolicTensor {
    this.addLoss(ops.mean(x));
    return x;
  }
}

const options = { kernelInitializer: "ones", kernelRegularizer: "l2" } as const;
const x = new Tensor("float32", [1, 2, 3, 4], [2, 2]);

async function numbers(tensors: readonly SymbolicTensor[]): Promise<number[]> {
  return Promise.all(tensors.map(async (tensor) => Number((await tensor.numpy()).data[0])));
}

function penalized(): models.Sequential {
  return new models.Sequential([
    layers.Input({ shape: [2] }),
    new models.Sequential([layers.Input({ shape: [2] }), new Added()]),
    new layers.Dense(3, { ...options, activityRegularizer: "l1" }),
    new layers.Dense(1, { ...options, kernelRegularizer: "l1" }),
  ]);
}

describe("losses", () => {
  it("are the penalties on weights where nothing was called", async () => {
    const model = penalized();
    expect(model.losses).toHaveLength(2);
    const [first, second] = await numbers(model.losses);
    expect(first).toBeCloseTo(0.06, 6);
    expect(second).toBeCloseTo(0.03, 6);
    expect(model.layers.map((layer) => layer.losses.length)).toEqual([0, 1, 1]);
    expect(new layers.Dense(3, options).losses).toEqual([]);
    model.trainable = false;
    expect(model.losses).toEqual([]);
  });

  it("are those of the last call on a tape, in Keras's order, and have gradients", async () => {
    const model = penalized();
    const tape = new GradientTape();
    const y = model.apply(tape.watch(x), { training: true });
    const [added, activity, ...ofWeights] = await numbers(model.losses);
    expect(added).toBeCloseTo(2.5, 6);
    expect(activity).toBeCloseTo(0.01 * 30, 6);
    expect(ofWeights).toHaveLength(2);
    const sum = model.losses.reduce((total, one) => ops.add(total, one), ops.mean(y));
    const [kernel] = model.trainableWeights;
    if (kernel === undefined) throw new Error("none");
    expect((await tape.gradient(sum, kernel).numpy()).dims).toEqual([2, 3]);
  });

  it("are those of the step inside of trainStep: the same training as fit's", async () => {
    class Own extends models.Model {
      override trainStep([samples, y]: StepData): StepLogs {
        const tape = new GradientTape();
        const yPred = this.apply(samples, { training: true });
        const main = new losses.MeanSquaredError().apply(y, yPred);
        const loss = this.losses.reduce((total, one) => ops.add(total, one), main);
        void this.optimizer.apply(tape.gradient(loss, this.trainableWeights), this.trainableWeights);
        return { loss };
      }
    }
    const train = async (Class: typeof models.Model): Promise<[number | undefined, unknown]> => {
      const row = penalized();
      const model = new Class({ inputs: row.input, outputs: row.output });
      model.compile({ optimizer: "sgd", loss: "mse" });
      expect(model.loss).toBe("mse");
      const logs = await model.trainOnBatch(x, new Tensor("float32", [1, 2], [2, 1]));
      return [logs["loss"], model.getWeights().map(({ data }) => [...data].map((value) => value.toFixed(4)))];
    };
    const [own, keras] = [await train(Own), await train(models.Model)];
    expect(own[0]).toBeCloseTo(keras[0] ?? 0, 4);
    expect(own[1]).toEqual(keras[1]);
  });
});

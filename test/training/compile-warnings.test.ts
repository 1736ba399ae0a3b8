import { layers, losses, models, Tensor } from "graft-ml";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const warned: string[] = [];
beforeEach(() => {
  warned.length = 0;
  vi.spyOn(console, "error").mockImplementation((line: string) => void warned.push(line));
});
afterEach(() => {
  vi.restoreAllMocks();
});

const x = new Tensor(
  "float32",
  Float32Array.from({ length: 16 }, (_, index) => Math.sin(index)),
  [4, 4],
);
const numbers = new Tensor("float32", [0, 1, 0, 1], [4]);
const oneHot = new Tensor("float32", [1, 0, 0, 1, 1, 0, 0, 1], [4, 2]);

function network(units: number, activation?: "softmax" | "sigmoid"): models.Sequential {
  return new models.Sequential([
    layers.Input({ shape: [4] }),
    new layers.Dense(units, { name: "answer", activation, kernelInitializer: "ones" }),
  ]);
}

async function lossOf(model: models.Sequential, loss: losses.Loss | string, y: Tensor): Promise<number | undefined> {
  model.compile({ optimizer: "sgd", loss });
  for (let time = 0; time < 2; time++) await model.testOnBatch(x, y);
  const { loss: value } = await model.evaluate(x, { y, verbose: 0 });
  return value;
}

describe("a softmax over one value is warned of where it is applied", () => {
  const said = 'The layer "answer" takes a softmax over an axis of extent 1, of the shape [N, 1]: it always gives 1.';

  it("in a dense layer, also of a model inside another one", async () => {
    const inner = network(1, "softmax");
    expect(warned).toEqual([expect.stringContaining(said)]);
    const outer = new models.Sequential([layers.Input({ shape: [4] }), inner]);
    outer.compile({ optimizer: "sgd", loss: "mse" });
    await outer.fit(x, { y: numbers, verbose: 0 });
    expect(warned).toHaveLength(1);
  });

  it("in layers of their own, and along other axes", () => {
    const [one, column] = [layers.Input({ shape: [1] }), layers.Input({ shape: [1, 3] })];
    new layers.Softmax().apply(one);
    new layers.Activation("softmax").apply(one);
    new layers.Softmax(1).apply(column);
    expect(warned).toHaveLength(3);
    new layers.Softmax().apply(column);
    new layers.Dense(2, { activation: "softmax" }).apply(one);
    new layers.Activation("sigmoid").apply(one);
    expect(warned).toHaveLength(3);
  });
});

describe("a loss of logits after an activation is taken of what goes into it, as in Keras, and warned of once", () => {
  it.each([
    ["softmax", 2, oneHot, losses.CategoricalCrossentropy],
    ["softmax", 2, numbers, losses.SparseCategoricalCrossentropy],
    ["sigmoid", 1, numbers, losses.BinaryCrossentropy],
  ] as const)("%s", async (activation, units, y, Given) => {
    const Loss: new (options?: { readonly fromLogits?: boolean }) => losses.Loss = Given;
    const told = await lossOf(network(units, activation), new Loss({ fromLogits: true }), y);
    expect(warned).toEqual([
      expect.stringContaining(`was given fromLogits: true, but the output comes out of a ${activation}`),
    ]);
    expect(told).toBe(await lossOf(network(units, activation), new Loss(), y));
    expect(told).toBe(await lossOf(network(units), new Loss({ fromLogits: true }), y));
    expect(warned).toHaveLength(1);
  });
});

describe("a crossentropy", () => {
  it.each(["categorical_crossentropy", "categorical_focal_crossentropy"])(
    "%s of one unit is warned of",
    async (loss) => {
      await lossOf(network(1, "sigmoid"), loss, numbers);
      expect(warned).toEqual([expect.stringContaining(`${loss} compares classes, but the output has one unit`)]);
    },
  );

  it.each([
    ["binary_crossentropy", 1, numbers, "sigmoid"],
    ["categorical_crossentropy", 2, oneHot, "softmax"],
    ["sparse_categorical_crossentropy", 2, numbers, "softmax"],
  ] as const)("%s of an output without an activation is warned of", async (loss, units, y, activation) => {
    await lossOf(network(units), loss, y);
    expect(warned).toEqual([
      `${loss} expects probabilities, but the output has no activation. Give the last layer activation: "${activation}", ` +
        "or the loss fromLogits: true.",
    ]);
    warned.length = 0;
    await lossOf(network(units, activation), loss, y);
    expect(warned).toEqual([]);
  });
});

import { describe, expect, it } from "vitest";
import {
  layers,
  losses,
  models,
  ops,
  optimizers,
  setRandomSeed,
  type SymbolicTensor,
  Tensor,
} from "../../src/index.js";

/* A loss of a user's own that passes labels on as they are needs labels like the one that it passes them to. */

const x = new Tensor("float32", [0, 1, 1, 0, 1, 1, 0, 0], [4, 2]);

type OwnLoss = (yTrue: SymbolicTensor, yPred: SymbolicTensor) => SymbolicTensor;

function modelWith(loss: OwnLoss | losses.Loss, units: number): models.Sequential {
  setRandomSeed(3);
  const activation = units === 1 ? "sigmoid" : "softmax";
  const model = new models.Sequential([layers.Input({ shape: [2] }), new layers.Dense(units, { activation })]);
  model.compile({ optimizer: new optimizers.SGD(0.1), loss });
  return model;
}

const sparse = new losses.SparseCategoricalCrossentropy();
const halved: OwnLoss = (yTrue, yPred) => ops.multiply(0.5, sparse.apply(yTrue, yPred));

describe("labels that a loss of one's own passes on", () => {
  it.each([-1, 3, 1.5, Number.NaN])("are refused by name where they are no class: %s", async (label) => {
    const model = modelWith(halved, 3);
    const y = new Tensor("float32", [0, 1, label, 2], [4]);
    const before = model.getWeights().map(({ data }) => [...data]);
    const refused = /is no class[\s\S]*sparse_categorical_crossentropy[\s\S]*sample 2/;
    await expect(model.fit(x, y, { verbose: 0 })).rejects.toThrow(refused);
    await expect(model.evaluate(x, y, { verbose: 0 })).rejects.toThrow(refused);
    await expect(model.trainOnBatch(x, y)).rejects.toThrow(refused);
    expect(model.getWeights().map(({ data }) => [...data])).toEqual(before);
  });

  it("are refused where shares lie outside [0, 1]", async () => {
    const model = modelWith((yTrue, yPred) => ops.add(1, losses.binaryCrossentropy(yTrue, yPred)), 1);
    const y = new Tensor("float32", [0, 1, 2, 1], [4]);
    await expect(model.fit(x, y, { verbose: 0 })).rejects.toThrow(/label 2 is outside \[0, 1\]/);
  });

  it("may be anything where the loss leaves some out itself, or computes with them", async () => {
    const masked: OwnLoss = (yTrue, yPred) => {
      const counts = ops.greaterEqual(yTrue, 0);
      return ops.where(counts, sparse.call(ops.where(counts, yTrue, 0), yPred), 0);
    };
    const y = new Tensor("float32", [0, -1, 2, 1], [4]);
    const { history } = await modelWith(masked, 3).fit(x, y, { verbose: 0 });
    expect(history["loss"]?.[0]).toBeGreaterThan(0);
    const shifted: OwnLoss = (yTrue, yPred) => sparse.apply(ops.subtract(yTrue, 1), yPred);
    await modelWith(shifted, 3).fit(x, new Tensor("float32", [1, 2, 3, 1], [4]), { verbose: 0 });
  });

  it.each(["open", "of the first samples"])("fit predictions whose sizes are %s", async (sizes) => {
    const doubled: OwnLoss = (yTrue, yPred) => ops.multiply(2, losses.binaryCrossentropy(yTrue, yPred));
    const conv = new layers.Conv2D(1, 1, { activation: "sigmoid" });
    const model = new models.Sequential(sizes === "open" ? [layers.Input({ shape: [null, null, 3] }), conv] : [conv]);
    model.compile({ optimizer: new optimizers.SGD(0.1), loss: doubled });
    const photos = (size: number): Tensor =>
      new Tensor("float32", new Float32Array(2 * size * size * 3).fill(0.5), [2, size, size, 3]);
    const masks = (size: number, level: number): Tensor =>
      new Tensor("float32", new Float32Array(2 * size * size).fill(level), [2, size, size, 1]);
    for (const size of [4, 6]) {
      const { history } = await model.fit(photos(size), masks(size, 1), { verbose: 0 });
      expect(history["loss"]?.[0]).toBeGreaterThan(0);
    }
    await expect(model.fit(photos(4), masks(4, 255), { verbose: 0 })).rejects.toThrow(/label 255 is outside \[0, 1\]/);
  });

  it("may be anything where a sample's weight is 0", async () => {
    const shifted: OwnLoss = (yTrue, yPred) => ops.add(1, losses.binaryCrossentropy(yTrue, yPred));
    const sampleWeight = new Tensor("float32", [1, 0, 1, 1], [4]);
    const y = new Tensor("float32", [0, 2, 1, 1], [4]);
    const { history } = await modelWith(shifted, 1).fit(x, y, { sampleWeight, verbose: 0 });
    expect(history["loss"]?.[0]).toBeGreaterThan(0);
  });

  it("are as good as ever where they are classes", async () => {
    const { history } = await modelWith(halved, 3).fit(x, new Tensor("float32", [0, 1, 2, 2], [4]), { verbose: 0 });
    expect(history["loss"]?.[0]).toBeGreaterThan(0);
  });
});

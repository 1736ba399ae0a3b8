import { Dataset, ImageDataGenerator, layers, models, Tensor, utils } from "graft-ml";
import { describe, expect, it } from "vitest";

/* The right values are those of Keras 3.15.1 on sin(0), sin(1), …. */

const waves = (count: number, size: number): Tensor => {
  const data = Float32Array.from({ length: count * size * size * 3 }, (_, index) => Math.sin(index));
  return new Tensor("float32", data, [count, size, size, 3]);
};
const labels = new Tensor("float32", new Float32Array(4), [4, 1]);
const right = [
  [-0.0018172110430896282, 0.000581598374992609, 0.0024456907995045185],
  [0.4996917247772217, 0.4876343905925751, 0.5105904340744019],
];

class Photos extends utils.PyDataset {
  readonly length = 1;

  getItem(): [Tensor, Tensor] {
    return [waves(4, 8), labels];
  }
}

describe("Normalization adapts to", () => {
  const x = waves(4, 8);
  it.each([
    ["batches of a dataset", Dataset.fromTensorSlices(x).batch(2)],
    ["a dataset with labels", Dataset.fromTensorSlices([x, labels]).batch(3)],
    ["single samples", Dataset.fromTensorSlices(x)],
    ["a flow, of which there is a round", new ImageDataGenerator().flow(x, labels, { batchSize: 3 })],
    ["a flow without labels", new ImageDataGenerator().flow(x, { batchSize: 3 })],
    ["a PyDataset", new Photos()],
  ])("%s", async (_, data) => {
    const layer = new layers.Normalization();
    await layer.adapt(data);
    for (const [index, values] of right.entries()) {
      const found = [...(layer.weights[index]?.value.data ?? [])];
      values.forEach((value, place) => {
        expect(found[place]).toBeCloseTo(value, 6);
      });
    }
  });

  it("batches of several sizes, and nothing without end", async () => {
    const layer = new layers.Normalization();
    await layer.adapt(Dataset.fromElements([waves(2, 8), waves(2, 9)]));
    const mean = [...(layer.weights[0]?.value.data ?? [])];
    [-0.002319015096873045, 0.0015627843094989657, 0.004007767420262098].forEach((value, place) => {
      expect(mean[place]).toBeCloseTo(value, 6);
    });
    await expect(layer.adapt(Dataset.fromTensorSlices(x).repeat())).rejects.toThrow(/without end.*take/s);
    await expect(layer.adapt(Dataset.fromTensorSlices(["a"]))).rejects.toThrow(/Tensor/);
    await expect(layer.adapt(Dataset.fromElements([]))).rejects.toThrow(/no data/);
    expect(() => {
      layer.adapt([]);
    }).toThrow(/no data/);
  });
});

it("batches of different shapes are named by fit", async () => {
  const dataset = Dataset.fromElements<[Tensor, Tensor]>([
    [waves(4, 8), labels],
    [waves(4, 9), labels],
  ]);
  const model = new models.Sequential([
    layers.Input({ shape: [null, null, 3] }),
    new layers.GlobalAveragePooling2D(),
    new layers.Dense(1),
  ]);
  model.compile({ optimizer: "sgd", loss: "mse" });
  await expect(model.fit(dataset, { verbose: 0 })).rejects.toThrow(/different shapes.*Resize photos alike/s);
});

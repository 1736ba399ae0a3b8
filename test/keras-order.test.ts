import { describe, expect, test } from "vitest";
import { callbacks, Dataset, layers, metrics, ops, optimizers, schedules, Tensor } from "graft-ml";

/* Arguments as scripts write them: by position in Keras's order, by name, or some of each. */

const kept = (one: object): Record<string, unknown> => {
  const { name, ...config } = (one as layers.Layer).getConfig();
  expect(typeof name).toBe("string");
  return config;
};

test.each<readonly [label: string, mixed: () => object, named: () => object]>([
  [
    "Conv2D",
    () => new layers.Conv2D(8, { kernelSize: [3, 3], activation: "relu" }),
    () => new layers.Conv2D({ filters: 8, kernelSize: 3, activation: "relu" }),
  ],
  [
    "Conv2DTranspose",
    () => new layers.Conv2DTranspose(8, 3, 2, "same", { useBias: false }),
    () => new layers.Conv2DTranspose({ filters: 8, kernelSize: 3, strides: 2, padding: "same", useBias: false }),
  ],
  [
    "SeparableConv2D",
    () => new layers.SeparableConv2D(8, 3, 2),
    () => new layers.SeparableConv2D(8, 3, { strides: 2 }),
  ],
  ["Dense", () => new layers.Dense(8, "relu"), () => new layers.Dense(8, { activation: "relu" })],
  [
    "MaxPooling2D",
    () => new layers.MaxPooling2D(3, 2, "same"),
    () => new layers.MaxPooling2D({ poolSize: 3, strides: 2, padding: "same" }),
  ],
  [
    "AveragePooling2D",
    () => new layers.AveragePooling2D(2, 1),
    () => new layers.AveragePooling2D({ poolSize: 2, strides: 1 }),
  ],
  ["Rescaling", () => new layers.Rescaling(2, -1), () => new layers.Rescaling({ scale: 2, offset: -1 })],
  [
    "Resizing",
    () => new layers.Resizing(8, { width: 4, interpolation: "nearest" }),
    () => new layers.Resizing(8, 4, "nearest"),
  ],
  ["RandomZoom", () => new layers.RandomZoom(0.1, 0.2), () => new layers.RandomZoom(0.1, { widthFactor: 0.2 })],
  [
    "MultiHeadAttention",
    () => new layers.MultiHeadAttention(2, { keyDim: 4 }),
    () => new layers.MultiHeadAttention({ numHeads: 2, keyDim: 4 }),
  ],
  ["Adam", () => new optimizers.Adam(2e-4, 0.5), () => new optimizers.Adam({ learningRate: 2e-4, beta1: 0.5 })],
  [
    "AdamW",
    () => new optimizers.AdamW(1e-3, 0.1),
    () => new optimizers.AdamW({ learningRate: 1e-3, weightDecay: 0.1 }),
  ],
  ["SGD", () => new optimizers.SGD(0.1, 0.9, true), () => new optimizers.SGD(0.1, { momentum: 0.9, nesterov: true })],
  ["RMSprop", () => new optimizers.RMSprop(0.1, 0.8), () => new optimizers.RMSprop(0.1, { rho: 0.8 })],
])("%s", (_, mixed, named) => {
  expect(kept(mixed())).toEqual(kept(named()));
});

test("schedules, metrics and callbacks", () => {
  const decay = new schedules.ExponentialDecay(1, { decaySteps: 10, decayRate: 0.5, staircase: true });
  expect([9, 10].map((step) => decay.at(step))).toEqual([1, 0.5]);
  expect(new schedules.CosineDecay(1, 10, 0.25).at(20)).toBe(0.25);
  expect(new metrics.SparseTopKCategoricalAccuracy(5, "top5").name).toBe("top5");
  expect(new callbacks.EarlyStopping("val_loss", 0.1, 3, { mode: "min" })).toBeInstanceOf(callbacks.EarlyStopping);
});

describe("functions that make arrays", () => {
  test("take their arguments by name, too", () => {
    expect([...ops.arange({ start: 1, stop: 4, step: 1 }).data]).toEqual([1, 2, 3]);
    expect(ops.zeros({ shape: [2, 1], dtype: "int32" })).toMatchObject({ type: "int32", dims: [2, 1] });
    expect([...ops.full([2], 3, { dtype: "uint8" }).data]).toEqual([3, 3]);
    expect([...ops.linspace(0, 1, { num: 3 }).data]).toEqual([0, 0.5, 1]);
    expect(() => Reflect.apply(ops.ones, undefined, [{ shapes: [2] }]) as unknown).toThrow(/no option "shapes"/u);
  });

  test("convertToTensor gives the type that is asked for, of an array as well", () => {
    expect([...ops.convertToTensor([1.7, -2.5], { dtype: "int32" }).data]).toEqual([1, -2]);
    expect(ops.convertToTensor(new Tensor("uint8", [1, 2], [2]), "float32").type).toBe("float32");
  });

  test("oneHot takes a single number", async () => {
    const row = await ops.oneHot(2, 4);
    expect(row.dims).toEqual([4]);
    expect([...row.data]).toEqual([0, 0, 1, 0]);
  });

  test("expandDims and adapt take what scripts give them", async () => {
    expect((await ops.expandDims(ops.ones([2]), { axis: 0 })).dims).toEqual([1, 2]);
    const rows = new Tensor("float32", [1, 2, 3, 4], [4, 1]);
    const [one, other] = [new layers.Normalization(), new layers.Normalization()];
    one.adapt(rows);
    await other.adapt(Dataset.fromTensorSlices(rows).batch(2));
    expect(other.getWeights()).toEqual(one.getWeights());
    expect([...(one.getWeights()[0]?.data ?? [])]).toEqual([2.5]);
  });
});

describe("mistakes", () => {
  test("an argument that is given twice, or too many, say what there is", () => {
    expect(() => new layers.Dense(8, "relu", { activation: "relu" })).toThrow(/"activation" twice/u);
    expect(() => Reflect.construct(layers.LeakyReLU, [0.2, 1]) as unknown).toThrow(/negativeSlope, \{ options \}/u);
    expect(() => Reflect.construct(layers.LeakyReLU, [{ alpha: 0.2 }]) as unknown).toThrow(/"negativeSlope" today/u);
    expect(() => Reflect.construct(callbacks.TensorBoard, ["logs", { writeGraph: true }]) as unknown).toThrow(
      /no graph: leave it away/u,
    );
  });
});

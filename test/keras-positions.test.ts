import {
  callbacks,
  constraints,
  initializers,
  layers,
  losses,
  metrics,
  optimizers,
  regularizers,
  Tensor,
} from "graft-ml";
import { describe, expect, it } from "vitest";

/* What Keras's signatures take by position, Graft takes so; `null` is Python's None. */

type Given = readonly [made: { getConfig?: () => object }, wanted: Readonly<Record<string, unknown>>];

describe("arguments by position, in Keras's order", () => {
  it.each<Given>([
    [new metrics.Mean("train_loss"), { name: "train_loss" }],
    [new metrics.SparseCategoricalAccuracy("accuracy"), { name: "accuracy" }],
    [new metrics.AUC(100, "PR"), { num_thresholds: 100, curve: "PR" }],
    [new metrics.Precision(0.5, null, 1, "p"), { thresholds: 0.5, class_id: 1, name: "p" }],
    [new metrics.BinaryAccuracy("acc", "float32", 0.7), { name: "acc", threshold: 0.7 }],
    [new metrics.BinaryAccuracy("acc", null, 0.7), { name: "acc", threshold: 0.7 }],
    [new metrics.TruePositives(0.3), { thresholds: 0.3 }],
    [new initializers.RandomNormal(0, 0.02, 7), { mean: 0, stddev: 0.02, seed: 7 }],
    [new initializers.HeNormal(3), { seed: 3 }],
    [new initializers.VarianceScaling(2, "fan_in"), { scale: 2, mode: "fan_in" }],
    [new initializers.Orthogonal(2), { gain: 2 }],
    [new regularizers.L1L2(0.01, 0.02), { l1: 0.01, l2: 0.02 }],
    [new losses.Huber(2, "sum", "h"), { delta: 2, reduction: "sum", name: "h" }],
    [new losses.SparseCategoricalCrossentropy(true), { from_logits: true }],
    [new losses.MeanSquaredError("sum"), { reduction: "sum" }],
    [new layers.BatchNormalization(-1, 0.9, 1e-5), { axis: -1, momentum: 0.9, epsilon: 1e-5 }],
    [new layers.LayerNormalization(-1, 1e-6, { name: "ln" }), { axis: [-1], epsilon: 1e-6, name: "ln" }],
    [new layers.GroupNormalization(8), { groups: 8 }],
    [new layers.Dropout(0.5, null, 3), { rate: 0.5, seed: 3 }],
    [new layers.Dense(3, null, false), { units: 3, activation: "linear", use_bias: false }],
    [new layers.Conv2D(8, 3, 1, "same", null, 2), { padding: "same", dilation_rate: [2, 2] }],
    [new layers.MaxPooling2D(2, null, "same"), { strides: [2, 2], padding: "same" }],
    [new layers.RandomRotation(0.1, "nearest"), { fill_mode: "nearest" }],
    [new layers.ReLU(6, 0.1), { max_value: 6, negative_slope: 0.1 }],
    [new layers.Resizing(8, 9, "nearest", true), { interpolation: "nearest", crop_to_aspect_ratio: true }],
    [new layers.MultiHeadAttention(2, 4, 8, 0.1), { value_dim: 8, dropout: 0.1 }],
    [new optimizers.Adam(0.1, 0.8, 0.9, 1e-6, true), { epsilon: 1e-6, amsgrad: true }],
    [new optimizers.RMSprop(0.1, 0.8, 0.5), { rho: 0.8, momentum: 0.5 }],
  ])("%o", (made, wanted) => {
    expect(made.getConfig?.()).toMatchObject(wanted);
  });

  it("are those of callbacks", () => {
    expect(new callbacks.EarlyStopping("val_loss", 0, 3, 0, "min")).toBeDefined();
    expect(new callbacks.ModelCheckpoint("x.keras", "val_loss", 0, true, false, "min")).toBeDefined();
    expect(new callbacks.ReduceLROnPlateau("val_loss", 0.5, 2, 0, "min")).toBeDefined();
    expect(new callbacks.CSVLogger("x.csv", ";", true)).toBeDefined();
  });

  it("are refused where there are too many, or one comes twice", () => {
    expect(() => new layers.LeakyReLU(0.1, 2 as never)).toThrow("too many arguments");
    expect(() => new losses.Huber(1, { delta: 1 })).toThrow('"delta" twice');
  });
});

describe("null for an option whose default is None", () => {
  it("is the default", () => {
    const none = { kernelRegularizer: null, biasConstraint: null, activation: null, name: null };
    expect(new layers.Dense({ units: 2, ...none }).getConfig()).toMatchObject({ activation: "linear" });
    expect(new layers.Conv2D(2, 3, { dataFormat: null, kernelConstraint: null }).getConfig()).toMatchObject({
      filters: 2,
    });
    expect(new layers.Dropout(0.1, { seed: null }).getConfig()).toMatchObject({ seed: null });
    expect(new layers.BatchNormalization({ betaRegularizer: null }).getConfig()).toMatchObject({ axis: -1 });
    expect(new layers.ReLU(null, 0.1).getConfig()).toMatchObject({ max_value: null, negative_slope: 0.1 });
    expect(new layers.RandomZoom(0.1, null, "nearest").getConfig()).toMatchObject({ width_factor: null });
    expect(new metrics.F1Score(null, null).getConfig()).toMatchObject({ threshold: null });
    expect(new optimizers.Adam({ weightDecay: null }).getConfig()).toMatchObject({ weight_decay: null });
    expect(layers.Input({ shape: [2], batchShape: null }).shape).toEqual(["N", 2]);
  });

  it("is that of the shape of noise, in configurations too", async () => {
    const x = new Tensor("float32", [1, 1], [1, 2]);
    const given = new layers.Dropout(0.5, { noiseShape: null });
    const read = layers.deserialize(layers.serialize(new layers.Dropout(0.5)));
    for (const layer of [given, read]) expect((await layer.apply(x, { training: true })).dims).toEqual([1, 2]);
  });

  it("is no value where Keras refuses it", () => {
    expect(() => new optimizers.AdamW({ weightDecay: null as never })).toThrow("weightDecay");
    const oneHot = new metrics.OneHotMeanIoU({ numClasses: 3, sparseYPred: undefined as never });
    expect(oneHot.getConfig()).toMatchObject({ sparse_y_pred: false });
    expect(new optimizers.AdamW({ weightDecay: undefined }).getConfig()).toMatchObject({ weight_decay: 0.004 });
    expect(() => new constraints.MaxNorm({ maxValue: null as never })).toThrow("maxValue");
  });
});

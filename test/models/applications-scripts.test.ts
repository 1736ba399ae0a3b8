import { applications, layers, losses, metrics, models, optimizers, type SymbolicTensor, utils } from "graft-ml";
import { describe, expect, it } from "vitest";
import { float32 } from "../../src/onnx/tensor-data.js";
import { toTensor } from "../../src/runtime/runtime.js";
import { wave } from "../support/wave.js";

/* What public scripts of this field do, on a few photos and with random weights, step by step as they do it. */

const batch = 4;

function photos(side: number) {
  return toTensor(wave([batch, side, side, 3], 7, 127.5, 127.5));
}

function column(...values: readonly number[]) {
  return toTensor(float32(Float32Array.from(values), [values.length, 1]));
}

describe("scripts of keras.io", () => {
  it("fine-tuning of EfficientNet: augmentation in front, an input tensor, the last 20 layers", async () => {
    utils.clearSession();
    const side = 32;
    const augmentation = [
      new layers.RandomRotation(0.15),
      new layers.RandomTranslation(0.1, 0.1),
      new layers.RandomFlip(),
      new layers.RandomContrast(0.1),
    ];
    const inputs = layers.Input({ shape: [side, side, 3] });
    const augmented = augmentation.reduce<SymbolicTensor>((x, layer) => layer.apply(x), inputs);
    const options = { includeTop: false, inputTensor: augmented, weights: null } as const;
    const base = await applications.EfficientNetB0(options);
    base.trainable = false;
    let x = new layers.GlobalAveragePooling2D({ name: "avg_pool" }).apply(base.output);
    x = new layers.BatchNormalization().apply(x);
    x = new layers.Dropout(0.2, { name: "top_dropout" }).apply(x);
    const outputs = new layers.Dense(2, { activation: "softmax", name: "pred" }).apply(x);
    const model = new models.Model({ inputs, outputs, name: "EfficientNet" });
    const compiled = { loss: "categorical_crossentropy", metrics: ["accuracy"] } as const;
    model.compile({ optimizer: new optimizers.Adam(1e-2), ...compiled });
    const labels = toTensor(float32(Float32Array.of(1, 0, 0, 1, 1, 0, 0, 1), [batch, 2]));
    const first = await model.fit(photos(side), labels, { epochs: 1, verbose: 0 });
    expect(Object.keys(first.history)).toEqual(["accuracy", "loss"]);
    for (const layer of model.layers.slice(-20)) {
      if (!(layer instanceof layers.BatchNormalization)) layer.trainable = true;
    }
    model.compile({ optimizer: new optimizers.Adam(1e-5), ...compiled });
    const before = model.getLayer("top_conv").getWeights()[0];
    await model.fit(photos(side), labels, { epochs: 1, verbose: 0 });
    expect(model.getLayer("top_conv").getWeights()[0]).not.toEqual(before);
  }, 120_000);

  it("transfer learning with Xception: Rescaling in front, the base in inference mode, then all of it", async () => {
    utils.clearSession();
    const side = 71;
    const base = await applications.Xception({ weights: null, inputShape: [side, side, 3], includeTop: false });
    base.trainable = false;
    const inputs = layers.Input({ shape: [side, side, 3] });
    let x = new layers.Rescaling(1 / 127.5, { offset: -1 }).apply(inputs);
    x = base.apply(x, { training: false });
    x = new layers.GlobalAveragePooling2D().apply(x);
    x = new layers.Dropout(0.2).apply(x);
    const model = new models.Model({ inputs, outputs: new layers.Dense(1).apply(x) });
    const lines: string[] = [];
    model.summary({ showTrainable: true, printFn: (line) => lines.push(line) });
    expect(lines.join("\n")).toContain("xception");
    const compiled = {
      loss: new losses.BinaryCrossentropy({ fromLogits: true }),
      metrics: [new metrics.BinaryAccuracy()],
    };
    model.compile({ optimizer: new optimizers.Adam(), ...compiled });
    expect(model.trainableWeights).toHaveLength(2);
    await model.fit(photos(side), column(0, 1, 1, 0), { epochs: 1, verbose: 0 });
    base.trainable = true;
    model.compile({ optimizer: new optimizers.Adam(1e-5), ...compiled });
    const statistics = base.getLayer("block1_conv1_bn").getWeights().slice(2);
    const { history } = await model.fit(photos(side), column(0, 1, 1, 0), { epochs: 1, verbose: 0 });
    expect(Object.keys(history)).toEqual(["binary_accuracy", "loss"]);
    // In inference mode statistics stay as they are.
    expect(base.getLayer("block1_conv1_bn").getWeights().slice(2)).toEqual(statistics);
  }, 120_000);

  it("fine-tuning of MobileNetV2: its preprocessing in the model, layers from a number on, epochs that go on", async () => {
    utils.clearSession();
    const { mobilenetV2 } = applications;
    const side = 32;
    const options = { inputShape: [side, side, 3], includeTop: false, weights: null } as const;
    const base = await mobilenetV2.MobileNetV2(options);
    base.trainable = false;
    const augmentation = new models.Sequential([new layers.RandomFlip("horizontal"), new layers.RandomRotation(0.2)]);
    const inputs = layers.Input({ shape: [side, side, 3] });
    let x = mobilenetV2.preprocessInput(augmentation.apply(inputs));
    x = base.apply(x, { training: false });
    x = new layers.Dropout(0.2).apply(new layers.GlobalAveragePooling2D().apply(x));
    const outputs = new layers.Dense(1, { activation: "sigmoid" }).apply(x);
    const model = new models.Model({ inputs, outputs });
    const compiled = {
      loss: new losses.BinaryCrossentropy(),
      metrics: [new metrics.BinaryAccuracy({ name: "accuracy" })],
    };
    model.compile({ optimizer: new optimizers.Adam(1e-4), ...compiled });
    const first = await model.fit(photos(side), column(0, 1, 1, 0), { epochs: 1, verbose: 0 });
    base.trainable = true;
    for (const layer of base.layers.slice(0, 100)) layer.trainable = false;
    model.compile({ optimizer: new optimizers.RMSprop(1e-5), ...compiled });
    const initialEpoch = Number(first.epoch.at(-1)) + 1;
    const second = await model.fit(photos(side), column(0, 1, 1, 0), { epochs: 2, initialEpoch, verbose: 0 });
    expect(second.epoch).toEqual([1]);
    const predictions = await model.predict(photos(side), { verbose: 0 });
    expect(predictions.dims).toEqual([batch, 1]);
  }, 120_000);
});

import { ImageDataGenerator, layers, models, ops, random, Tensor, UsageError, utils } from "graft-ml";
import { describe, expect, it } from "vitest";

/* What scripts do with the arrays of `datasets`, on arrays of the same kind: uint8 throughout. */

const count = 200;

/** Digits of a kind: a bar whose place says the class, in a grey that is noisy. */
function digits(): readonly [x: Tensor, y: Tensor] {
  const pixels = new Uint8Array(count * 784);
  const labels = Uint8Array.from({ length: count }, (_, sample) => sample % 10);
  labels.forEach((label, sample) => {
    for (let row = 4; row < 24; row++) {
      const begin = sample * 784 + row * 28 + 2 * label + 3;
      pixels.fill(200 + ((sample * 31 + row * 17) % 56), begin, begin + 3);
    }
  });
  return [new Tensor("uint8", pixels, [count, 28, 28]), new Tensor("uint8", labels, [count])];
}

const [xTrain, yTrain] = digits();

const bytes = ({ data }: Tensor): Buffer => Buffer.from(data as Uint8Array);

describe("arrays of datasets", () => {
  it("train the convolutional network of Keras's guide, as float32 and one-hot", async () => {
    let x: Tensor = await ops.divide(ops.convertToTensor(xTrain, "float32"), 255);
    x = await ops.expandDims(x, -1);
    expect(x).toMatchObject({ type: "float32", dims: [count, 28, 28, 1] });
    expect(Number((await ops.max(x)).data[0])).toBe(1);
    const y = utils.toCategorical(yTrain, 10);
    expect(y).toMatchObject({ type: "float32", dims: [count, 10] });
    const model = new models.Sequential([
      layers.Input({ shape: [28, 28, 1] }),
      new layers.Conv2D(8, { kernelSize: [3, 3], activation: "relu" }),
      new layers.MaxPooling2D({ poolSize: [2, 2] }),
      new layers.Conv2D(16, { kernelSize: [3, 3], activation: "relu" }),
      new layers.MaxPooling2D({ poolSize: [2, 2] }),
      new layers.Flatten(),
      new layers.Dropout(0.5),
      new layers.Dense(10, { activation: "softmax" }),
    ]);
    model.compile({ loss: "categorical_crossentropy", optimizer: "adam", metrics: ["accuracy"] });
    const { history } = await model.fit(x, y, { batchSize: 16, epochs: 6, validationSplit: 0.1, verbose: 0 });
    expect(history["val_accuracy"]?.at(-1)).toBeGreaterThan(0.7);
    const score = await model.evaluate(x, y, { verbose: 0 });
    expect(score["accuracy"]).toBeGreaterThan(0.7);
  });

  it("train as they are, with labels as numbers, in a row or a column", async () => {
    const photos = await ops.expandDims(xTrain, -1);
    expect(photos).toMatchObject({ type: "uint8", dims: [count, 28, 28, 1] });
    const column = await ops.expandDims(yTrain, -1);
    expect(column).toMatchObject({ type: "uint8", dims: [count, 1] });
    const model = new models.Sequential([
      layers.Input({ shape: [28, 28, 1] }),
      new layers.Rescaling(1 / 255),
      new layers.Flatten(),
      new layers.Dense(10, { activation: "softmax" }),
    ]);
    model.compile({ loss: "sparse_categorical_crossentropy", optimizer: "adam", metrics: ["accuracy"] });
    await model.fit(photos, yTrain, { batchSize: 16, epochs: 8, validationData: [photos, yTrain], verbose: 0 });
    const inRow = await model.evaluate(photos, yTrain, { verbose: 0 });
    expect(inRow["accuracy"]).toBeGreaterThan(0.9);
    const inColumn = await model.evaluate(photos, column, { verbose: 0 });
    expect(inColumn).toEqual(inRow);
    const floats = ops.convertToTensor(photos, "float32");
    expect(await model.evaluate(floats, yTrain, { verbose: 0 })).toEqual(inRow);
    expect(await model.predict(photos, { verbose: 0 })).toEqual(await model.predict(floats, { verbose: 0 }));
  });

  it("are cut as in Python", async () => {
    const first = await ops.getItem(xTrain, [ops.range(0, 100)]);
    expect(first).toMatchObject({ type: "uint8", dims: [100, 28, 28] });
    expect(bytes(first).equals(bytes(xTrain).subarray(0, 100 * 784))).toBe(true);
    const last = await ops.getItem(yTrain, [ops.range(-20)]);
    expect(last).toMatchObject({ type: "uint8", dims: [20], data: yTrain.data.slice(-20) });
    const one = await ops.getItem(xTrain, [3]);
    expect(one).toMatchObject({ type: "uint8", dims: [28, 28] });
    const flat = await ops.reshape(xTrain, [count, 784]);
    expect(flat).toMatchObject({ type: "uint8", dims: [count, 784] });
    expect(bytes(flat).equals(bytes(xTrain))).toBe(true);
    const both = await ops.concatenate([xTrain, first], 0);
    expect(both).toMatchObject({ type: "uint8", dims: [count + 100, 28, 28] });
  });

  it("train the autoencoders of Keras's blog", async () => {
    let x: Tensor = await ops.divide(ops.convertToTensor(xTrain, "float32"), 255);
    x = await ops.reshape(x, [count, 784]);
    const input = layers.Input({ shape: [784] });
    const encoded = new layers.Dense(32, { activation: "relu" }).apply(input);
    const decoded = new layers.Dense(784, { activation: "sigmoid" }).apply(encoded);
    const autoencoder = new models.Model(input, decoded);
    autoencoder.compile({ optimizer: "adam", loss: "binary_crossentropy" });
    const { history } = await autoencoder.fit(x, x, {
      epochs: 5,
      batchSize: 32,
      shuffle: true,
      validationData: [x, x],
      verbose: 0,
    });
    expect(history["val_loss"]?.at(-1)).toBeLessThan((history["loss"]?.[0] ?? 0) * 0.7);
    const encoder = new models.Model(input, encoded);
    expect(await encoder.predict(x, { verbose: 0 })).toMatchObject({ type: "float32", dims: [count, 32] });
    // The one that removes noise.
    const noise = random.normal(x.dims as number[], { seed: 1 });
    const noisy = await ops.clip(await ops.add(x, await ops.multiply(noise, 0.4)), 0, 1);
    await autoencoder.fit(noisy, x, { epochs: 1, batchSize: 32, verbose: 0 });
    expect(await autoencoder.predict(noisy, { verbose: 0 })).toMatchObject({ dims: [count, 784] });
  });

  it("become other numbers without a list of all of them, which the memory would not hold", () => {
    const large = new Tensor("uint8", new Uint8Array(2 ** 27).fill(3, -2), [2 ** 27]);
    const converted = ops.convertToTensor(large, "int8");
    expect(Array.from(converted.data.slice(-3) as Int8Array)).toEqual([0, 3, 3]);
    const whole = ops.convertToTensor(new Tensor("float32", [1.7, -1.7], [2]), "int64");
    expect(whole.data).toEqual(BigInt64Array.of(1n, -1n));
    expect(ops.convertToTensor(whole, "float32").data).toEqual(Float32Array.of(1, -1));
    const flags = ops.convertToTensor(new Tensor("float32", [0.5, 0], [2]), "bool");
    expect(flags).toMatchObject({ type: "bool", data: Uint8Array.of(1, 0) });
    expect(() => ops.convertToTensor(new Tensor("float32", [NaN], [1]), "int64")).toThrow(UsageError);
  });

  it("are normalized and fed by flows as they are", async () => {
    const unit = utils.normalize(xTrain, { axis: 1 });
    expect(unit).toMatchObject({ type: "float32", dims: [count, 28, 28] });
    const floats = utils.normalize(ops.convertToTensor(xTrain, "float32"), { axis: 1 });
    const raw = ({ data }: Tensor): Buffer => Buffer.from((data as Float32Array).buffer);
    expect(raw(unit).equals(raw(floats))).toBe(true);
    const photos = await ops.expandDims(xTrain, -1);
    const flow = new ImageDataGenerator({ rescale: 1 / 255 }).flow(photos, yTrain, { batchSize: 8, shuffle: false });
    const [x] = (await flow.next()) as unknown as [Tensor, Tensor];
    expect(x).toMatchObject({ type: "float32", dims: [8, 28, 28, 1] });
    expect(Number(x.data[4 * 28 + 3])).toBeCloseTo(Number(xTrain.data[4 * 28 + 3]) / 255, 6);
  });
});

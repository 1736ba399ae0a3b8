import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applications, layers, models, ShapeError, Tensor, UsageError } from "graft-ml";
import { describe, expect, it, vi } from "vitest";
import { Programs } from "../../src/training/programs/programs.js";
import { toTensor } from "../../src/runtime/runtime.js";
import { wave, waveWeights } from "../support/wave.js";

const folder = new URL("../fixtures/keras/", import.meta.url);

async function floats(name: string): Promise<Float32Array> {
  const bytes = await readFile(new URL(name, folder));
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4).slice();
}

const photos = (count: number, height: number, width: number): Tensor => toTensor(wave([count, height, width, 3], 1));

/** Convolutions, a branch with pooling and upsampling that joins again, and a head. */
function network(size: number | null): models.Model {
  const inputs = layers.Input({ shape: [size, size, 3] });
  const first = new layers.Conv2D(4, 3, { padding: "same", activation: "relu" }).apply(inputs);
  const down = new layers.Conv2D(4, 3, { padding: "same", strides: 2 }).apply(first);
  const up = new layers.UpSampling2D(2).apply(new layers.BatchNormalization().apply(down));
  const joined = new layers.Concatenate().apply([up, first]);
  const narrow = new layers.MaxPooling2D(2).apply(new layers.ZeroPadding2D(1).apply(joined));
  const pooled = new layers.GlobalAveragePooling2D().apply(narrow);
  const model = new models.Model({ inputs, outputs: new layers.Dense(2).apply(pooled) });
  waveWeights(model);
  return model;
}

describe("a model with open height and width", () => {
  it("predicts what a model of that size predicts, one size after the other", async () => {
    const open = network(null);
    for (const size of [8, 16, 10]) {
      const x = photos(2, size, size);
      const expected = await network(size).predict(x, { verbose: 0 });
      expect((await open.predict(x, { verbose: 0 })).data).toEqual(expected.data);
    }
    expect((await open.predict(photos(3, 8, 12), { verbose: 0 })).dims).toEqual([3, 2]);
  });

  it("trains as a model of that size trains, and goes on with another", async () => {
    const [open, fixed] = [network(null), network(8)];
    const y = toTensor(wave([6, 2], 2));
    for (const model of [open, fixed]) {
      model.compile({ optimizer: "adam", loss: "mse", metrics: ["mae"] });
      await model.fit(photos(6, 8, 8), { y, epochs: 2, batchSize: 3, shuffle: false, verbose: 0 });
    }
    expect(open.getWeights()).toEqual(fixed.getWeights());
    expect((await open.trainOnBatch(photos(6, 12, 10), y))["loss"]).toBeGreaterThan(0);
    expect(await open.evaluate(photos(6, 8, 8), { y, verbose: 0 })).toHaveProperty("mae");
  });

  it("is validated with samples of another size, as in Keras", async () => {
    const model = network(null);
    model.compile({ optimizer: "sgd", loss: "mse" });
    const [x, y] = [photos(6, 8, 8), toTensor(wave([6, 2], 2))];
    const validationData: [Tensor, Tensor] = [photos(6, 10, 12), y];
    const { history } = await model.fit(x, { y, validationData, epochs: 3, verbose: 0 });
    expect(history["val_loss"]).toHaveLength(3);
    const right = await model.evaluate(...validationData, { verbose: 0 });
    expect(history["val_loss"]?.[2]).toBeCloseTo(right["loss"] ?? NaN, 6);
    const eight = { y, validationData, verbose: 0, trunkPrecision: "int8" } as const;
    await expect(model.fit(x, eight)).rejects.toThrow(/samples for validation have another size/);
  });

  it("keeps programs of a few sizes", async () => {
    const create = vi.spyOn(Programs, "create");
    const model = network(null);
    model.compile({ optimizer: "sgd", loss: "mse" });
    const y = toTensor(wave([2, 2], 2));
    const round = async (sizes: readonly number[]): Promise<number> => {
      for (const size of sizes) await model.trainOnBatch(photos(2, size, size), y);
      return create.mock.calls.length;
    };
    expect(await round([8, 10, 12, 8, 10, 12])).toBe(3);
    for (const size of [12, 10, 8]) await model.predict(photos(2, size, size), { verbose: 0 });
    expect(await round([8, 10, 12, 14, 8])).toBe(4);
    expect(await round([16, 10])).toBe(6);
    const before = await model.predict(photos(2, 16, 16), { verbose: 0 });
    await round([8]);
    expect((await model.predict(photos(2, 16, 16), { verbose: 0 })).data).not.toEqual(before.data);
    create.mockRestore();
  });

  it("may be a Sequential whose first samples said a size", async () => {
    const row = (): layers.Layer[] => [
      new layers.Conv2D(4, 3, { strides: 2, padding: "same" }),
      new layers.GlobalAveragePooling2D(),
      new layers.Dense(2),
    ];
    const model = new models.Sequential(row());
    model.compile({ optimizer: "sgd", loss: "mse" });
    const y = toTensor(wave([4, 2], 2));
    await model.fit(photos(4, 8, 8), { y, verbose: 0 });
    // Shapes stay those of the first samples, as in Keras.
    expect(model.inputShape).toEqual(["N", 8, 8, 3]);
    const open = new models.Sequential([layers.Input({ shape: [null, null, 3] }), ...row()]);
    open.setWeights(model.getWeights());
    open.compile({ optimizer: "sgd", loss: "mse" });
    const x = photos(4, 11, 14);
    expect((await model.predict(x, { verbose: 0 })).data).toEqual((await open.predict(x, { verbose: 0 })).data);
    for (const one of [model, open]) {
      await one.fit(x, { y, shuffle: false, verbose: 0, validationData: [photos(4, 9, 9), y] });
    }
    expect(model.getWeights()).toEqual(open.getWeights());
    await expect(model.predict(toTensor(wave([1, 8, 8, 4], 1)))).rejects.toThrow(/8, 8, 3.*8, 8, 4/s);
    const flat = new models.Sequential([new layers.Flatten(), new layers.Dense(2)]);
    await flat.predict(photos(1, 4, 4), { verbose: 0 });
    await expect(flat.predict(photos(1, 5, 5), { verbose: 0 })).rejects.toThrow(ShapeError);
  });

  it("is shown and saved with None", async () => {
    const model = network(null);
    const lines: string[] = [];
    model.summary((line) => lines.push(line));
    expect(lines.join("\n")).toContain("(None, None,");
    expect(JSON.stringify(model.getConfig())).toContain('"batch_shape":[null,null,null,3]');
    const home = await mkdtemp(join(tmpdir(), "graft-open-"));
    try {
      await model.save(join(home, "model.keras"));
      const loaded = await models.loadModel(join(home, "model.keras"));
      const [a, b] = [await model.predict(photos(1, 8, 8)), await loaded.predict(photos(1, 8, 8))];
      expect(b.data).toEqual(a.data);
      await expect(model.export(join(home, "model.onnx"))).rejects.toThrow(
        /cannot be exported with open sizes.*\[224, 224, 3\]/s,
      );
    } finally {
      await rm(home, { recursive: true });
    }
  });

  it("is checked in the extents that are known", async () => {
    const x = toTensor(wave([1, 8, 8, 4], 1));
    await expect(network(null).predict(x, { verbose: 0 })).rejects.toThrow(/any, any, 3.*8, 8, 4/s);
    const inputs = layers.Input({ shape: [null, null, 3] });
    expect(() => new layers.Dense(2).apply(new layers.Flatten().apply(inputs))).toThrow(ShapeError);
    expect(() => new layers.Conv2D(2, 3).apply(layers.Input({ shape: [8, 8, null] }))).toThrow(ShapeError);
  });

  it("may resize alone, and give a fixed size", async () => {
    const row = [new layers.Resizing(6, 5), new layers.Rescaling(1 / 255)];
    const model = new models.Sequential([layers.Input({ shape: [null, null, 3] }), ...row]);
    expect(model.outputShape).toEqual(["N", 6, 5, 3]);
    expect((await model.predict(photos(2, 9, 12), { verbose: 0 })).dims).toEqual([2, 6, 5, 3]);
    expect((await model.predict(photos(2, 20, 7), { verbose: 0 })).dims).toEqual([2, 6, 5, 3]);
  });
});

it("an inner model with open sizes is called on fixed ones, as in Keras", async () => {
  const model = await models.loadModel(new URL("k3_inner_open.keras", folder).pathname);
  const y = await model.predict(new Tensor("float32", await floats("open-x.f32"), [2, 32, 32, 3]), { verbose: 0 });
  const right = await floats("k3_inner_open.keras.y");
  for (const [index, value] of [...(y.data as Float32Array)].entries())
    expect(value).toBeCloseTo(right[index] ?? NaN, 6);
  expect(model.outputShape).toEqual(["N", 2]);
});

it("VGG16 without a top takes any size", async () => {
  const base = await applications.VGG16({ weights: null, includeTop: false, pooling: "avg" });
  expect([base.inputShape.slice(3), base.outputShape]).toEqual([[3], ["N", 512]]);
  expect((await base.predict(photos(1, 32, 40), { verbose: 0 })).dims).toEqual([1, 512]);
  const inputs = layers.Input({ shape: [64, 64, 3] });
  expect(base.getLayer("block5_pool").apply(inputs).shape).toEqual(["N", 32, 32, 3]);
  await expect(applications.VGG16({ weights: null, inputShape: [null, null, 3] })).rejects.toThrow(UsageError);
}, 60_000);

describe("a model with a fixed number of samples", () => {
  it("of a file predicts any number, and says the number where shapes are shown", async () => {
    const model = await models.loadModel(new URL("fixed32.keras", folder).pathname);
    for (const count of [2, 32, 40]) {
      expect((await model.predict(photos(count, 16, 16), { verbose: 0 })).dims).toEqual([count, 2]);
    }
    expect(model.inputShape).toEqual([32, 16, 16, 3]);
    expect(JSON.stringify(model.getConfig())).toContain('"batch_shape":[32,16,16,3]');
  });

  it("is trained and evaluated with any number", async () => {
    const inputs = layers.Input({ shape: [4], batchSize: 8 });
    const dropped = new layers.Dropout(0.5).apply(new layers.Reshape([2, 2]).apply(inputs));
    const model = new models.Model({ inputs, outputs: new layers.Dense(1).apply(new layers.Flatten().apply(dropped)) });
    expect(model.outputShape).toEqual([8, 1]);
    model.compile({ optimizer: "sgd", loss: "mse" });
    const [x, y] = [toTensor(wave([11, 4], 1)), toTensor(wave([11, 1], 2))];
    const { history } = await model.fit(x, { y, batchSize: 3, verbose: 0 });
    expect(history["loss"]).toHaveLength(1);
    expect(await model.evaluate(x, { y, verbose: 0 })).toHaveProperty("loss");
    const outer = layers.Input({ shape: [4] });
    expect(model.apply(outer).shape).toEqual(["N", 1]);
  });
});

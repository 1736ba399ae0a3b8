import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ImageDataGenerator, imageDatasetFromDirectory, layers, models, Tensor, UsageError } from "graft-ml";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { BatchSource, BatchSupply } from "../../src/models/sources/batch-source.js";
import { wave } from "../support/wave.js";

let root: string;

beforeAll(async () => {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  root = await mkdtemp(join(tmpdir(), "graft-generator-"));
  for (let number = 0; number < 10; number++) {
    const folder = join(root, number % 2 === 0 ? "dark" : "light");
    await mkdir(folder, { recursive: true });
    const pixels = wave([6, 5, 3], number, 40, number % 2 === 0 ? 60 : 180).data.map(Math.floor);
    const image = sharp(Uint8Array.from(pixels), { raw: { height: 6, width: 5, channels: 3 } });
    await writeFile(join(folder, `${number}.png`), await image.png().toBuffer());
  }
});

afterAll(async () => {
  vi.restoreAllMocks();
  await rm(root, { recursive: true });
});

/** A network that learns dark from light at once. */
function network(channels: number): models.Sequential {
  const model = new models.Sequential([
    new layers.InputLayer({ shape: [6, 5, channels] }),
    new layers.GlobalAveragePooling2D(),
    new layers.Dense(1, { activation: "sigmoid", kernelInitializer: "ones" }),
  ]);
  model.compile({ optimizer: "adam", loss: "binary_crossentropy", metrics: ["acc"] });
  return model;
}

const options = { targetSize: [6, 5], classMode: "binary", batchSize: 4, seed: 1 } as const;

async function trains(source: BatchSource | BatchSupply, channels = 3): Promise<void> {
  const model = network(channels);
  const { history } = await model.fit(source, { epochs: 3, verbose: 0 });
  expect(history["loss"]?.every(Number.isFinite)).toBe(true);
  const { dims, data } = await model.predict(source, { verbose: 0 });
  expect(dims).toEqual([10, 1]);
  expect([...(data as Float32Array)].every(Number.isFinite)).toBe(true);
}

describe("models train on", () => {
  it("photos with all kinds of augmentation", async () => {
    const datagen = new ImageDataGenerator({
      ...{ rotationRange: 30, channelShiftRange: 20, brightnessRange: [0.8, 1.2], horizontalFlip: true },
      ...{ fillMode: "wrap", interpolationOrder: 0, samplewiseStdNormalization: true, samplewiseCenter: true },
    });
    await trains(await datagen.flowFromDirectory(root, options));
  });

  it("grey photos, and photos with opacity", async () => {
    const datagen = new ImageDataGenerator({ rescale: 1 / 255, brightnessRange: [0.5, 1] });
    await trains(await datagen.flowFromDirectory(root, { ...options, colorMode: "grayscale" }), 1);
    await trains(await datagen.flowFromDirectory(root, { ...options, colorMode: "rgba" }), 4);
  });

  it("what a preprocessing function on the host gives", async () => {
    const datagen = new ImageDataGenerator({
      preprocessingFunction: async (image) =>
        Promise.resolve(
          new Tensor(
            "float32",
            (image.data as Float32Array).map((value) => value / 128 - 1),
            image.dims,
          ),
        ),
    });
    const flow = await datagen.flowFromDirectory(root, options);
    await trains(flow);
    await flow.release();
  });

  it("a dataset", async () => {
    await trains(
      await imageDatasetFromDirectory(root, { imageSize: [6, 5], batchSize: 4, seed: 1, labelMode: "binary" }),
    );
  });
});

describe("photos as their own labels", () => {
  it("are compared with the model's output, pixel by pixel", async () => {
    const datagen = new ImageDataGenerator({ rescale: 1 / 255 });
    const flow = await datagen.flowFromDirectory(root, { ...options, classMode: "input", shuffle: false });
    const model = new models.Sequential([new layers.InputLayer({ shape: [6, 5, 3] }), new layers.Rescaling(2)]);
    model.compile({ optimizer: "sgd", loss: "mse" });
    let [sum, count] = [0, 0];
    for await (const [x] of flow) {
      for (const value of x.data as Float32Array) sum += value * value;
      count += x.data.length;
      if (count >= 10 * 90) break;
    }
    // The output is twice the label, so that the error is the label itself.
    const { loss } = await model.evaluate(flow, { verbose: 0 });
    expect(loss).toBeCloseTo(sum / count, 5);
  });
});

describe("what goes into a model is what iterating gives", () => {
  it("with statistics that were found later than the iterator", async () => {
    const datagen = new ImageDataGenerator({ featurewiseStdNormalization: true, featurewiseCenter: true });
    const warn = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const flow = await datagen.flowFromDirectory(root, { ...options, shuffle: false, batchSize: 10 });
    const images = async (): Promise<Tensor> => {
      for await (const [x] of flow) return x;
      throw new Error("An iterator without end ended.");
    };
    const plain = await images();
    expect(warn).toHaveBeenCalledWith(expect.stringMatching(/featurewiseCenter.*has not been fit/));
    warn.mockRestore();
    await datagen.fit(plain);
    const normalized = await images();
    const values = [...(normalized.data as Float32Array)];
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const square = values.reduce((sum, value) => sum + value * value, 0) / values.length;
    expect([mean, square]).toEqual([expect.closeTo(0, 4), expect.closeTo(1, 4)]);
    const model = network(3);
    expect((await model.predict(flow, { verbose: 0 })).data).toEqual(
      (await model.predict(normalized, { verbose: 0 })).data,
    );
  });
});

describe("fit and random transforms", () => {
  const x = new Tensor("float32", wave([6, 8, 8, 3], 3, 127, 128).data, [6, 8, 8, 3]);

  it("find statistics of augmented photos, the same for the same seed", async () => {
    const run = async (seed: number, rounds: number): Promise<unknown> => {
      const datagen = new ImageDataGenerator({
        featurewiseCenter: true,
        rescale: 0.5,
        fillMode: "constant",
        zoomRange: [2, 3],
      });
      await datagen.fit(x, { augment: true, rounds, seed });
      return datagen.mean?.data;
    };
    const first = (await run(1, 2)) as Float32Array;
    expect(await run(1, 2)).toEqual(first);
    expect(await run(2, 2)).not.toEqual(first);
    // Most of a photo that is made smaller is cval, and rescale comes before.
    expect(first.every((value) => value > 2 && value < 40)).toBe(true);
  });

  it("whiten: what comes out has the identity for its covariance", async () => {
    const count = 64;
    const data = Float32Array.from({ length: count * 12 }, (_, i) => (Math.sin(i * i * 0.37) + Math.sin(i * 1.7)) * 50);
    const photos = new Tensor("float32", data, [count, 2, 2, 3]);
    const datagen = new ImageDataGenerator({ zcaWhitening: true, featurewiseCenter: true });
    await datagen.fit(photos);
    const y = (await datagen.standardize(photos)).data as Float32Array;
    for (let i = 0; i < 12; i++) {
      for (let j = 0; j < 12; j++) {
        let sum = 0;
        for (let row = 0; row < count; row++) sum += (y[row * 12 + i] ?? 0) * (y[row * 12 + j] ?? 0);
        expect(sum / count).toBeCloseTo(i === j ? 1 : 0, 3);
      }
    }
    const large = new Tensor("float32", new Float32Array(64 * 64 * 3), [1, 64, 64, 3]);
    await expect(datagen.fit(large)).rejects.toThrow(/3072.*12288/s);
    await expect(datagen.standardize(large)).rejects.toThrow(/another shape/);
  });

  it("draw with Keras's call, by a seed or on and on", async () => {
    const datagen = new ImageDataGenerator({ rotationRange: 40, brightnessRange: [0.5, 1.5], channelShiftRange: 10 });
    expect(datagen.getRandomTransform([8, 8, 3], 7)).toEqual(datagen.getRandomTransform([8, 8, 3], 7));
    expect(datagen.getRandomTransform([8, 8, 3])).not.toEqual(datagen.getRandomTransform([8, 8, 3]));
    const { theta, channelShiftIntensity, brightness, ...others } = datagen.getRandomTransform([8, 8, 3], 1);
    expect([theta, channelShiftIntensity, brightness].every(Number.isFinite)).toBe(true);
    expect(others).toEqual({ tx: 0, ty: 0, shear: 0, zx: 1, zy: 1, flipHorizontal: false, flipVertical: false });
    const image = new Tensor("float32", x.data.slice(0, 192), [8, 8, 3]);
    const once = await datagen.randomTransform(image, 3);
    expect((await datagen.applyTransform(image, datagen.getRandomTransform([8, 8, 3], 3))).data).toEqual(once.data);
    expect(() => datagen.getRandomTransform([8, 8])).toThrow(/height, width, channels/);
  });
});

describe("options", () => {
  it.each([
    [{ interpolationOrder: 6 }, /0 \(nearest\), 1 \(bilinear\), or 2 to 5/],
    [{ dataFormat: "channels_first" }, /channels_last/],
    [{ dtype: "uint8" }, /float32/],
    [{ validationSplit: 1 }, /validationSplit/],
    [{ zcaEpsilon: -1 }, /zcaEpsilon/],
    [{ featurewiseCenter: 1 }, /featurewiseCenter.*true or false/s],
    [{ preprocessingFunction: "caffe" }, /preprocessInput/],
    [{ brightnessRange: [2, 1] }, /brightnessRange/],
    [{ samplewiseCentre: true }, /Did you mean "samplewiseCenter"/],
  ])("refuses %o", (wrong, message) => {
    expect(() => new ImageDataGenerator(wrong as object)).toThrow(UsageError);
    expect(() => new ImageDataGenerator(wrong as object)).toThrow(message);
  });

  it("that contradict each other give way as in Keras, with a warning", () => {
    const warn = vi.spyOn(console, "error").mockImplementation(() => undefined);
    new ImageDataGenerator({ zcaWhitening: true, featurewiseStdNormalization: true });
    expect(warn.mock.calls.flat()).toEqual([
      expect.stringMatching(/zcaWhitening overrides the setting of featurewiseCenter/),
      expect.stringMatching(/zcaWhitening overrides the setting of featurewiseStdNormalization/),
      expect.stringMatching(/featurewiseStdNormalization overrides the setting of featurewiseCenter/),
    ]);
    warn.mockRestore();
  });
});

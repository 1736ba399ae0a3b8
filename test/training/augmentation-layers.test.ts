import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layers, models, optimizers, setRandomSeed } from "graft-ml";
import { afterEach, describe, expect, it } from "vitest";
import { platform } from "../../src/models/platform.js";
import { fromTensor, toTensor } from "../../src/runtime/runtime.js";
import { wave, waveLabels } from "../support/wave.js";

const x = toTensor({
  ...wave([6, 12, 12, 3], 1),
  data: wave([6, 12, 12, 3], 1).data.map((value) => 127 + 100 * value),
});
const y = toTensor(waveLabels(6, 0, 1));

/** Of layers that draw the same whatever was drawn before. */
const seed = 2;

/** One of each layer, with numbers that do something. */
function everyLayer(): layers.Layer[] {
  return [
    new layers.RandomFlip("horizontal", { seed }),
    new layers.RandomRotation(0.1, { seed, fillMode: "nearest" }),
    new layers.RandomTranslation(0.2, 0.2, { seed, fillMode: "wrap" }),
    new layers.RandomZoom(0.2, { seed, fillMode: "constant" }),
    new layers.RandomShear({ seed, xFactor: 0.2, yFactor: 0.2 }),
    new layers.RandomPerspective(0.5, { seed, scale: 0.4 }),
    new layers.RandomContrast(0.4, { seed }),
    new layers.RandomBrightness(0.2, { seed }),
    new layers.RandomColorDegeneration(0.5, { seed }),
    new layers.RandomColorJitter({
      seed,
      brightnessFactor: 0.1,
      contrastFactor: 0.1,
      saturationFactor: 0.6,
      hueFactor: 0.1,
    }),
    new layers.RandomErasing(0.5, { seed }),
    new layers.RandomElasticTransform(0.5, { seed }),
    new layers.RandomGaussianBlur(0.5, { seed }),
    new layers.RandomGrayscale(0.3, { seed }),
    new layers.RandomHue(0.2, { seed }),
    new layers.RandomInvert(0.3, { seed }),
    new layers.RandomPosterization(6, { seed }),
    new layers.RandomSaturation(0.7, { seed }),
    new layers.RandomSharpness(0.5, { seed }),
    new layers.AutoContrast(),
    new layers.Solarization({ seed, additionFactor: 0.1, thresholdFactor: 0.9 }),
    new layers.Equalization(),
    new layers.ContrastLimitedAdaptiveHistogramEqualization({ tileGridSize: 2 }),
    new layers.MixUp({ seed }),
    new layers.CutMix({ seed }),
    new layers.RandAugment({ seed, numOps: 1 }),
    new layers.AugMix({ seed }),
    new layers.RandomCrop(10, 10, { seed }),
    new layers.Pipeline([new layers.RandomFlip({ seed }), new layers.Rescaling(1 / 255)]),
  ];
}

/** A frozen base behind the given layers, and a head that learns. */
function network(augmentation: readonly layers.Layer[]): models.Sequential {
  const base = new models.Sequential(
    [
      layers.Input({ shape: [12, 12, 3] }),
      new layers.Conv2D(4, 3, { activation: "relu", name: "conv" }),
      new layers.Flatten(),
    ],
    { name: "base" },
  );
  base.trainable = false;
  return new models.Sequential([
    layers.Input({ shape: [12, 12, 3] }),
    ...augmentation,
    base,
    new layers.Dense(1, { activation: "sigmoid", name: "out" }),
  ]);
}

const released: models.BaseModel[] = [];
afterEach(async () => {
  for (const model of released.splice(0)) await platform().loops.release(model);
});

async function losses(augmentation: readonly layers.Layer[], steps = 3): Promise<number[]> {
  setRandomSeed(4);
  const model = network(augmentation);
  released.push(model);
  model.compile({ optimizer: "sgd", loss: "binary_crossentropy" });
  const all: number[] = [];
  for (let step = 0; step < steps; step++) all.push((await model.trainOnBatch(x, y))["loss"] ?? NaN);
  return all;
}

describe("layers of augmentation", () => {
  it("train together in front of a frozen base, the same for the same seed", async () => {
    const rescale = (): layers.Layer => new layers.Resizing(12, 12);
    const first = await losses([...everyLayer(), rescale()], 2);
    expect(first.every(Number.isFinite)).toBe(true);
    expect(await losses([...everyLayer(), rescale()], 2)).toEqual(first);
  }, 60_000);

  it("change the photos of each step, and leave those of evaluation as they are", async () => {
    const rescale = new layers.Rescaling(1 / 255);
    setRandomSeed(4);
    const model = network([new layers.RandomFlip(), new layers.RandomRotation(0.2), rescale]);
    released.push(model);
    // Without learning only the photos can change the loss.
    model.compile({ optimizer: new optimizers.SGD({ learningRate: 1e-30 }), loss: "binary_crossentropy" });
    const seen = new Set<number>();
    for (let step = 0; step < 4; step++) seen.add((await model.trainOnBatch(x, y))["loss"] ?? NaN);
    expect(seen.size).toBe(4);
    const plain = await model.testOnBatch(x, y);
    expect(await model.testOnBatch(x, y)).toEqual(plain);
  });

  it("are saved and read", async () => {
    const folder = await mkdtemp(join(tmpdir(), "graft-augmentation-"));
    try {
      const model = network([...everyLayer(), new layers.Resizing(12, 12)]);
      released.push(model);
      await model.save(join(folder, "model.keras"));
      const read = await models.loadModel(join(folder, "model.keras"));
      released.push(read);
      // As in Keras the flag of a Sequential is not read, but those of its layers.
      const base = read.getLayer("base");
      expect([base.trainable, base.trainableWeights]).toEqual([true, []]);
      base.trainable = false;
      expect(read.layers.map((layer) => layer.getConfig())).toEqual(model.layers.map((layer) => layer.getConfig()));
      const [before, after] = [await model.predict(x), await read.predict(x)].map((out) => [...fromTensor(out).data]);
      expect(after).toEqual(before);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });

  it("in front of layers that learn", async () => {
    const model = new models.Sequential([
      layers.Input({ shape: [12, 12, 3] }),
      new layers.RandomRotation(0.2),
      new layers.Rescaling(1 / 255),
      new layers.Conv2D(4, 3, { activation: "relu" }),
      new layers.GlobalAveragePooling2D(),
      new layers.Dense(1, { activation: "sigmoid" }),
    ]);
    released.push(model);
    model.compile({ optimizer: "adam", loss: "binary_crossentropy" });
    const first = (await model.trainOnBatch(x, y))["loss"] ?? NaN;
    for (let step = 0; step < 30; step++) await model.trainOnBatch(x, y);
    expect((await model.trainOnBatch(x, y))["loss"]).toBeLessThan(first);
  });

  it("name wrong options", () => {
    expect(() => new layers.RandomRotation(1.5)).toThrow(/RandomRotation: the option factor/);
    expect(() => new layers.RandomZoom(-1)).toThrow(/heightFactor/);
    expect(() => new layers.RandomFlip("sideways")).toThrow(/mode/);
    expect(() => new layers.RandomGaussianBlur(1, { kernelSize: 4 })).toThrow(/kernelSize/);
    expect(() => new layers.Pipeline([])).toThrow(/Pipeline/);
    expect(() => new layers.Pipeline([new layers.Dense(2)]).computeOutputShapes([["N", 4]])).toThrow(/has weights/);
  });
});

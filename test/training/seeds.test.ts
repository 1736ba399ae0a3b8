import { ImageDataGenerator, layers, models, optimizers, setRandomSeed } from "graft-ml";
import { afterEach, describe, expect, it } from "vitest";
import type { BaseModel } from "../../src/models/base-model.js";
import { automaticName, clearSession } from "../../src/nn/names.js";
import { toTensor } from "../../src/runtime/runtime.js";
import { wave, waveLabels } from "../support/wave.js";

afterEach(() => {
  setRandomSeed(0);
});

const x = toTensor(wave([12, 8, 8, 3], 1));
const y = toTensor(waveLabels(12, 0, 1));

/** Everything that draws: initial weights, augmentation, dropout, normalization over batches in a shuffled order. */
function network(): models.Sequential {
  const model = new models.Sequential([
    layers.Input({ shape: [8, 8, 3] }),
    new layers.RandomFlip("horizontal"),
    new layers.RandomRotation(0.1),
    new layers.Conv2D(4, 3, { activation: "relu" }),
    new layers.BatchNormalization(),
    new layers.Dropout(0.5),
    new layers.Flatten(),
    new layers.Dense(1, { activation: "sigmoid" }),
  ]);
  model.compile({ optimizer: new optimizers.Adam(0.01), loss: "binary_crossentropy" });
  return model;
}

const bytes = (model: BaseModel): string[] => model.getWeights().map(({ data }) => String(data));

async function trained(): Promise<string[]> {
  const model = network();
  await model.fit(x, { y, epochs: 2, batchSize: 5, verbose: 0 });
  return bytes(model);
}

describe("after the same seed", () => {
  it("models begin with the same weights, whatever was built before", () => {
    setRandomSeed(3);
    const first = bytes(network());
    network();
    new layers.Dense(2).apply(layers.Input({ shape: [3] }));
    setRandomSeed(3);
    expect(bytes(network())).toEqual(first);
    setRandomSeed(4);
    expect(bytes(network())).not.toEqual(first);
  });

  it("they begin so although their weights are looked at later", () => {
    setRandomSeed(3);
    const first = bytes(network());
    setRandomSeed(3);
    const [one, two] = [network(), network()];
    setRandomSeed(5);
    const last = bytes(two);
    expect(bytes(one)).toEqual(first);
    expect(last).not.toEqual(first);
  });

  it("each fold of a loop is trained alike: shuffling, dropout, augmentation", async () => {
    const folds: string[][] = [];
    for (let fold = 0; fold < 3; fold++) {
      setRandomSeed(7);
      folds.push(await trained());
    }
    expect(folds[1]).toEqual(folds[0]);
    expect(folds[2]).toEqual(folds[0]);
  }, 60_000);

  it("a script of several models gives the same numbers when it is run again in the process", async () => {
    const script = async (): Promise<string[][]> => {
      setRandomSeed(9);
      const generator = new ImageDataGenerator({ horizontalFlip: true, rotationRange: 20 });
      const [one, two] = [network(), network()];
      await two.fit(generator.flow(x, y, { batchSize: 4 }), { epochs: 1, verbose: 0 });
      await one.fit(x, { y, epochs: 1, batchSize: 4, verbose: 0 });
      return [bytes(one), bytes(two)];
    };
    expect(await script()).toEqual(await script());
  }, 60_000);
});

describe("without a new seed", () => {
  it("two models of the same names are two models, as in Keras", () => {
    const named = (): string[] => {
      const inputs = layers.Input({ shape: [4] });
      return bytes(new models.Model({ inputs, outputs: new layers.Dense(3, { name: "same" }).apply(inputs) }));
    };
    expect(named()).not.toEqual(named());
  });
});

it("clearSession begins automatic names anew", () => {
  clearSession();
  expect([automaticName("Dense"), automaticName("Dense"), automaticName("Conv2D")]).toEqual([
    "dense",
    "dense_1",
    "conv2d",
  ]);
  clearSession();
  expect(automaticName("Dense")).toBe("dense");
});

import { diagnose, layers, models, optimizers, setRandomSeed, Tensor } from "graft-ml";
import { describe, expect, it } from "vitest";
import { Generator } from "../../src/random/generator.js";

/* What diagnose says of trainings that were really run, not of simulated curves. */

const width = 20;

/** Samples of two classes, which the first feature tells apart as well as `signal` allows. */
function samples(count: number, signal: number, seed: number): readonly [x: Tensor, y: Tensor] {
  const random = new Generator(seed);
  const labels = Array.from({ length: count }, (_, sample) => sample % 2);
  const x = random.normalInto(new Float32Array(count * width));
  for (const [sample, label] of labels.entries())
    x[sample * width] = (x[sample * width] ?? 0) + signal * (2 * label - 1);
  return [new Tensor("float32", x, [count, width]), new Tensor("float32", Float32Array.from(labels), [count, 1])];
}

interface Training {
  readonly units: number;
  readonly learningRate: number;
  readonly epochs: number;
  readonly count: number;
  readonly signal: number;
}

/** The codes of a training of a small network, validated on 400 samples. */
async function codesOf({ units, learningRate, epochs, count, signal }: Training): Promise<string[]> {
  setRandomSeed(3);
  const model = new models.Sequential([
    layers.Input({ shape: [width] }),
    new layers.Dense(units, { activation: "relu" }),
    new layers.Dense(1, { activation: "sigmoid" }),
  ]);
  const optimizer = new optimizers.Adam({ learningRate });
  model.compile({ optimizer, loss: "binary_crossentropy", metrics: ["accuracy"] });
  const [x, y] = samples(count, signal, 1);
  const { history } = await model.fit(x, y, {
    epochs,
    batchSize: 16,
    validationData: samples(400, signal, 2),
    verbose: 0,
  });
  const options = { trainingSamples: count, validationSamples: 400, chance: 0.5 };
  return diagnose(history, options).map(({ code }) => code);
}

describe("a real training", () => {
  it("of a large network on few samples overfits, and is told so", async () => {
    expect(await codesOf({ units: 64, learningRate: 0.01, epochs: 40, count: 40, signal: 0.7 })).toContain(
      "overfitting",
    );
  });

  it.each([0.6, 30])("with steps of %f, which are too large, is told so", async (learningRate) => {
    setRandomSeed(3);
    const model = new models.Sequential([layers.Input({ shape: [width] }), new layers.Dense(1)]);
    model.compile({ optimizer: new optimizers.SGD({ learningRate }), loss: "mse" });
    const [x, y] = samples(64, 0.7, 1);
    const { history } = await model.fit(x, y, { epochs: 10, batchSize: 64, verbose: 0 });
    expect(diagnose(history).map(({ code }) => code)).toEqual(["learning-rate-too-high"]);
  });

  it("that ends too early is told so", async () => {
    expect(await codesOf({ units: 32, learningRate: 0.0003, epochs: 10, count: 800, signal: 1 })).toContain(
      "still-improving",
    );
  });

  it("of noise learns nothing, and is told that", async () => {
    expect(await codesOf({ units: 1, learningRate: 0.003, epochs: 12, count: 800, signal: 0 })).toContain(
      "underfitting",
    );
  });

  it("that goes well is left alone", async () => {
    expect(await codesOf({ units: 4, learningRate: 0.01, epochs: 8, count: 800, signal: 2 })).toEqual([]);
  });
});

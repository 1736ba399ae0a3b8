import { describe, expect, it } from "vitest";
import { UsageError } from "../../errors/errors.js";
import { Generator } from "../../random/generator.js";
import { diagnose, type DiagnoseOptions } from "./diagnose.js";
import type { FindingCode } from "./finding.js";

const simulations = 200;

type History = Record<"loss" | "val_loss" | "accuracy" | "val_accuracy", number[]>;

/** One history for each seed. */
interface Scene {
  readonly epochs: number;
  readonly make: (at: (curve: (epoch: number) => number) => number[], random: Generator) => Partial<History>;
  readonly options?: DiagnoseOptions;
}

/** The codes of 200 simulations of a scene. */
function codesOf({ epochs, make, options }: Scene): FindingCode[][] {
  return Array.from({ length: simulations }, (_, seed) => {
    const at = (curve: (epoch: number) => number): number[] =>
      Array.from({ length: epochs }, (_unused, epoch) => curve(epoch));
    return diagnose(make(at, new Generator(seed)) as History, options).map(({ code }) => code);
  });
}

/** The share of 200 simulations in which a rule fires. */
function shareOf(scene: Scene, code: FindingCode): number {
  return codesOf(scene).filter((codes) => codes.includes(code)).length / simulations;
}

/** Normal noise whose neighbours resemble each other by `correlation`. */
function noiseOf(random: Generator, deviation: number, correlation = 0): () => number {
  let last = random.normal() * deviation;
  return () => {
    last = correlation * last + Math.sqrt(1 - correlation ** 2) * deviation * random.normal();
    return last;
  };
}

/** A share that is measured on some samples. */
function measured(random: Generator, share: number, samples: number): number {
  let right = 0;
  for (let sample = 0; sample < samples; sample++) if (random.uniform() < share) right++;
  return right / samples;
}

/** Training and validation converge, with noise. */
function convergence(epochs: number, noise: number, correlation = 0): Scene {
  return {
    epochs,
    make: (at, random) => {
      const [own, other] = [noiseOf(random, noise / 2, correlation), noiseOf(random, noise, correlation)];
      return {
        loss: at((epoch) => 0.25 + Math.exp((-8 * epoch) / epochs) + own()),
        val_loss: at((epoch) => 0.35 + Math.exp((-8 * epoch) / epochs) + other()),
      };
    },
  };
}

/** Nothing changes any more. */
function rest(epochs: number, noise: number, correlation = 0): Scene {
  return {
    epochs,
    make: (at, random) => {
      const [own, other] = [noiseOf(random, noise / 2, correlation), noiseOf(random, noise, correlation)];
      return { loss: at((epoch) => 0.3 - (0.02 * epoch) / epochs + own()), val_loss: at(() => 0.4 + other()) };
    },
  };
}

/** Right on the same share of new and of old samples. */
function equal(share: number, training: number, validation: number): Scene {
  return {
    epochs: 2,
    make: (_at, random) => {
      const [own, other] = [measured(random, share, training), measured(random, share, validation)];
      return { loss: [0.4, 0.4], accuracy: [own, own], val_accuracy: [other, other] };
    },
    options: { trainingSamples: training, validationSamples: validation, chance: 0.2 },
  };
}

const curveCodes: readonly FindingCode[] = [
  "overfitting",
  "noisy-validation",
  "still-improving",
  "learning-rate-too-high",
];

describe("curves without a fault", () => {
  const scenes: readonly (readonly [string, Scene])[] = [8, 15, 30, 100, 300].flatMap((epochs) => [
    [`that converge in ${epochs} epochs`, convergence(epochs, 0.015)],
    [`that converge in ${epochs} epochs, neighbours alike`, convergence(epochs, 0.015, 0.5)],
    [`at rest for ${epochs} epochs`, rest(epochs, 0.02)],
    [`at rest for ${epochs} epochs, neighbours alike`, rest(epochs, 0.02, 0.6)],
  ]);
  it.each(scenes)("%s: each rule fires in at most 5 %", (_what, scene) => {
    const all = codesOf(scene);
    for (const code of curveCodes) {
      expect(all.filter((codes) => codes.includes(code)).length / simulations, code).toBeLessThanOrEqual(0.05);
    }
  });

  it.each([1, 2, 3, 4])("of %i epochs say nothing about their course", (epochs) => {
    expect(codesOf(rest(epochs, 0.2)).flat()).toEqual([]);
  });

  it.each([
    [0.5, 100, 100],
    [0.8, 400, 100],
    [0.95, 1000, 200],
    [0.99, 100, 30],
  ])("right on %f of all: neither too easy nor too weak in more than 5 %", (share, training, validation) => {
    const scene = equal(share, training, validation);
    expect(shareOf(scene, "validation-too-easy")).toBeLessThanOrEqual(0.05);
    if (share > 0.6) expect(shareOf(scene, "underfitting")).toBeLessThanOrEqual(0.05);
    expect(shareOf(scene, "overfitting")).toBeLessThanOrEqual(0.05);
  });
});

describe("each fault is found in at least 90 %", () => {
  const overfit = (epochs: number, noise: number, correlation = 0): Scene => ({
    epochs,
    make: (at, random) => {
      const [own, other] = [noiseOf(random, noise / 2, correlation), noiseOf(random, noise, correlation)];
      return {
        loss: at((epoch) => 0.02 + Math.exp((-8 * epoch) / epochs) + Math.abs(own()) / 4),
        val_loss: at((epoch) => 0.35 + Math.exp((-12 * epoch) / epochs) + (0.4 * epoch) / epochs + other()),
      };
    },
  });
  const falling = (epochs: number, noise: number): Scene => ({
    epochs,
    make: (at, random) => {
      const [own, other] = [noiseOf(random, noise), noiseOf(random, noise)];
      return {
        loss: at((epoch) => 0.1 + Math.exp((-2 * epoch) / epochs) + own()),
        val_loss: at((epoch) => 0.1 + Math.exp((-2 * epoch) / epochs) + other()),
      };
    },
  });
  const climbing: Scene = {
    epochs: 12,
    make: (at, random) => {
      const own = noiseOf(random, 0.05);
      return { loss: at((epoch) => 0.6 + 0.05 * epoch + own()) };
    },
  };
  const leaping: Scene = {
    epochs: 20,
    make: (at, random) => {
      const own = noiseOf(random, 0.01);
      const leap = 3 + Math.floor(random.uniform() * 14);
      return { loss: at((epoch) => 0.2 + Math.exp(-epoch / 4) + own() + (epoch === leap ? 1 : 0)) };
    },
  };
  const noisy = (epochs: number): Scene => ({
    epochs,
    make: (at, random) => {
      const other = noiseOf(random, 0.15);
      return {
        loss: at((epoch) => 0.2 + Math.exp(-epoch / 4)),
        val_loss: at((epoch) => 0.5 + Math.exp(-epoch / 4) + other()),
      };
    },
  });
  const shares = (own: number, other: number, options: DiagnoseOptions): Scene => ({
    epochs: 2,
    make: (_at, random) => {
      const { trainingSamples = 0, validationSamples = 0 } = options;
      const [learned, held] = [measured(random, own, trainingSamples), measured(random, other, validationSamples)];
      return { loss: [1, 1], accuracy: [learned, learned], val_accuracy: [held, held] };
    },
    options,
  });
  const cases: readonly (readonly [FindingCode, string, Scene])[] = [
    ["overfitting", "in 10 epochs", overfit(10, 0.01)],
    ["overfitting", "in 30 epochs", overfit(30, 0.02)],
    ["overfitting", "in 30 epochs, neighbours alike", overfit(30, 0.02, 0.5)],
    ["overfitting", "in 300 epochs", overfit(300, 0.04)],
    ["overfitting", "by the gap alone", shares(0.99, 0.75, { trainingSamples: 400, validationSamples: 150 })],
    ["still-improving", "in 10 epochs", falling(10, 0.004)],
    ["still-improving", "in 30 epochs", falling(30, 0.01)],
    ["learning-rate-too-high", "a loss that climbs", climbing],
    ["learning-rate-too-high", "a loss that leaps", leaping],
    ["noisy-validation", "in 20 epochs", noisy(20)],
    ["noisy-validation", "in 60 epochs", noisy(60)],
    ["noisy-validation", "by the photos", shares(0.85, 0.85, { trainingSamples: 200, validationSamples: 50 })],
    [
      "underfitting",
      "of five classes",
      shares(0.4, 0.38, { trainingSamples: 200, validationSamples: 60, chance: 0.2 }),
    ],
    [
      "underfitting",
      "of two classes",
      shares(0.6, 0.6, { trainingSamples: 200, validationSamples: 200, chance: 0.5, augmented: true }),
    ],
    ["validation-too-easy", "by the figures", shares(0.8, 0.93, { trainingSamples: 400, validationSamples: 200 })],
  ];
  it.each(cases)("%s, %s", (code, _what, scene) => {
    expect(shareOf(scene, code)).toBeGreaterThanOrEqual(0.9);
  });
});

describe("diagnose", () => {
  it("says which epoch was best, and what to do", () => {
    const history = {
      loss: [0.9, 0.6, 0.4, 0.3, 0.22, 0.16, 0.12, 0.09],
      val_loss: [1, 0.8, 0.72, 0.74, 0.78, 0.83, 0.87, 0.93],
    };
    const [finding] = diagnose(history);
    expect(finding?.message).toMatch(
      /^From epoch 3 on the validation loss rises \(0\.720 to 0\.9\d+\).*augmentation or dropout\.$/,
    );
  });

  it("names the epoch in which the loss was lost", () => {
    expect(diagnose({ loss: [1, 2, NaN] })).toEqual([
      {
        code: "learning-rate-too-high",
        message: "In epoch 3 the training loss is NaN: the steps are too large. Divide the learning rate by 3 to 10.",
      },
    ]);
  });

  it("takes a validation that is ahead of training for easy only where neither augmentation nor the mean over an epoch explains it", () => {
    const history = { loss: [1, 0.5], acc: [0.5, 0.7], val_acc: [0.6, 0.85] };
    const samples = { trainingSamples: 1000, validationSamples: 1000 };
    expect(diagnose(history, samples)).toEqual([]);
    const flat = { loss: [1, 0.5], acc: [0.7, 0.7], val_acc: [0.85, 0.85] };
    expect(diagnose(flat, samples).map(({ code }) => code)).toEqual(["validation-too-easy"]);
    expect(diagnose(flat, { ...samples, augmented: true })).toEqual([]);
    // A single epoch begins with nothing: its mean says little.
    expect(diagnose({ loss: [1], acc: [0.5], val_acc: [0.9] }, samples)).toEqual([]);
  });

  it("does not call steps large that shake what these photos had taught already", () => {
    const loss = [0.009, 0.012, 0.05, 0.045, 0.03, 0.02, 0.012, 0.01, 0.009, 0.009];
    const falls = loss.map((_, epoch) => 0.5 - 0.001 * epoch);
    expect(diagnose({ loss, val_loss: falls })).toEqual([]);
    expect(diagnose({ loss }).map(({ code }) => code)).toEqual(["learning-rate-too-high"]);
  });

  it("does not call a training weak that has not ended", () => {
    const loss = Array.from({ length: 12 }, (_, epoch) => 2 - 0.05 * epoch);
    const accuracy = loss.map((_, epoch) => 0.2 + 0.01 * epoch);
    const history = { loss, val_loss: loss, accuracy, val_accuracy: accuracy };
    const options = { trainingSamples: 500, validationSamples: 500, chance: 0.2 };
    expect(diagnose(history, options).map(({ code }) => code)).toEqual(["still-improving"]);
  });

  it("refuses what is no history, and numbers of samples that are none", () => {
    expect(() => diagnose({})).toThrow(UsageError);
    expect(() => diagnose({ loss: [] })).toThrow(/history/);
    expect(() => diagnose({ loss: [1] }, { validationSamples: 0 })).toThrow(/validationSamples/);
    expect(() => diagnose({ loss: [1] }, { chance: 2 })).toThrow(/chance/);
  });
});

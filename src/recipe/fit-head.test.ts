import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { float32, type TensorData } from "../onnx/tensor-data.js";
import { Generator } from "../random/generator.js";
import { createNodeRuntime } from "../runtime/node/runtime.js";
import { HeadFitter, type LabelledFeatures } from "./fit-head.js";
import { foldsOf } from "./folds.js";
import { photoWeights } from "./class-weights.js";
import { logLoss, shareRight } from "./probabilities.js";

const width = 40;

/** Photos whose classes differ in the first three features, by `apart`; all else is noise. */
function photos(
  count: number,
  apart: number,
  seed: number,
  labels: readonly number[] = Array.from({ length: count }, (_, photo) => photo % 3),
): LabelledFeatures {
  const random = new Generator(seed);
  const features = new Float32Array(count * width);
  random.normalInto(features);
  for (const [photo, label] of labels.entries())
    features[photo * width + label] = (features[photo * width + label] ?? 0) + apart;
  return {
    features: float32(features, [count, width]),
    labels,
    folds: foldsOf(
      labels,
      labels.map((_, photo) => String(photo)),
      new Generator(1),
    ),
  };
}

let fitter: HeadFitter;
beforeAll(async () => {
  fitter = await HeadFitter.create(createNodeRuntime(), width, 3);
});
afterAll(() => fitter.release());

async function lossOnNew(
  set: LabelledFeatures,
  apart: number,
): Promise<{ held: number; fresh: number; penalty: number }> {
  const { classifier, heldOut, penalty } = await fitter.fit(set);
  const fresh = photos(3000, apart, 99);
  return {
    held: logLoss(heldOut, set.labels),
    fresh: logLoss(await fitter.logits(fresh.features, classifier), fresh.labels),
    penalty,
  };
}

describe("HeadFitter", () => {
  it("says by the photos that it holds out what its classifier is worth on new ones", async () => {
    const { held, fresh } = await lossOnNew(photos(240, 3, 7), 3);
    // The standard error of 240 losses, each about 0.5 apart from their mean, is 0.03; the whole has a fifth more photos.
    expect(Math.abs(held - fresh)).toBeLessThan(0.12);
    expect(fresh).toBeLessThan(0.6);
  });

  it("bends less where classes are hard to tell apart: what it says of noise is no worse than guessing", async () => {
    const clear = await lossOnNew(photos(90, 6, 7), 6);
    const noise = await lossOnNew(photos(90, 0, 7), 0);
    expect(noise.penalty).toBeGreaterThan(clear.penalty);
    expect(noise.fresh).toBeLessThan(1.05 * Math.log(3));
  });

  it("brings the features of each map to a deviation of their own, so that a map of small numbers says as much", async () => {
    const set = photos(90, 4, 7);
    const faint = float32(
      set.features.data.map((value, index) => (index % width < width / 2 ? value / 100 : value)),
      [90, width],
    );
    const widths = [width / 2, width / 2];
    const [one, other] = [await fitter.fit({ ...set, widths }), await fitter.fit({ ...set, widths, features: faint })];
    other.classifier.kernel.data.forEach((value, place) => {
      expect(value).toBeCloseTo(one.classifier.kernel.data[place] ?? NaN, 2);
    });
    const { classifier } = await fitter.fit({ ...set, features: faint });
    const largest = (kernel: ArrayLike<number>): number => Math.max(...Array.from(kernel, Math.abs));
    // The classes differ in the first features: as a part of one map they are all but lost.
    expect(largest(classifier.kernel.data)).not.toBeCloseTo(largest(one.classifier.kernel.data), 1);
  });

  it("never holds a photo out of a part whose views it learns from", async () => {
    // Views that say all of a photo: a classifier that had seen them would be sure of it.
    const set = photos(60, 0, 7);
    const views: TensorData<"float32"> = float32(
      [...set.features.data].flatMap((_, index, all) =>
        index % width === 0 ? [...all.slice(index, index + width), ...all.slice(index, index + width)] : [],
      ),
      [120, width],
    );
    const { heldOut, classifier } = await fitter.fit({ ...set, views });
    expect(shareRight(heldOut, set.labels)).toBeLessThan(0.6);
    const twice = await fitter.fit(set);
    // Each view counts half: the same photos twice teach the same.
    classifier.kernel.data.forEach((value, place) => {
      expect(value).toBeCloseTo(twice.classifier.kernel.data[place] ?? NaN, 2);
    });
  });

  describe("where each class counts alike", () => {
    const uneven = (count: number, few: number): number[] =>
      Array.from({ length: count }, (_, photo) => (photo < few ? 2 : photo % 2));
    const balanced = (set: LabelledFeatures): LabelledFeatures => ({
      ...set,
      weights: photoWeights({ kind: "balanced", byClass: [] }, set.labels),
    });

    it("does not give up a class that has few photos", async () => {
      const set = photos(420, 3, 7, uneven(420, 20));
      const fresh = photos(200, 3, 99, uneven(200, 200));
      const missed = async (given: LabelledFeatures): Promise<number> =>
        1 - shareRight(await fitter.logits(fresh.features, (await fitter.fit(given)).classifier), fresh.labels);
      expect(await missed(balanced(set))).toBeLessThan(0.6 * (await missed(set)));
    });

    it("is not held back by the only photo of a class, of which nothing can be known without it", async () => {
      const set = balanced(photos(61, 6, 7, uneven(61, 1)));
      const { penalty } = await fitter.fit(set);
      expect(penalty).toBeLessThan(1);
    });
  });
});

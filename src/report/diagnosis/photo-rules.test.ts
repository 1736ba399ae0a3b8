import { describe, expect, it } from "vitest";
import type { LearningCurve } from "../../recipe/learning-curve.js";
import { Generator } from "../../random/generator.js";
import { extrapolate } from "../../recipe/extrapolation.js";
import { tooFewPhotos } from "./photo-rules.js";

const sizes = [12, 25, 50, 100];

/** A learning curve of 150 photos, each of which is wrong by chance, with a probability that falls with photos. */
function curveOf(floor: number, slope: number, seed: number): LearningCurve {
  const random = new Generator(seed);
  // Half of what makes a photo hard is its own, the other half differs from classifier to classifier.
  const own = Array.from({ length: 150 }, () => random.uniform());
  const points = sizes.map((photos) => ({
    photos,
    values: own.map((hard) =>
      (random.uniform() < 0.5 ? hard : random.uniform()) < floor + slope / Math.sqrt(photos) ? 1 : 0,
    ),
  }));
  const { from, to, gain, curve } = extrapolate(points, { from: 100, to: 200, random });
  const right = ({ value, low, high }: typeof from) => ({ value: 1 - value, low: 1 - high, high: 1 - low });
  return {
    points: [],
    now: { photos: 100, accuracy: right(from), loss: from },
    doubled: { photos: 200, accuracy: right(to), loss: to },
    gain,
    curves: { error: curve, loss: curve },
  };
}

function shareOf(floor: number, slope: number): number {
  const fired = Array.from({ length: 200 }, (_, seed) =>
    tooFewPhotos(curveOf(floor, slope, seed), { rarest: 30, accuracy: 0.8 }),
  );
  return fired.filter((finding) => finding !== undefined).length / 200;
}

describe("too-few-photos", () => {
  it("fires in at most 5 % where more photos do not help", () => {
    expect(shareOf(0.2, 0)).toBeLessThanOrEqual(0.05);
  });

  it("fires in at least 90 % where they do", () => {
    expect(shareOf(0.02, 1.5)).toBeGreaterThanOrEqual(0.9);
  });

  it("says how many, or what to do to find out", () => {
    const curve = curveOf(0.02, 1.5, 1);
    expect(tooFewPhotos(curve, { rarest: 30, accuracy: 0.8 })?.message).toMatch(
      /^Twice as many photos would raise the accuracy to about 8\d\.\d % \(now 8\d\.\d %;/,
    );
    expect(tooFewPhotos(undefined, { rarest: 5, accuracy: 0.8 })?.message).toMatch(/only 5 photos.*--learning-curve/);
    expect(tooFewPhotos(undefined, { rarest: 1, accuracy: 0.8 })?.message).toMatch(/a single photo/);
    expect(tooFewPhotos(undefined, { rarest: 30, accuracy: 0.8 })).toBeUndefined();
    expect(tooFewPhotos(undefined, { rarest: 0, accuracy: 0.8 })).toBeUndefined();
  });
});

import { describe, expect, it, test } from "vitest";
import { float32, type TensorData } from "../onnx/tensor-data.js";
import { Generator } from "../random/generator.js";
import { choose } from "./choose.js";
import { photoWeights } from "./class-weights.js";
import { logLoss } from "./probabilities.js";

const photos = 200;
const labels = Array.from({ length: photos }, (_, photo) => photo % 2);
const folds = labels.map((_, photo) => photo % 5);

/** Logits in which the right class lies `apart` above the other, and noise. */
function said(apart: number, seed: number): TensorData<"float32"> {
  const random = new Generator(seed);
  const values = new Float32Array(photos * 2);
  random.normalInto(values);
  for (const [photo, label] of labels.entries()) values[photo * 2 + label] = (values[photo * 2 + label] ?? 0) + apart;
  return float32(values, [photos, 2]);
}

describe("choose", () => {
  it("takes the best of those that are better by more than luck", () => {
    expect(choose([said(1, 1), said(2, 2), said(3, 3)], labels, folds).index).toBe(2);
  });

  it("stays with the first where no other is better", () => {
    expect(choose([said(2, 1), said(1, 2)], labels, folds).index).toBe(0);
    expect(choose([said(2, 1), said(2, 1)], labels, folds).index).toBe(0);
  });

  it("reports what photos say that have chosen nothing: choosing among many worthless ones gains nothing", () => {
    const worthless = Array.from({ length: 10 }, (_, seed) => said(0, seed + 1));
    const gains = [0, 1, 2, 3, 4].map((shift) => {
      const { heldOut } = choose([...worthless.slice(shift * 2), ...worthless.slice(0, shift * 2)], labels, folds);
      return Math.log(2) - logLoss(heldOut, labels);
    });
    // Guessing costs log 2 a photo.
    expect(gains.reduce((sum, gain) => sum + gain, 0) / gains.length).toBeLessThan(0.01);
  });

  it("measures each at a temperature of its own", () => {
    const logits = said(2, 1);
    const sure = float32(
      logits.data.map((value) => value * 4),
      logits.dims,
    );
    const one = choose([logits], labels, folds);
    const other = choose([sure], labels, folds);
    // Less than 4, for it is expected near 1.
    expect(other.temperature / one.temperature).toBeGreaterThan(3.3);
    expect(other.temperature / one.temperature).toBeLessThan(4);
    expect(logLoss(other.heldOut, labels)).toBeCloseTo(logLoss(one.heldOut, labels), 2);
    expect(choose([logits, sure], labels, folds).index).toBe(0);
  });
});

/** 200 photos of one class and 10 of another. */
const unequalLabels = Array.from({ length: 210 }, (_, photo) => (photo % 21 === 0 ? 1 : 0));
const unequalFolds = unequalLabels.map((_, photo) => photo % 5);

/** Logits by which so many in ten of each class are told apart. */
function recognising(large: number, small: number): TensorData<"float32"> {
  const seen = [0, 0];
  const logits = unequalLabels.flatMap((label) => {
    const number = seen[label] ?? 0;
    seen[label] = number + 1;
    const right = number % 10 < (label === 0 ? large : small);
    return right === (label === 0) ? [1.5, -1.5] : [-1.5, 1.5];
  });
  return float32(logits, [unequalLabels.length, 2]);
}

test("who misses a small class is chosen where photos count alike, and not where classes do", () => {
  const candidates = [recognising(8, 9), recognising(9, 2)];
  expect(choose(candidates, unequalLabels, unequalFolds).index).toBe(1);
  const weights = photoWeights({ kind: "balanced", byClass: [] }, unequalLabels);
  expect(choose(candidates, unequalLabels, unequalFolds, weights).index).toBe(0);
});

test("temperatures are those of photos as they come, whatever they count", () => {
  const one = [recognising(8, 2)];
  const weights = photoWeights({ kind: "balanced", byClass: [] }, unequalLabels);
  expect(choose(one, unequalLabels, unequalFolds, weights).temperature).toBe(
    choose(one, unequalLabels, unequalFolds).temperature,
  );
});

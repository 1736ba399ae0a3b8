import { expect, test } from "vitest";
import { float32, type TensorData } from "../onnx/tensor-data.js";
import { choose } from "./choose.js";
import { photoWeights } from "./class-weights.js";

/** 200 photos of one class and 10 of another. */
const labels = Array.from({ length: 210 }, (_, photo) => (photo % 21 === 0 ? 1 : 0));
const folds = labels.map((_, photo) => photo % 5);

/** Logits by which so many in ten of each class are told apart. */
function recognising(large: number, small: number): TensorData<"float32"> {
  const seen = [0, 0];
  const logits = labels.flatMap((label) => {
    const number = seen[label] ?? 0;
    seen[label] = number + 1;
    const right = number % 10 < (label === 0 ? large : small);
    return right === (label === 0) ? [1.5, -1.5] : [-1.5, 1.5];
  });
  return float32(logits, [labels.length, 2]);
}

test("who misses a small class is chosen where photos count alike, and not where classes do", () => {
  const candidates = [recognising(8, 9), recognising(9, 2)];
  expect(choose(candidates, labels, folds).index).toBe(1);
  const weights = photoWeights({ kind: "balanced", byClass: [] }, labels);
  expect(choose(candidates, labels, folds, weights).index).toBe(0);
});

test("temperatures are those of photos as they come, whatever they count", () => {
  const one = [recognising(8, 2)];
  const weights = photoWeights({ kind: "balanced", byClass: [] }, labels);
  expect(choose(one, labels, folds, weights).temperature).toBe(choose(one, labels, folds).temperature);
});

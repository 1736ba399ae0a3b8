import { coverage } from "./coverage.js";
import type { HeldOut } from "./fine-tune-types.js";

/**
 * How probable a class must be for a prediction to name it, so that the right one is named for 95 % of new photos of the same
 * kind (split conformal prediction). It is the guarantee's own rounding: of `n` held-out photos, the class of all but
 * `n − ⌈(n + 1) · 0.95⌉` gets this probability or more.
 *
 * @param probabilities of the right class of each photo, by a classifier that has not learned from it
 * @returns in [0, 1]; `undefined` for fewer than 19 photos, of which no such threshold follows
 * @see https://arxiv.org/abs/2107.07511, section 1
 */
export function setThreshold(probabilities: readonly number[]): number | undefined {
  const needed = Math.ceil((probabilities.length + 1) * coverage);
  const descending = [...probabilities].sort((a, b) => b - a);
  return descending[needed - 1];
}

/** {@link setThreshold} of what was said of photos that were held out. */
export function thresholdOf({ truth, probabilities }: HeldOut): number | undefined {
  return setThreshold(truth.map((label, photo) => probabilities[photo]?.[label] ?? 0));
}

/**
 * The classes that a prediction names: all that are probable enough, at least the most probable one.
 *
 * @param probabilities of each class
 * @param threshold what {@link setThreshold} gave
 * @returns numbers of the classes, the most probable first
 */
export function predictionSet(probabilities: ArrayLike<number>, threshold: number): number[] {
  const order = Array.from(probabilities, (_, index) => index).sort(
    (a, b) => (probabilities[b] ?? 0) - (probabilities[a] ?? 0),
  );
  return order.filter((index, place) => place === 0 || (probabilities[index] ?? 0) >= threshold);
}

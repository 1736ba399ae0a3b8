import { float32, type TensorData } from "../onnx/tensor-data.js";
import { better, errorsBetter } from "./evidence.js";
import { losses } from "./probabilities.js";
import { rowsAt } from "./rows.js";
import { tempered, temperatureOf } from "./temperature.js";

/** What {@link choose} found. */
export interface Choice {
  /** Number of the candidate. */
  readonly index: number;
  /** What its logits are divided by. */
  readonly temperature: number;
  /**
   * `[photos, classes]`: logits of each photo by the candidate, at the temperature, that the other parts would have chosen. The photo has
   * chosen nothing, so the figures of these hold for new photos.
   */
  readonly heldOut: TensorData<"float32">;
  /** By how many standard errors the best of the others is better than the first candidate, all photos asked: below 0 where none is. */
  readonly errors: number;
}

/**
 * Chooses between classifiers by photos that none of them has learned from: the first one, unless the evidence says that another is
 * better; of those the one with the lowest loss. Each is measured at its own temperature, which makes the photos as they come most
 * likely; it is the losses that are compared in which they count by their weights.
 *
 * @param candidates what each says of the photos: logits `[photos, classes]`
 * @param labels number of each photo's class
 * @param folds the part of each photo, from `foldsOf`
 * @param weights how much each photo counts in the comparison; default all alike
 */
export function choose(
  candidates: readonly TensorData<"float32">[],
  labels: readonly number[],
  folds: readonly number[],
  weights?: readonly number[],
): Choice {
  const [photos = 0, classes = 0] = candidates[0]?.dims ?? [];
  const heldOut = new Float32Array(photos * classes);
  for (const fold of new Set(folds)) {
    const { logits, temperature } = best(candidates, labels, (photo) => folds[photo] !== fold, weights);
    const { data } = tempered(logits, temperature);
    for (const [photo, own] of folds.entries()) {
      if (own === fold) heldOut.set(data.subarray(photo * classes, (photo + 1) * classes), photo * classes);
    }
  }
  const { index, temperature, errors } = best(candidates, labels, () => true, weights);
  return { index, temperature, errors, heldOut: float32(heldOut, [photos, classes]) };
}

/** The choice by some of the photos. */
function best(
  candidates: readonly TensorData<"float32">[],
  labels: readonly number[],
  counts: (photo: number) => boolean,
  weights?: readonly number[],
): Pick<Choice, "index" | "temperature" | "errors"> & { readonly logits: TensorData<"float32"> } {
  const photos = labels.flatMap((_, photo) => (counts(photo) ? [photo] : []));
  const own = photos.map((photo) => labels[photo] ?? 0);
  const counted = photos.map((photo) => weights?.[photo] ?? 1);
  const measured = candidates.map((logits, index) => {
    const rows = rowsAt(logits, photos);
    const temperature = temperatureOf(rows, own);
    return { index, logits, temperature, losses: losses(tempered(rows, temperature), own, counted) };
  });
  const [, classes = 0] = candidates[0]?.dims ?? [];
  const [first, ...others] = measured;
  if (first === undefined) throw new RangeError("There is no candidate to choose.");
  const convincing = others.filter((other) => better(other.losses, first.losses, classes));
  const taken = convincing.reduce(
    (lowest, other) => (lowest === first || mean(other.losses) < mean(lowest.losses) ? other : lowest),
    first,
  );
  const errors = Math.max(...others.map((other) => errorsBetter(other.losses, first.losses, classes)).map(orWorst));
  return { ...taken, errors };
}

/** Who answers with no numbers is as bad as can be. */
function orWorst(errors: number): number {
  return Number.isNaN(errors) ? Number.NEGATIVE_INFINITY : errors;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

import { float32, type TensorData } from "../onnx/tensor-data.js";
import { better } from "./evidence.js";
import { losses } from "./probabilities.js";
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
}

/**
 * Chooses between classifiers by photos that none of them has learned from: the first one, unless the evidence says that another is
 * better; of those the one with the lowest loss. Each is measured at its own temperature.
 *
 * @param candidates what each says of the photos: logits `[photos, classes]`
 * @param labels number of each photo's class
 * @param folds the part of each photo, from `foldsOf`
 */
export function choose(
  candidates: readonly TensorData<"float32">[],
  labels: readonly number[],
  folds: readonly number[],
): Choice {
  const [photos = 0, classes = 0] = candidates[0]?.dims ?? [];
  const heldOut = new Float32Array(photos * classes);
  for (const fold of new Set(folds)) {
    const { logits, temperature } = best(candidates, labels, (photo) => folds[photo] !== fold);
    const { data } = tempered(logits, temperature);
    for (const [photo, own] of folds.entries()) {
      if (own === fold) heldOut.set(data.subarray(photo * classes, (photo + 1) * classes), photo * classes);
    }
  }
  const { index, temperature } = best(candidates, labels, () => true);
  return { index, temperature, heldOut: float32(heldOut, [photos, classes]) };
}

/** The choice by some of the photos. */
function best(
  candidates: readonly TensorData<"float32">[],
  labels: readonly number[],
  counts: (photo: number) => boolean,
): Pick<Choice, "index" | "temperature"> & { readonly logits: TensorData<"float32"> } {
  const photos = labels.flatMap((_, photo) => (counts(photo) ? [photo] : []));
  const own = photos.map((photo) => labels[photo] ?? 0);
  const measured = candidates.map((logits, index) => {
    const rows = rowsOf(logits, photos);
    const temperature = temperatureOf(rows, own);
    return { index, logits, temperature, losses: losses(tempered(rows, temperature), own) };
  });
  const [first, ...others] = measured;
  if (first === undefined) throw new RangeError("There is no candidate to choose.");
  const convincing = others.filter((other) => better(other.losses, first.losses));
  return convincing.reduce(
    (lowest, other) => (lowest === first || mean(other.losses) < mean(lowest.losses) ? other : lowest),
    first,
  );
}

function rowsOf({ data, dims }: TensorData<"float32">, rows: readonly number[]): TensorData<"float32"> {
  const [, width = 0] = dims;
  const picked = new Float32Array(rows.length * width);
  for (const [place, row] of rows.entries()) picked.set(data.subarray(row * width, (row + 1) * width), place * width);
  return float32(picked, [rows.length, width]);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

import { mostProbable } from "./most-probable.js";

/** Ranges of probabilities that are compared, equally wide. */
const bins = 15;

/** Predictions whose probabilities lie in one range. */
export interface CalibrationBin {
  readonly photos: number;
  /** Mean probability of the classes that were named; `NaN` without photos. */
  readonly probability: number;
  /** Share of them that is right; `NaN` without photos. */
  readonly right: number;
}

/**
 * Predictions by the probability of the class that they name, in 15 equally wide ranges from 0 to 1.
 *
 * @param truth number of each photo's class
 * @param probabilities for each photo one for each class
 */
export function calibrationBins(
  truth: readonly number[],
  probabilities: readonly ArrayLike<number>[],
): readonly CalibrationBin[] {
  const sums = Array.from({ length: bins }, () => ({ photos: 0, probability: 0, right: 0 }));
  for (const [photo, row] of probabilities.entries()) {
    const named = mostProbable(row);
    const probability = row[named] ?? 0;
    const bin = sums[Math.min(bins - 1, Math.max(0, Math.ceil(probability * bins) - 1))];
    if (bin === undefined) continue;
    bin.photos++;
    bin.probability += probability;
    if (named === truth[photo]) bin.right++;
  }
  return sums.map(({ photos, probability, right }) => ({
    photos,
    probability: probability / photos,
    right: right / photos,
  }));
}

/**
 * How far probabilities are from what they say: expected calibration error. In each range of {@link calibrationBins} the mean probability is
 * compared with the share that is right; the differences are averaged over all photos.
 *
 * @param truth number of each photo's class
 * @param probabilities for each photo one for each class
 * @returns in [0, 1]; 0 of no photos
 * @see https://arxiv.org/abs/1706.04599
 */
export function calibrationError(truth: readonly number[], probabilities: readonly ArrayLike<number>[]): number {
  const gaps = calibrationBins(truth, probabilities).map(({ photos, probability, right }) =>
    photos === 0 ? 0 : photos * Math.abs(probability - right),
  );
  return truth.length === 0 ? 0 : gaps.reduce((sum, gap) => sum + gap, 0) / truth.length;
}

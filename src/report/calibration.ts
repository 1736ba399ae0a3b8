import { mostProbable } from "./most-probable.js";

/** Ranges of probabilities that are compared, equally wide. */
const bins = 15;

/**
 * How far probabilities are from what they say: expected calibration error. Predictions are put into 15 equally wide ranges by the
 * probability of the class they name; in each, the mean of these is compared with the share that is right; the differences are
 * averaged over all photos.
 *
 * @param truth number of each photo's class
 * @param probabilities for each photo one for each class
 * @returns in [0, 1]; 0 of no photos
 * @see https://arxiv.org/abs/1706.04599
 */
export function calibrationError(truth: readonly number[], probabilities: readonly ArrayLike<number>[]): number {
  const gaps = new Float64Array(bins);
  for (const [photo, row] of probabilities.entries()) {
    const named = mostProbable(row);
    const probability = row[named] ?? 0;
    const bin = Math.min(bins - 1, Math.max(0, Math.ceil(probability * bins) - 1));
    gaps[bin] = (gaps[bin] ?? 0) + probability - (named === truth[photo] ? 1 : 0);
  }
  return truth.length === 0 ? 0 : gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / truth.length;
}

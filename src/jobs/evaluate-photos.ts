import { type Evaluation, evaluation } from "../report/confusion.js";
import type { Classifier } from "../recipe/classifier.js";
import type { LabelledPhoto } from "../recipe/fine-tune-types.js";
import { lookAtPhotos } from "../recipe/look-at-photos.js";
import type { Reporter } from "../cli/reporter.js";

/** What was measured, and what could not be. */
export interface MeasuredPhotos {
  readonly evaluation: Evaluation;
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
}

/**
 * Measures a classifier on photos; those that cannot be read are reported and left out.
 *
 * @param classifier what is measured
 * @param photos whose `classIndex` counts in the classifier's labels
 * @param reporter hears of skipped photos and of the progress
 * @param what words for the bar
 * @param signal ends the measuring early
 */
export async function evaluatePhotos(
  classifier: Classifier,
  photos: readonly LabelledPhoto[],
  reporter: Reporter,
  what: string,
  signal?: AbortSignal,
): Promise<MeasuredPhotos> {
  const skipped: { path: string; reason: string }[] = [];
  const truth: number[] = [];
  const probabilities: Float32Array[] = [];
  let done = 0;
  for await (const looked of lookAtPhotos(classifier, photos)) {
    if (signal?.aborted === true) break;
    if ("reason" in looked) {
      const { path } = looked.item;
      skipped.push({ path, reason: looked.reason });
      reporter.skipped(path, looked.reason);
    } else {
      truth.push(looked.item.classIndex);
      probabilities.push(looked.probabilities);
    }
    done++;
    reporter.progress({ stage: "evaluating", unit: "photos", done, total: photos.length }, { what });
  }
  return { evaluation: evaluation(classifier.labels, truth, probabilities), skipped };
}

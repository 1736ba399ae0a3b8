import { type Evaluation, evaluation } from "../report/confusion.js";
import type { Classifier } from "../training/classifier.js";
import type { LabelledPhoto } from "../training/fine-tune-types.js";
import { decodeAhead } from "./decode-ahead.js";
import type { Reporter } from "./reporter.js";

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
  for await (const decoded of decodeAhead(photos, { resizedTo: classifier.imageSize })) {
    if (signal?.aborted === true) break;
    if ("reason" in decoded) {
      const { path } = decoded.item;
      skipped.push({ path, reason: decoded.reason });
      reporter.skipped(path, decoded.reason);
    } else {
      truth.push(decoded.item.classIndex);
      probabilities.push(await classifier.predict(decoded.photo));
    }
    done++;
    reporter.progress({ stage: "evaluating", unit: "photos", done, total: photos.length }, { what });
  }
  return { evaluation: evaluation(classifier.labels, truth, probabilities), skipped };
}

import type { Photo } from "../photos/photo.js";
import type { PhotoRoot } from "../photos/photo-root.js";
import type { Classifier } from "../recipe/classifier.js";
import { lookAtPhotos } from "../recipe/look-at-photos.js";
import { type Evaluation, evaluation } from "../report/confusion.js";
import { type SaidOfPhoto, saidOfPhoto } from "../report/said-of-photo.js";
import type { JobEvent } from "./events.js";

/** What was measured, and what could not be. */
export interface MeasuredPhotos {
  readonly evaluation: Evaluation;
  /** Photos that are like nothing that was learned from; `undefined` where the classifier does not say which are. */
  readonly foreign: number | undefined;
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  /** What was said of each photo. */
  readonly said: readonly SaidOfPhoto[];
}

/**
 * Measures a classifier on photos; those that cannot be read are reported and left out.
 *
 * @param classifier what is measured
 * @param measured photos, whose `classIndex` counts in the classifier's labels, and the folder that they lie in
 * @param emit hears of skipped photos and of the progress
 * @param signal ends the measuring early
 * @throws PhotosGoneError when the folder has gone
 */
export async function evaluatePhotos(
  classifier: Classifier,
  measured: { readonly photos: readonly Photo[]; readonly root: PhotoRoot },
  emit: (event: JobEvent) => void,
  signal?: AbortSignal,
): Promise<MeasuredPhotos> {
  const { photos, root } = measured;
  const skipped: { path: string; reason: string }[] = [];
  const truth: number[] = [];
  const probabilities: Float32Array[] = [];
  const said: SaidOfPhoto[] = [];
  let foreign = 0;
  let done = 0;
  for await (const looked of lookAtPhotos(classifier, photos, root)) {
    if (signal?.aborted === true) break;
    if ("reason" in looked) {
      const { path } = looked.item;
      const { reason } = looked;
      skipped.push({ path, reason });
      emit({ event: "skipped", path, reason });
    } else {
      truth.push(looked.item.classIndex);
      probabilities.push(looked.probabilities);
      said.push(saidOfPhoto(looked.item.path, looked.item.classIndex, looked.probabilities));
      if (looked.foreign === true) foreign++;
    }
    done++;
    emit({ event: "progress", stage: "evaluating", unit: "photos", done, total: photos.length });
  }
  return {
    evaluation: evaluation(classifier.labels, truth, probabilities),
    foreign: classifier.distanceThreshold === undefined ? undefined : foreign,
    skipped,
    said,
  };
}

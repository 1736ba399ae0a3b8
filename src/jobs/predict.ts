import { stat } from "node:fs/promises";
import { shellWord } from "../errors/shell-word.js";
import { FileError, UsageError } from "../errors/errors.js";
import { namedRecord } from "../errors/named-record.js";
import { count } from "../errors/words.js";
import { PhotoError } from "../photos/photo-error.js";
import { readableFormats } from "../photos/photo-format.js";
import type { Classifier } from "../recipe/classifier.js";
import { lookAtPhotos } from "../recipe/look-at-photos.js";
import { predictionSet } from "../recipe/prediction-set.js";
import { mostProbable } from "../report/most-probable.js";
import type { JobEvent } from "./events.js";
import { type JobContext, openDevice } from "./job.js";

/** What `graft predict` is asked for. */
export interface PredictRequest {
  /** A run folder, or a `model.onnx`. */
  readonly model: string;
  /** Paths of files. */
  readonly photos: readonly string[];
  readonly device: string;
  /** Told of the classes before the first photo is looked at. */
  readonly onLabels?: (labels: readonly string[]) => void;
}

async function refuseFolders(photos: readonly string[]): Promise<void> {
  for (const path of photos) {
    // What cannot be looked at is reported when it is decoded.
    const isFolder = await stat(path).then(
      (entry) => entry.isDirectory(),
      () => false,
    );
    if (!isFolder) continue;
    const word = shellWord(path, process.platform);
    throw new UsageError(`${path} is a folder, not a photo.`, {
      subject: path,
      expected: "the path of a photo",
      received: "a folder",
      advice:
        process.platform === "win32"
          ? `To look at all photos in it, list them; to measure on labelled photos, use: graft evaluate MODEL ${word}`
          : `To look at all photos in it: graft predict MODEL ${shellWord(path.replace(/\/*$/, "/"), process.platform)}*. ` +
            `To measure on labelled photos: graft evaluate MODEL ${word}`,
    });
  }
}

/** Looks at the photos; gives those that could not be read. */
async function look(
  classifier: Classifier,
  photos: readonly string[],
  emit: (event: JobEvent) => void,
): Promise<readonly { readonly path: string; readonly reason: string }[]> {
  const { labels } = classifier;
  const skipped: { path: string; reason: string }[] = [];
  for await (const looked of lookAtPhotos(
    classifier,
    photos.map((path) => ({ path })),
  )) {
    const { path } = looked.item;
    if ("reason" in looked) {
      const { reason } = looked;
      skipped.push({ path, reason });
      emit({ event: "skipped", path, reason });
      continue;
    }
    const { probabilities, distance, foreign } = looked;
    const best = mostProbable(probabilities);
    const { setThreshold } = classifier;
    const named = setThreshold === undefined ? undefined : predictionSet(probabilities, setThreshold);
    emit({
      event: "prediction",
      path,
      label: labels[best] ?? "",
      probability: probabilities[best] ?? 0,
      labels: named?.map((index) => labels[index] ?? ""),
      probabilities: namedRecord(labels.map((name, index) => [name, probabilities[index] ?? 0])),
      distance,
      foreign,
    });
  }
  return skipped;
}

/**
 * Says what is on photos; those that cannot be read are named and left out.
 *
 * @throws UsageError for a folder in place of a photo
 * @throws FileError when the classifier, or each of the photos, cannot be read
 */
export async function predict({ model, photos, device, onLabels }: PredictRequest, context: JobContext): Promise<void> {
  const { emit, parts } = context;
  const runtime = await openDevice(device, context);
  await refuseFolders(photos);
  const classifier = await parts.openClassifier(runtime, model, photos.length);
  try {
    onLabels?.(classifier.labels);
    const skipped = await look(classifier, photos, emit);
    const [first] = skipped;
    if (first !== undefined && skipped.length === photos.length) {
      if (photos.length === 1) throw new PhotoError(first.path, first.reason);
      throw new FileError("No photo could be used.", {
        subject: first.path,
        expected: `at least one ${readableFormats}`,
        received: `${count(photos.length, "file")} that cannot be used, such as ${first.path} (${first.reason})`,
      });
    }
    const looked = photos.length - skipped.length;
    emit({ event: "done", command: "predict", photos: looked, skipped: skipped.length, device: runtime.device });
  } finally {
    await classifier.release();
  }
}

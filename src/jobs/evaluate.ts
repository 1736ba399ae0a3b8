import { realpath } from "node:fs/promises";
import { join, relative } from "node:path";
import { FileError, UsageError } from "../errors/errors.js";
import { didYouMean } from "../errors/nearest.js";
import { count, quotedList } from "../errors/words.js";
import type { Photo, PhotoSet } from "../photos/photo.js";
import { readableFormats } from "../photos/photo-format.js";
import { PhotoRoot } from "../photos/photo-root.js";
import { type PhotoFolder, scanToMeasure } from "../photos/scan.js";
import { classifierFile } from "../recipe/open-classifier.js";
import type { Evaluation } from "../report/confusion.js";
import { readSplitRecord } from "../runs/run-record.js";
import { evaluatePhotos } from "./evaluate-photos.js";
import type { PhotoSource } from "./events.js";
import { type JobContext, openDevice } from "./job.js";

/** What `graft evaluate` is asked for. */
export interface EvaluateRequest {
  /** A run folder, or a `model.onnx`. */
  readonly model: string;
  /** Folder of photos, one folder per class, perhaps divided into sets. */
  readonly directory: string;
  readonly device: string;
}

/** Photos to measure with, and where they come from. */
interface Chosen {
  readonly set: PhotoSet;
  readonly photos: readonly Photo[];
  readonly source: PhotoSource;
  /** Whether the classifier was trained with all of them. */
  readonly trainedWith?: boolean;
  /** Why it is not known with which of them it was trained. */
  readonly unknown?: string | undefined;
}

/** Real paths of photos of a run: those that it has trained with, and those that it could not use. */
interface UsedPhotos {
  readonly trained: ReadonlySet<string>;
  readonly skipped: ReadonlySet<string>;
  /** Why nothing is known of them. */
  readonly unknown?: string | undefined;
}

async function usedPhotos(model: string): Promise<UsedPhotos> {
  const record = await readSplitRecord(model);
  // The folder may have moved since, or have lain on another computer: then nothing is known to have been trained with.
  const base = record && (await realpath(record.data.directory).catch(() => undefined));
  if (record === undefined || base === undefined) {
    const unknown =
      record === undefined
        ? "there is no run.json beside it"
        : `${record.data.directory}, which it learned from, is not there`;
    return { trained: new Set(), skipped: new Set(), unknown };
  }
  const { data, split } = record;
  return {
    trained: new Set((split.learned_from ?? split.training).map((path) => join(base, path))),
    skipped: new Set(data.skipped?.map(({ path }) => join(base, path))),
  };
}

/** Test photos, else validation photos, else all; of these, the ones that the classifier was not trained with. */
async function choose({ directory, train, validation, test }: PhotoFolder, model: string): Promise<Chosen> {
  const [set, name] =
    test !== undefined
      ? ([test, "test"] as const)
      : validation !== undefined
        ? ([validation, "validation"] as const)
        : ([train, "all"] as const);
  const source: PhotoSource = { set: name, directory: name === "all" ? directory : set.directory };
  const { trained, skipped, unknown } = await usedPhotos(model);
  const base = await realpath(set.directory).catch(() => set.directory);
  const realPath = ({ path }: Photo): string => join(base, relative(set.directory, path));
  const photos = set.photos.filter((photo) => !trained.has(realPath(photo)));
  if (photos.length === set.photos.length) return { set, photos, source, unknown };
  // What could not be read then is not what was kept out.
  if (photos.every((photo) => skipped.has(realPath(photo)))) {
    return { set, photos: set.photos, source, trainedWith: true };
  }
  return { set, photos, source: { set: "held-out", directory: set.directory } };
}

/** Numbers of the folder's classes in the classifier's labels. */
function matchClasses(classes: readonly string[], labels: readonly string[], directory: string): number[] {
  // Unicode writes some letters in two ways; folders are read in one of them.
  const known = labels.map((label) => label.normalize("NFC"));
  const extra = classes.filter((name) => !known.includes(name));
  const missing = known.filter((name) => !classes.includes(name));
  const [first] = extra;
  if (first === undefined && missing.length === 0) return classes.map((name) => known.indexOf(name));
  const advice =
    first !== undefined && missing.length > 0
      ? `${didYouMean(first, missing) ?? ""} Rename the folders, or use the classifier that belongs to them.`
      : first !== undefined
        ? "Move these folders elsewhere, or train with them."
        : "Add photos of these classes: the accuracy of a part would not be that of the whole.";
  throw new UsageError(`The classes of ${directory} are not those of the classifier.`, {
    subject: directory,
    expected: quotedList(labels),
    received: [
      ...(extra.length > 0 ? [`unknown to the classifier: ${quotedList(extra)}`] : []),
      ...(missing.length > 0 ? [`missing: ${quotedList(missing)}`] : []),
    ].join("; "),
    advice: advice.trim(),
  });
}

/** What was measured. */
export interface EvaluateResult {
  readonly evaluation: Evaluation;
  /** Photos that are like nothing that was learned from; `undefined` where the classifier does not say which are. */
  readonly foreign: number | undefined;
  readonly source: PhotoSource;
}

/**
 * Measures a classifier on labelled photos.
 *
 * @throws UsageError when the folder's classes are not the classifier's
 * @throws FileError when the classifier or all of the photos cannot be read
 */
export async function evaluate(
  { model, directory, device }: EvaluateRequest,
  context: JobContext,
): Promise<EvaluateResult> {
  const { emit, parts } = context;
  const runtime = await openDevice(device, context);
  const file = await classifierFile(model);
  const folder = await scanToMeasure(directory);
  const { photos, source, trainedWith = false, unknown } = await choose(folder, file);
  const classifier = await parts.openClassifier(runtime, file, photos.length);
  try {
    const numbers = matchClasses(folder.classes, classifier.labels, directory);
    if (trainedWith) {
      const message = "All of these photos were trained with: the accuracy says nothing about new photos.";
      emit({ event: "warning", code: "trained-on", message });
    }
    if (unknown !== undefined) {
      const message =
        `Nobody knows whether the classifier has learned from these photos (${unknown}): ` +
        "of photos that it has learned from, the accuracy says nothing about new ones.";
      emit({ event: "warning", code: "split-unknown", message });
    }
    const labelled = photos.map(({ path, classIndex }) => ({ path, classIndex: numbers[classIndex] ?? 0 }));
    emit({ event: "measuring", source });
    const { evaluation, foreign } = await evaluatePhotos(
      classifier,
      { photos: labelled, root: new PhotoRoot(directory) },
      emit,
    );
    if (evaluation.photos === 0) {
      throw new FileError(`None of the ${count(labelled.length, "photo")} can be read.`, {
        subject: directory,
        expected: `at least one ${readableFormats}`,
        received: `${count(labelled.length, "file")} that cannot be used`,
      });
    }
    const { loss, accuracy, accuracyInterval, balancedAccuracy, calibrationError, perClass, confusion } = evaluation;
    emit({
      event: "done",
      command: "evaluate",
      photos: evaluation.photos,
      loss,
      accuracy,
      accuracy_interval: accuracyInterval,
      balanced_accuracy: balancedAccuracy,
      calibration_error: calibrationError,
      foreign,
      per_class: perClass,
      confusion,
      device: runtime.device,
    });
    return { evaluation, foreign, source };
  } finally {
    await classifier.release();
  }
}

import { FileError, UsageError } from "../errors/errors.js";
import { didYouMean } from "../errors/nearest.js";
import { count, quotedList } from "../errors/words.js";
import type { Photo, PhotoSet } from "../photos/photo.js";
import { readableFormats } from "../photos/photo-format.js";
import { PhotoRoot } from "../photos/photo-root.js";
import { type PhotoFolder, scanToMeasure } from "../photos/scan.js";
import { classifierFile } from "../recipe/open-classifier.js";
import { evaluatePhotos, type MeasuredPhotos } from "./evaluate-photos.js";
import type { PhotoSource } from "./events.js";
import { type JobContext, openDevice } from "./job.js";
import { learnedBefore } from "./learned-before.js";

/** What `graft evaluate` is asked for. */
export interface EvaluateRequest {
  /** A run folder, or a `model.onnx`. */
  readonly model: string;
  /** Folder of photos, one folder per class, perhaps divided into sets. */
  readonly directory: string;
  /** Whether photos of some of the classes will do: those without are told. Default false. */
  readonly isPart?: boolean | undefined;
  readonly device: string;
}

/** Photos to measure with: test photos, else validation photos, else all. */
function photosToMeasure({ directory, train, validation, test }: PhotoFolder): {
  readonly set: PhotoSet;
  readonly source: PhotoSource;
} {
  if (test !== undefined) return { set: test, source: { set: "test", directory: test.directory } };
  if (validation !== undefined)
    return { set: validation, source: { set: "validation", directory: validation.directory } };
  return { set: train, source: { set: "all", directory } };
}

/**
 * Numbers of a folder's classes in a classifier's labels.
 *
 * @param isPart whether some of the classifier's classes may be missing
 * @throws UsageError when they are not the same classes
 */
export function matchClasses(
  classes: readonly string[],
  labels: readonly string[],
  directory: string,
  isPart = false,
): number[] {
  // Unicode writes some letters in two ways; folders are read in one of them.
  const known = labels.map((label) => label.normalize("NFC"));
  const extra = classes.filter((name) => !known.includes(name));
  const missing = known.filter((name) => !classes.includes(name));
  const [first] = extra;
  if (first === undefined && (missing.length === 0 || isPart)) return classes.map((name) => known.indexOf(name));
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
export interface EvaluateResult extends MeasuredPhotos {
  readonly source: PhotoSource;
  /** Whether the classifier has learned from these photos, so that they say nothing about others. */
  readonly isLearned: boolean;
  /** Name of the device. */
  readonly device: string;
}

/**
 * Measures a classifier on labelled photos.
 *
 * @throws UsageError when the folder's classes are not the classifier's
 * @throws FileError when the classifier or all of the photos cannot be read
 */
export async function evaluate(request: EvaluateRequest, context: JobContext): Promise<EvaluateResult> {
  const result = await measureFolder(request, context);
  const { evaluation, foreign, device } = result;
  const { photos, loss, accuracy, accuracyInterval, balancedAccuracy, calibrationError, perClass, confusion } =
    evaluation;
  context.emit({
    event: "done",
    command: "evaluate",
    photos,
    loss,
    accuracy,
    accuracy_interval: accuracyInterval,
    balanced_accuracy: balancedAccuracy,
    calibration_error: calibrationError,
    foreign,
    per_class: perClass,
    confusion,
    device,
  });
  return result;
}

/** {@link evaluate} for a job that has an end of its own. */
export async function measureFolder(
  { model, directory, isPart = false, device }: EvaluateRequest,
  context: JobContext,
): Promise<EvaluateResult> {
  const { emit, parts } = context;
  const runtime = await openDevice(device, context);
  const file = await classifierFile(model);
  const folder = await scanToMeasure(directory, { isPart });
  const { set, source: whole } = photosToMeasure(folder);
  const classifier = await parts.openClassifier(runtime, file, set.photos.length);
  try {
    const { labels } = classifier;
    const numbers = matchClasses(folder.classes, labels, directory, isPart);
    const missing = labels.filter((_, index) => !numbers.includes(index));
    if (missing.length > 0) {
      const message =
        `${directory} has photos of ${numbers.length} of the ${labels.length} classes: figures are of these. ` +
        `Without photos: ${quotedList(missing)}.`;
      emit({ event: "warning", code: "classes-missing", message });
    }
    const { photos: learned, unknown } = await learnedBefore(set, classifier, file, emit);
    const measure = async (photos: readonly Photo[], from: PhotoSource): Promise<MeasuredPhotos> => {
      const labelled = photos.map(({ path, classIndex }) => ({ path, classIndex: numbers[classIndex] ?? 0 }));
      emit({ event: "measuring", source: from });
      return evaluatePhotos(classifier, { photos: labelled, root: new PhotoRoot(directory) }, emit);
    };
    if (unknown !== undefined) {
      const message =
        `Nobody knows whether the classifier has learned from these photos (${unknown}): ` +
        "of photos that it has learned from, the accuracy says nothing about new ones.";
      emit({ event: "warning", code: "split-unknown", message });
    }
    const others = set.photos.filter((photo) => !learned.has(photo));
    let isLearned = false;
    let source: PhotoSource = learned.size === 0 ? whole : { set: "held-out", directory: set.directory };
    let measured = others.length === 0 ? undefined : await measure(others, source);
    // What nobody can read is not what was kept out.
    if (learned.size > 0 && (measured === undefined || measured.evaluation.photos === 0)) {
      const message = "All of these photos were trained with: the accuracy says nothing about new photos.";
      emit({ event: "warning", code: "trained-on", message });
      source = whole;
      isLearned = true;
      measured = await measure([...learned], whole);
    }
    const found = measured ?? (await measure([], source));
    if (found.evaluation.photos === 0) {
      throw new FileError(`None of the ${count(set.photos.length, "photo")} can be read.`, {
        subject: directory,
        expected: `at least one ${readableFormats}`,
        received: `${count(set.photos.length, "file")} that cannot be used`,
      });
    }
    return { ...found, source, isLearned, device: runtime.device };
  } finally {
    await classifier.release();
  }
}

import { FileError, GraftError, UsageError } from "../errors/errors.js";
import type { Photo, PhotoSet } from "../photos/photo.js";
import { scanToMeasure } from "../photos/scan.js";
import { learnedPhotos } from "../applications/own-classifier.js";
import type { ExportableClassifier } from "../recipe/export/exportable.js";
import type { ExportPhotos } from "../recipe/export/target.js";
import { readSplitRecord } from "../runs/run-record.js";
import { matchClasses } from "./evaluate.js";
import type { JobEvent } from "./events.js";
import { learnedBefore } from "./learned-before.js";

/**
 * Photos of a run that is exported: by their contents, those that it has learned from and those that it has not. Where it has learned from
 * all of them, every other one stands in for those that it has not.
 *
 * @param directory folder of the photos; default where they were when the run was trained
 * @param emit hears of the progress
 * @throws UsageError when nobody knows where the photos are, or their classes are others
 */
export async function exportPhotos(
  classifier: ExportableClassifier,
  directory: string | undefined,
  emit: (event: JobEvent) => void,
): Promise<ExportPhotos> {
  if (directory !== undefined) return photosIn(classifier, directory, emit);
  const from = (await readSplitRecord(classifier.file))?.data.directory;
  if (from === undefined) {
    throw new UsageError("Nobody knows where the photos of this classifier are.", {
      subject: "--photos",
      expected: "a folder with one folder per class: 8 bits are chosen by photos",
      received: `${classifier.file} without a run.json beside it`,
      advice: "Name the folder with --photos.",
    });
  }
  try {
    return await photosIn(classifier, from, emit);
  } catch (cause) {
    if (!(cause instanceof GraftError)) throw cause;
    const Kind = cause instanceof UsageError ? UsageError : FileError;
    throw new Kind(`The photos of this classifier are not in ${from} as they were when it was trained.`, {
      subject: "--photos",
      expected: cause.expected,
      received: cause.received,
      advice: "Name the folder where they are now with --photos.",
      cause,
    });
  }
}

async function photosIn(
  classifier: ExportableClassifier,
  from: string,
  emit: (event: JobEvent) => void,
): Promise<ExportPhotos> {
  const folder = await scanToMeasure(from);
  const sets = [...new Set([folder.train, folder.validation, folder.test])].flatMap((set) => set ?? []);
  const numbers = matchClasses(folder.classes, classifier.labels, from);
  const all: PhotoSet = { directory: from, classes: folder.classes, photos: sets.flatMap(({ photos }) => photos) };
  const { photos: learned, unknown: nobodyKnows } = await learnedBefore(
    all,
    { learnedPhotos: learnedPhotos(classifier) },
    classifier.file,
    emit,
  );
  const labelled = all.photos.map((photo): [Photo, boolean] => [
    { ...photo, classIndex: numbers[photo.classIndex] ?? 0 },
    learned.has(photo),
  ]);
  const [known, unknown] = [true, false].map((one) => labelled.flatMap(([photo, is]) => (is === one ? photo : [])));
  if (known === undefined || unknown === undefined) throw new TypeError("There are two lists.");
  if (known.length > 0 && unknown.length > 0) return { calibration: known, heldOut: unknown, heldOutIsNew: true };
  const photos = [...known, ...unknown];
  const half = (rest: number): Photo[] => photos.filter((_, index) => index % 2 === rest);
  return { calibration: half(0), heldOut: half(1), heldOutIsNew: known.length === 0 && nobodyKnows === undefined };
}

import { realpath } from "node:fs/promises";
import { join, relative } from "node:path";
import { PhotoError } from "../photos/photo-error.js";
import type { Photo, PhotoSet } from "../photos/photo.js";
import { photoFingerprint } from "../photos/photo-fingerprints.js";
import { photoHash } from "../photos/photo-identity.js";
import type { Classifier } from "../recipe/classifier.js";
import { processors } from "../runtime/node/processors.js";
import { workAhead } from "../runtime/work-ahead.js";
import { readSplitRecord } from "../runs/run-record.js";
import type { JobEvent } from "./events.js";

/** Which photos a classifier has learned from. */
export interface LearnedBefore {
  readonly photos: ReadonlySet<Photo>;
  /** Why nothing is known of them. */
  readonly unknown?: string | undefined;
}

/**
 * Which photos a classifier has learned from: by their contents, as its file says; files of earlier versions do not, and then by their
 * paths, as `run.json` beside it says.
 *
 * @param file of the classifier
 * @param emit hears of the progress
 */
export async function learnedBefore(
  set: PhotoSet,
  { learnedPhotos }: Pick<Classifier, "learnedPhotos">,
  file: string,
  emit: (event: JobEvent) => void,
): Promise<LearnedBefore> {
  return learnedPhotos === undefined ? byPath(set, file) : { photos: await byContent(set.photos, learnedPhotos, emit) };
}

async function byContent(
  photos: readonly Photo[],
  learned: ReadonlySet<string>,
  emit: (event: JobEvent) => void,
): Promise<ReadonlySet<Photo>> {
  const found = new Set<Photo>();
  let done = 0;
  const look = async (photo: Photo): Promise<Photo | undefined> => {
    try {
      return learned.has(photoFingerprint(await photoHash(photo.path))) ? photo : undefined;
    } catch (error) {
      // Measuring says that it cannot be read.
      if (error instanceof PhotoError) return undefined;
      throw error;
    }
  };
  for await (const photo of workAhead(photos, look, () => 2 * processors().threads)) {
    if (photo !== undefined) found.add(photo);
    done++;
    emit({ event: "progress", stage: "reading", unit: "photos", done, total: photos.length });
  }
  return found;
}

async function byPath(set: PhotoSet, file: string): Promise<LearnedBefore> {
  const record = await readSplitRecord(file);
  if (record === undefined) {
    return { photos: new Set(), unknown: "its file does not say it, and there is no run.json beside it" };
  }
  const { data, split } = record;
  // The folder may have moved since, or have lain on another computer.
  const base = await realpath(data.directory).catch(() => undefined);
  if (base === undefined) {
    return { photos: new Set(), unknown: `${data.directory}, which it learned from, is not there` };
  }
  const learned = new Set((split.learned_from ?? split.training).map((path) => join(base, path)));
  const measured = await realpath(set.directory).catch(() => set.directory);
  return {
    photos: new Set(set.photos.filter(({ path }) => learned.has(join(measured, relative(set.directory, path))))),
  };
}

import { createHash } from "node:crypto";
import { relative, sep } from "node:path";
import { PhotoError } from "./photo-error.js";
import { lookAtFile } from "./photo-file.js";
import { photoFormat, whyUnreadable } from "./photo-format.js";
import { rememberFile } from "./photo-identity.js";
import type { Photo, PhotoSet } from "./photo.js";
import { PhotoRoot } from "./photo-root.js";
import { type PhotoFolder, scanFolder } from "./scan.js";
import { splitPhotos } from "./split.js";
import { FileError } from "../errors/errors.js";
import { count, quotedList } from "../errors/words.js";
import { processors } from "../runtime/node/processors.js";

/** Share of the photos that validate where the folder has no validation photos. */
const validationShare = 0.2;

/** What is heard while photos are looked at. */
export type PreparationEvent =
  | {
      readonly event: "progress";
      readonly stage: "reading";
      readonly unit: "photos";
      readonly done: number;
      readonly total: number;
    }
  | { readonly event: "skipped"; readonly path: string; readonly reason: string }
  | { readonly event: "warning"; readonly code: string; readonly message: string };

type Emit = (event: PreparationEvent) => void;

/** Photos of a folder, ready for training. */
export interface PreparedPhotos {
  readonly directory: string;
  readonly classes: readonly string[];
  readonly training: readonly Photo[];
  readonly validation: readonly Photo[];
  readonly test: readonly Photo[];
  /** Whether the folder was divided already, or the validation photos were drawn. */
  readonly division: "folders" | "drawn";
  /** SHA-256 of the names and contents of all photos: equal for equal data. */
  readonly fingerprint: string;
  /** Files that are no photos, with the reason. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
}

/** A path below a folder as it is written into files: with `/`, whatever the system. */
export function pathWithin(directory: string, path: string): string {
  return relative(directory, path).split(sep).join("/");
}

/**
 * The hash of a photo's content.
 *
 * @throws PhotoError for a file that cannot be read or whose first bytes are not those of a photo
 */
async function fingerprint(path: string): Promise<string> {
  const looked = await lookAtFile(path);
  const format = photoFormat(looked.start);
  // Before the split, because empty files are equal and would pass for one photo that lies in several classes.
  if (looked.size === 0) throw new PhotoError(path, "the file is empty");
  if (format === undefined || format.readable === "no") throw new PhotoError(path, whyUnreadable(format));
  rememberFile(looked);
  return looked.hash;
}

/** Reads all files once: which are photos, and which are equal. */
async function lookAtAll(
  root: PhotoRoot,
  photos: readonly Photo[],
  emit: Emit,
): Promise<{ hashes: Map<string, string>; skipped: { path: string; reason: string }[] }> {
  const hashes = new Map<string, string>();
  const reasons = new Map<string, string>();
  const queue = photos.values();
  let done = 0;
  const work = async (): Promise<void> => {
    for (const { path } of queue) {
      try {
        hashes.set(path, await fingerprint(path));
      } catch (error) {
        if (!(error instanceof PhotoError)) throw error;
        await root.check(path);
        reasons.set(path, error.reason);
      }
      done++;
      emit({ event: "progress", stage: "reading", unit: "photos", done, total: photos.length });
    }
  };
  await Promise.all(Array.from({ length: Math.min(2 * processors().threads, photos.length) }, work));
  // In the order of the photos, whichever was read first.
  const skipped = photos.flatMap(({ path }) => {
    const reason = reasons.get(path);
    return reason === undefined ? [] : [{ path, reason }];
  });
  return { hashes, skipped };
}

/** Photos with the hashes of what they were when they were looked at: nothing else is learned from. */
function usable(set: PhotoSet | undefined, hashes: ReadonlyMap<string, string>): PhotoSet | undefined {
  const photos = (set?.photos ?? []).flatMap((photo) => {
    const hash = hashes.get(photo.path);
    return hash === undefined ? [] : [{ ...photo, hash }];
  });
  return set && { ...set, photos };
}

/** Every class needs a photo to be learned from. */
function checkClasses(
  set: PhotoSet,
  skipped: ReadonlyMap<string, string>,
  listed: readonly Photo[],
  purpose: string,
): void {
  for (const [index, name] of set.classes.entries()) {
    if (set.photos.some(({ classIndex }) => classIndex === index)) continue;
    const broken = listed.filter(({ path, classIndex }) => classIndex === index && skipped.has(path));
    const [first] = broken;
    throw new FileError(`The class "${name}" in ${set.directory} has no photo that can be read.`, {
      subject: name,
      expected: `at least one photo to ${purpose}`,
      received:
        first === undefined
          ? "none"
          : `${count(broken.length, "file")} that cannot be used, such as ${first.path} (${skipped.get(first.path) ?? ""})`,
      advice: "Put photos of this class there, or remove the folder.",
    });
  }
}

function warnOfIgnored({ ignored, directory }: PhotoFolder, emit: Emit): void {
  if (ignored.length === 0) return;
  const names = ignored.map((path) => pathWithin(directory, path));
  emit({
    event: "warning",
    code: "ignored",
    message: `Not used, because no set or class holds it: ${quotedList(names)}.`,
  });
}

function warnOfHeatMaps({ heatMaps, directory }: PhotoFolder, emit: Emit): void {
  const [first] = heatMaps;
  if (first === undefined) return;
  emit({
    event: "warning",
    code: "ignored",
    message: `Not used: ${count(heatMaps.length, "heat map")} of graft explain, such as ${pathWithin(directory, first)}.`,
  });
}

/** Photos that are trained with must not be measured with. */
function warnOfShared(
  training: PhotoSet,
  other: PhotoSet | undefined,
  hashes: ReadonlyMap<string, string>,
  name: string,
  emit: Emit,
): void {
  const known = new Map(training.photos.map(({ path }) => [hashes.get(path), path]));
  const shared = (other?.photos ?? []).filter(({ path }) => known.has(hashes.get(path)));
  const [first] = shared;
  if (first === undefined) return;
  emit({
    event: "warning",
    code: "shared-photos",
    message:
      `${count(shared.length, `${name} photo is`, `${name} photos are`)} among the training photos too, such as ` +
      `${first.path} (${known.get(hashes.get(first.path)) ?? ""}): the ${name} accuracy will look better than it is.`,
  });
}

/**
 * Finds the photos of a folder, leaves out what is none, and splits them where the folder has no validation photos.
 *
 * @param directory one folder per class, or `train` + `validation` + optionally `test`
 * @param seed of the split
 * @param emit hears of skipped files, warnings and the progress
 * @throws FileError when the folder is not laid out like that, a class has no readable photo, or the folder goes meanwhile
 * @throws UsageError when a class has too few photos to split
 */
export async function preparePhotos(directory: string, seed: number, emit: Emit): Promise<PreparedPhotos> {
  const folder = await scanFolder(directory);
  warnOfIgnored(folder, emit);
  warnOfHeatMaps(folder, emit);
  const listed = [...folder.train.photos, ...(folder.validation?.photos ?? []), ...(folder.test?.photos ?? [])];
  const { hashes, skipped } = await lookAtAll(new PhotoRoot(directory), listed, emit);
  for (const { path, reason } of skipped) emit({ event: "skipped", path, reason });
  const reasons = new Map(skipped.map(({ path, reason }) => [path, reason]));

  const all = usable(folder.train, hashes) ?? folder.train;
  const test = usable(folder.test, hashes);
  checkClasses(all, reasons, folder.train.photos, "train with");
  let [train, validation] = [all, usable(folder.validation, hashes)];
  if (validation === undefined) {
    const split = splitPhotos(all, hashes, { fraction: validationShare, seed });
    for (const { code, message } of split.warnings) emit({ event: "warning", code, message });
    ({ train, validation } = split);
  } else {
    checkClasses(validation, reasons, folder.validation?.photos ?? [], "validate with");
    warnOfShared(train, validation, hashes, "validation", emit);
  }
  warnOfShared(all, test, hashes, "test", emit);

  const data = createHash("sha256");
  for (const { path } of listed) data.update(`${pathWithin(directory, path)}\0${hashes.get(path) ?? ""}\n`);
  return {
    directory,
    classes: folder.classes,
    training: train.photos,
    validation: validation.photos,
    test: test?.photos ?? [],
    division: folder.validation === undefined ? "drawn" : "folders",
    fingerprint: `sha256-${data.digest("hex")}`,
    skipped,
  };
}

import { UsageError } from "../errors/errors.js";
import { Generator } from "../random/generator.js";
import { compareCodePoints, comparePhotos, type Photo, type PhotoSet } from "./photo.js";

/** How photos are split. */
export interface SplitOptions {
  /** Share of the photos of each class that validates, between 0 and 1. Default 0.2. */
  readonly fraction?: number;
  /** Seed of the draw, a whole number. Default 0. */
  readonly seed?: number;
}

/** Files with the same bytes. */
export interface Duplicates {
  /** SHA-256 of the bytes. */
  readonly hash: string;
  /** The photos, two or more, in Keras's order. */
  readonly photos: readonly Photo[];
}

/** What {@link splitPhotos} made of a set. */
export interface SplitPhotos {
  readonly train: PhotoSet;
  readonly validation: PhotoSet;
  /** Photos that are there more than once, all in one class. */
  readonly duplicates: readonly Duplicates[];
  /** Photos that are there more than once, in different classes: one of their labels must be wrong. */
  readonly conflicts: readonly Duplicates[];
  /** The conflicts in words, for a `warning` event each. */
  readonly warnings: readonly { readonly code: "conflicting-duplicates"; readonly message: string }[];
}

/**
 * Splits photos into some to train with and some to validate with, class by class.
 *
 * Identical files stay together, so that no photo validates a network that was trained with it. The draw depends on the
 * seed and the files' contents alone: not on their names, nor on the order in which they are listed, and for each class not
 * on the other classes. Photos whose identical copies carry different labels are all kept for training, because a
 * validation photo with a doubtful label measures nothing.
 *
 * @param set the photos
 * @param hashes a hash of the content of each path, as `photoHash` gives
 * @param options fraction and seed
 * @returns both sets, in Keras's order; each class has `round(fraction · photos)` validation photos, as nearly as duplicates
 * allow, at least one, and at least one to train with
 * @throws UsageError when the fraction is not between 0 and 1, or a class has too few different photos
 */
export function splitPhotos(
  set: PhotoSet,
  hashes: ReadonlyMap<string, string>,
  { fraction = 0.2, seed = 0 }: SplitOptions = {},
): SplitPhotos {
  if (!(fraction > 0 && fraction < 1)) {
    throw new UsageError("The share of the photos that validate is not usable.", {
      subject: "fraction",
      expected: "a number between 0 and 1, both excluded",
      received: String(fraction),
    });
  }
  const groups = groupByContent(set.photos, hashes);
  const repeated = groups.filter(({ photos }) => photos.length > 1);
  const conflicts = repeated.filter(conflicting);
  const generator = new Generator(seed).fork("split");
  const validation = new Set<Photo>();
  const byClass = groupsByClass(groups, set.classes.length);
  for (const [classIndex, name] of set.classes.entries()) {
    const own = byClass[classIndex] ?? [];
    const clear = own.filter((group) => !conflicting(group));
    checkEnough(name, set.directory, own.length, clear.length);
    const photoCount = own.flatMap(({ photos }) => photos.filter((photo) => photo.classIndex === classIndex)).length;
    const wanted = Math.max(1, Math.round(fraction * photoCount));
    // One group stays for training, unless training has a conflicting one already.
    const available = own.length > clear.length ? clear.length : clear.length - 1;
    for (const { photos } of choose(generator.fork(name).shuffle(clear), wanted, available)) {
      for (const photo of photos) validation.add(photo);
    }
  }
  const part = (photos: Photo[]): PhotoSet => ({ ...set, photos: photos.sort(comparePhotos) });
  return {
    train: part(set.photos.filter((photo) => !validation.has(photo))),
    validation: part([...validation]),
    duplicates: repeated.filter((group) => !conflicting(group)),
    conflicts,
    warnings: conflicts.map(({ photos }) => ({
      code: "conflicting-duplicates",
      message: describe(photos, set.classes),
    })),
  };
}

function groupByContent(photos: readonly Photo[], hashes: ReadonlyMap<string, string>): Duplicates[] {
  const groups = new Map<string, Photo[]>();
  for (const photo of photos) {
    const hash = hashes.get(photo.path);
    if (hash === undefined) {
      throw new UsageError(`The photo ${photo.path} has no hash.`, {
        subject: photo.path,
        expected: "a hash of the content of every photo",
        received: "none for this path",
        advice: "Hash the same paths with photoHash().",
      });
    }
    const group = groups.get(hash);
    if (group === undefined) groups.set(hash, [photo]);
    else group.push(photo);
  }
  return [...groups]
    .map(([hash, members]) => ({ hash, photos: members.sort(comparePhotos) }))
    .sort((a, b) => compareCodePoints(a.hash, b.hash));
}

/** For each class the groups that have a photo of it, in one pass: there may be thousands of classes. */
function groupsByClass(groups: readonly Duplicates[], classes: number): readonly (readonly Duplicates[])[] {
  const byClass = Array.from({ length: classes }, (): Duplicates[] => []);
  for (const group of groups) {
    for (const classIndex of new Set(group.photos.map((photo) => photo.classIndex))) byClass[classIndex]?.push(group);
  }
  return byClass;
}

function conflicting({ photos }: Duplicates): boolean {
  return photos.some((photo) => photo.classIndex !== photos[0]?.classIndex);
}

/** Takes groups in the given order as long as they fit, at most `available` of them; the smallest where none fits. */
function choose(groups: readonly Duplicates[], wanted: number, available: number): Duplicates[] {
  const chosen: Duplicates[] = [];
  let count = 0;
  for (const group of groups) {
    if (chosen.length < available && count + group.photos.length <= wanted) {
      chosen.push(group);
      count += group.photos.length;
    }
  }
  if (chosen.length > 0) return chosen;
  return [...groups].sort((a, b) => a.photos.length - b.photos.length).slice(0, 1);
}

function checkEnough(name: string, directory: string, distinct: number, clear: number): void {
  if (distinct >= 2 && clear >= 1) return;
  const photos = (count: number) => `${count} photo${count === 1 ? "" : "s"}`;
  throw new UsageError(`The class "${name}" in ${directory} has too few photos to split.`, {
    subject: name,
    expected: "at least two different photos, one to train and one to validate with, and one that no other class has",
    received:
      distinct < 2
        ? `${photos(distinct)} that differ${distinct === 1 ? "s" : ""} in content`
        : `${photos(distinct)}, all of which lie in other classes too`,
    advice: "Add photos to the class, or remove its folder.",
  });
}

function describe(photos: readonly Photo[], classes: readonly string[]): string {
  const places = photos.map(({ path, classIndex }) => `${path} (${classes[classIndex] ?? classIndex})`);
  return `The same photo lies in different classes: ${places.join(", ")}. One of the labels is wrong; remove that copy.`;
}

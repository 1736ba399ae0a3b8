/** A photo on disk with the class that its folder says. */
export interface Photo {
  /** Where the file is. */
  readonly path: string;
  /** Index into the list of classes that belongs to the set of photos. */
  readonly classIndex: number;
  /** SHA-256 of its content, where it was looked at: a file that has other bytes later is not used. */
  readonly hash?: string | undefined;
}

/** A photo's file, and the hash of its content where that was looked at. */
export type PhotoInFile = Pick<Photo, "path" | "hash">;

/** Photos of some classes, all from one folder that holds one folder per class. */
export interface PhotoSet {
  /** The folder that holds the class folders. */
  readonly directory: string;
  /** Names of the classes; a photo's `classIndex` counts in this list. */
  readonly classes: readonly string[];
  readonly photos: readonly Photo[];
}

/**
 * Orders strings by code points, as Python's `sorted` and therefore Keras does.
 *
 * JavaScript's `<` compares UTF-16 code units, which puts an emoji (U+1F600) before a full-width letter (U+FF21).
 *
 * @returns negative, zero or positive, for `Array.prototype.sort`
 */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    if (a.charCodeAt(index) !== b.charCodeAt(index)) {
      // Where a surrogate pair has its second half, the two strings agree on the first: both are compared as units.
      return (a.codePointAt(index) ?? 0) - (b.codePointAt(index) ?? 0);
    }
  }
  return a.length - b.length;
}

/** Where the name of the file begins in a path of either kind of separator. */
function nameStart(path: string): number {
  return Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1;
}

/**
 * Orders photos as Keras lists them: by class, then by folder, then by the name of the file, all by code points.
 *
 * @see https://keras.io/api/data_loading/image/ `flow_from_directory`, which sorts the walk by folder, so that `a-b/1.jpg`
 * comes before `a/c/1.jpg`
 */
export function comparePhotos(a: Photo, b: Photo): number {
  const startA = nameStart(a.path);
  const startB = nameStart(b.path);
  return (
    a.classIndex - b.classIndex ||
    compareCodePoints(a.path.slice(0, startA).slice(0, -1), b.path.slice(0, startB).slice(0, -1)) ||
    compareCodePoints(a.path.slice(startA), b.path.slice(startB))
  );
}

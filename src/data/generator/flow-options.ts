import { isWhole, refuseOption } from "../../errors/check.js";
import { type ImageFormat, imageFormats } from "./save-images.js";
import type { ColorMode } from "../../photos/read-photo.js";
import { type Interpolation, interpolations } from "../../photos/resample.js";

/** Which part of the samples: `validationSplit` of the generator says how large the second is. */
export type Subset = "training" | "validation";

/** Options that everything has that gives batches; names, meaning and defaults are Keras's. */
export interface IteratorOptions {
  /** Default 32. */
  readonly batchSize?: number;
  /** Whether each round has an order of its own; default `true`. */
  readonly shuffle?: boolean;
  /** Seed of order and augmentation; default: the seed of `setRandomSeed`. */
  readonly seed?: number | null;
  /**
   * How many augmented variants of each photo there are; default 0: each time a new one, as in Keras. With a number, a photo
   * goes through that many variants, in another order each time, and what a frozen network makes of each is computed once
   * and kept: from that many epochs on, none of them costs more than the layers that learn.
   */
  readonly variants?: number;
  /** Folder into which the photos of each batch are written as the network sees them, to look at; default none. */
  readonly saveToDir?: string | null;
  /** Beginning of the names of these files; default none. */
  readonly savePrefix?: string;
  /** Format of these files; default `"png"`. */
  readonly saveFormat?: ImageFormat;
  /** Part of the samples to take, for a generator with `validationSplit`; default all. */
  readonly subset?: Subset | null;
}

/** Names of {@link IteratorOptions}. */
export const iteratorOptionNames = [
  "batchSize",
  "shuffle",
  "seed",
  "variants",
  "saveToDir",
  "savePrefix",
  "saveFormat",
  "subset",
] as const satisfies readonly (keyof IteratorOptions)[];

/** How photos are read from files; names, meaning and defaults are Keras's. */
export interface PhotoOptions {
  /** Height and width in pixels; default [256, 256]. */
  readonly targetSize?: readonly [height: number, width: number];
  /** Channels to make of a photo: 3, 4 or 1; default `"rgb"`. */
  readonly colorMode?: ColorMode;
  /** How photos are brought to the target size; default `"nearest"`. */
  readonly interpolation?: Interpolation;
  /** Whether the largest window of the target's proportions is cut out of the middle before; default `false`. */
  readonly keepAspectRatio?: boolean;
}

/** Names of {@link PhotoOptions}. */
export const photoOptionNames = [
  "targetSize",
  "colorMode",
  "interpolation",
  "keepAspectRatio",
] as const satisfies readonly (keyof PhotoOptions)[];

/** Whether a value is a height and a width in pixels. */
export function isSize(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every((side) => isWhole(side, 1));
}

/**
 * Checks options that all iterators have.
 *
 * @param validationSplit of the generator
 * @throws UsageError for an impossible one
 */
export function checkIteratorOptions(owner: string, options: IteratorOptions, validationSplit: number): void {
  const { batchSize = 32, saveFormat = "png" } = options;
  if (!isWhole(batchSize, 1)) refuseOption(owner, "batchSize", "a whole number from 1", batchSize);
  const { variants = 0 } = options;
  if (!isWhole(variants, 0)) refuseOption(owner, "variants", "a whole number from 0", variants);
  if (!imageFormats.includes(saveFormat)) refuseOption(owner, "saveFormat", imageFormats.join(", "), saveFormat);
  const subset: unknown = options.subset ?? undefined;
  if (subset === undefined) return;
  if (subset !== "training" && subset !== "validation") {
    refuseOption(owner, "subset", '"training" or "validation"', subset);
  }
  if (subset === "validation" && validationSplit === 0) {
    refuseOption(
      owner,
      "subset",
      "a generator with validationSplit",
      subset,
      "For example: new ImageDataGenerator({ validationSplit: 0.2 }).",
    );
  }
}

/**
 * Checks how photos are to be read.
 *
 * @throws UsageError for something impossible
 */
export function checkPhotoOptions(owner: string, options: PhotoOptions): void {
  const { targetSize = [256, 256], interpolation = "nearest", colorMode = "rgb" } = options;
  if (!isSize(targetSize)) refuseOption(owner, "targetSize", "[height, width] in pixels", `[${String(targetSize)}]`);
  if (!interpolations.includes(interpolation)) {
    refuseOption(owner, "interpolation", interpolations.join(", "), interpolation);
  }
  if (!["rgb", "rgba", "grayscale"].includes(colorMode)) {
    refuseOption(owner, "colorMode", '"rgb", "rgba" or "grayscale"', colorMode);
  }
}

/**
 * The part of a list that a subset takes: validation comes first, as in Keras.
 *
 * @param validationSplit share of the validation part, in [0, 1)
 */
export function subsetOf<T>(
  list: readonly T[],
  subset: Subset | null | undefined,
  validationSplit: number,
): readonly T[] {
  const end = Math.trunc(validationSplit * list.length);
  if (subset === "validation") return list.slice(0, end);
  return subset === "training" ? list.slice(end) : list;
}

import { checkOptionNames, refuseOption } from "../../errors/check.js";
import { ShapeError, UsageError } from "../../errors/errors.js";
import { readPhotoFile } from "../../photos/photo-file.js";
import { decodeAs, type ColorMode, readPhoto } from "../../photos/read-photo.js";
import { type Interpolation, interpolations } from "../../photos/resample.js";
import { isTensor, Tensor } from "../../runtime/runtime.js";
import { isSize } from "../generator/flow-options.js";

/** Pillow's names for what a pixel has: red, green, blue; opacity too; one level of 8, or of 32 bits. */
export type ImageMode = "RGB" | "RGBA" | "L" | "I";

const modes: Readonly<Record<ColorMode, ImageMode>> = { rgb: "RGB", rgba: "RGBA", grayscale: "L" };

/** A picture in whole levels: what `loadImg` and `arrayToImg` give. */
export class Image {
  /** @param data `[height, width, channels]`, levels from 0 to 255, or larger ones in mode `"I"` */
  constructor(
    readonly width: number,
    readonly height: number,
    readonly mode: ImageMode,
    readonly data: Uint8Array | Int32Array,
  ) {}

  /** Width and height, in Pillow's order. */
  get size(): [width: number, height: number] {
    return [this.width, this.height];
  }

  /** Number of levels a pixel. */
  get channels(): 1 | 3 | 4 {
    return this.mode === "RGB" ? 3 : this.mode === "RGBA" ? 4 : 1;
  }
}

/** How {@link loadImg} makes a picture of a file; names, meaning and defaults are Keras's. */
export interface LoadImgOptions {
  /** Default `"rgb"`. */
  readonly colorMode?: ColorMode | undefined;
  /** Height and width in pixels; default those of the file. */
  readonly targetSize?: readonly number[] | null | undefined;
  /** How it is brought to the target size; default `"nearest"`. */
  readonly interpolation?: Interpolation | undefined;
  /** Whether the largest window of the target's proportions is cut out of the middle before; default `false`. */
  readonly keepAspectRatio?: boolean | undefined;
}

/**
 * Reads a photo from a file.
 *
 * @param path of the file
 * @throws PhotoError when the file cannot be used
 * @throws UsageError for impossible options
 * @see https://keras.io/api/data_loading/image/#loadimg-function Levels are those that flows see: EXIF's rotation is applied, and
 * transparent pixels are laid on white, which Keras does not do
 */
export async function loadImg(path: string, options: LoadImgOptions = {}): Promise<Image> {
  const owner = "loadImg";
  if (typeof path !== "string") refuseOption(owner, "path", "the path of a photo", typeof path);
  checkOptionNames(owner, options, ["colorMode", "targetSize", "interpolation", "keepAspectRatio"]);
  const { colorMode = "rgb", interpolation = "nearest", keepAspectRatio = false } = options;
  if (!Object.hasOwn(modes, colorMode)) refuseOption(owner, "colorMode", '"rgb", "rgba" or "grayscale"', colorMode);
  if (!interpolations.includes(interpolation)) {
    refuseOption(owner, "interpolation", interpolations.join(", "), interpolation);
  }
  const mode = modes[colorMode];
  const target = options.targetSize ?? undefined;
  if (target === undefined) {
    const { width, height, data } = await decodeAs(await readPhotoFile(path), colorMode);
    return new Image(width, height, mode, data);
  }
  if (!isSize(target)) refuseOption(owner, "targetSize", "[height, width] in pixels", String(target));
  const [height = 0, width = 0] = target;
  const how = { colorMode, targetSize: [height, width] as const, interpolation, keepAspectRatio };
  return new Image(width, height, mode, await readPhoto(await readPhotoFile(path), how));
}

/** Element types that {@link imgToArray} gives. */
export type ImageArrayType = "float32" | "uint8" | "int32";

/**
 * A picture as an array.
 *
 * @param options `dtype`: default `"float32"`
 * @returns `[height, width, channels]`, levels as they are
 */
export function imgToArray(img: Image, options: { readonly dtype?: ImageArrayType | undefined } = {}): Tensor {
  const owner = "imgToArray";
  checkOptionNames(owner, options, ["dtype"]);
  if (!(img instanceof Image)) {
    const received = isTensor(img) ? "an array already" : typeof img;
    refuseOption(owner, "img", "a picture of loadImg or arrayToImg", received);
  }
  const dims = [img.height, img.width, img.channels];
  const { dtype = "float32" } = options;
  if (dtype === "float32") return new Tensor("float32", Float32Array.from(img.data), dims);
  if (dtype === "uint8") return new Tensor("uint8", Uint8Array.from(img.data), dims);
  if ((dtype as string) !== "int32") refuseOption(owner, "dtype", '"float32", "uint8" or "int32"', dtype);
  return new Tensor("int32", Int32Array.from(img.data), dims);
}

/** How {@link arrayToImg} makes levels of numbers. */
export interface ArrayToImgOptions {
  /** Whether the smallest number becomes 0 and the largest 255; default `true`. Otherwise numbers are levels. */
  readonly scale?: boolean | undefined;
}

/**
 * An array as a picture.
 *
 * @param x `[height, width, channels]` with 1, 3 or 4 channels
 * @throws ShapeError when it has another shape
 * @see https://keras.io/api/data_loading/image/#arraytoimg-function Fractions are cut off; levels below 0 and above 255 are made 0
 * and 255, where Keras leaves them to the processor
 */
export function arrayToImg(x: Tensor, options: ArrayToImgOptions = {}): Image {
  checkOptionNames("arrayToImg", options, ["scale"]);
  if (!isTensor(x)) refuseOption("arrayToImg", "x", "a Tensor [height, width, channels]", typeof x);
  const [height = 0, width = 0, channels = 0] = x.dims;
  if (x.dims.length !== 3 || ![1, 3, 4].includes(channels)) {
    throw new ShapeError("arrayToImg takes one picture.", {
      subject: "x",
      expected: "[height, width, channels] with 1, 3 or 4 channels",
      received: `[${x.dims.join(", ")}]`,
      advice: x.dims.length === 4 ? "Take one of the batch." : undefined,
    });
  }
  const values = Float32Array.from(x.data as ArrayLike<number | bigint>, Number);
  const { scale = true } = options;
  if (scale) stretch(values);
  const greatest = values.reduce((most, value) => Math.max(most, value), -Infinity);
  if (channels === 1 && greatest > 255) return new Image(width, height, "I", Int32Array.from(values));
  const mode = channels === 1 ? "L" : channels === 3 ? "RGB" : "RGBA";
  return new Image(
    width,
    height,
    mode,
    Uint8Array.from(values, (value) => Math.min(255, Math.max(0, value))),
  );
}

/** Brings numbers to [0, 255], in float32 as Keras does. */
function stretch(values: Float32Array): void {
  const least = values.reduce((low, value) => Math.min(low, value), Infinity);
  let greatest = 0;
  values.forEach((value, index) => {
    values[index] = value - least;
    greatest = Math.max(greatest, values[index] ?? 0);
  });
  values.forEach((value, index) => {
    values[index] = Math.fround(greatest === 0 ? value : value / greatest) * 255;
  });
}

/** @throws UsageError when a picture has levels that no file of its format can hold */
export function checkLevels(img: Image, format: string): void {
  const wrong = img.mode === "I" ? img.data.find((level) => level < 0 || level > 65_535) : undefined;
  if (wrong === undefined && (img.mode !== "I" || format === "png" || format === "tiff")) return;
  throw new UsageError("These levels do not fit the file.", {
    subject: "x",
    expected: wrong === undefined ? `levels from 0 to 255 in a ${format} file` : "levels from 0 to 65535",
    received: wrong === undefined ? "larger ones" : String(wrong),
    advice: "Leave scale at true, or write a PNG.",
  });
}

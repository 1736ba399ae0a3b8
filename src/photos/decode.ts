import sharp from "sharp";
import { type Bitmap, BitmapError } from "./bitmap.js";
import { decodeBmp } from "./bmp.js";
import { decodePpm } from "./ppm.js";
import { PhotoError } from "./photo-error.js";
import { readPhotoFile } from "./photo-file.js";
import { photoFormat, whyUnreadable } from "./photo-format.js";

/** A decoded photo. */
export interface DecodedPhoto {
  /** Pixels from left to right, after rotation by EXIF. */
  readonly width: number;
  /** Pixels from top to bottom, after rotation by EXIF. */
  readonly height: number;
  /** `[height, width, 3]` uint8, red, green and blue in sRGB. */
  readonly data: Uint8Array;
  /** `[height, width]` uint8 opacity of a BMP that has one: its colours are what the file says, as in Keras. */
  readonly alpha?: Uint8Array | undefined;
}

/** How a photo is decoded. */
export interface DecodeOptions {
  /**
   * Height and width that the photo will be resized to, in pixels. A JPEG is then decoded at a half, a quarter or an eighth
   * of its size, which its transform gives at once, as long as both of its sides stay twice as long as this and can be
   * divided by it; all other photos keep their size. That halves the time of a 12-megapixel JPEG, saves nearly all of its
   * memory and of the time to resize it, and changes pixels by 0.2 to 0.4 levels of 255 rms, and by 1 at most where it was
   * measured, once they are resized. Default: none, every photo keeps its size.
   */
  readonly resizedTo?: number;
  /**
   * The most pixels that a photo may have, a protection against small files that unpack to gigabytes.
   * Default {@link maximumPixels}.
   */
  readonly limitPixels?: number | undefined;
  /** What errors call a photo that is given as bytes. Default "photo". */
  readonly name?: string;
}

/** 200 million: what the largest sensors of phones give, 600 MB once decoded. */
const maximumPixels = 200_000_000;

/** What libvips says, in our words where it is something that everybody meets. */
function reasonOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (/premature end|unexpected end|truncated|no frames in GIF/i.test(message)) return "truncated: its end is missing";
  const lines = message.split("\n").map((line) => line.replace(/^.*corrupt header: /, "").trim());
  return `damaged (${(lines.find((line) => line !== "") ?? "unknown").slice(0, 100)})`;
}

/** Formats that the image library does not read. */
const bitmapDecoders: ReadonlyMap<string, typeof decodeBmp> = new Map([
  ["BMP", decodeBmp],
  ["PPM", decodePpm],
]);

function bitmapOf(path: string, decode: () => Bitmap): Bitmap {
  try {
    return decode();
  } catch (cause) {
    if (cause instanceof PhotoError) throw cause;
    // Reading behind the end of a header is a RangeError.
    const truncated = cause instanceof RangeError || (cause instanceof BitmapError && cause.truncated);
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new PhotoError(path, truncated ? "truncated: its end is missing" : `damaged (${words})`, cause);
  }
}

/**
 * What a JPEG's sides are divided by while it is decoded. Only what leaves no remainder: the last pixel would stand for less
 * of the photo than the others.
 */
function jpegDivisor(width: number, height: number, resizedTo: number): number {
  const fits = (divisor: number): boolean =>
    width % divisor === 0 && height % divisor === 0 && Math.min(width, height) / divisor >= 2 * resizedTo;
  return [8, 4, 2].find(fits) ?? 1;
}

/**
 * Decodes a photo to 8-bit sRGB.
 *
 * Rotation by EXIF is applied. CMYK, grey, palette, 16-bit and wide-gamut photos are converted, by their embedded colour
 * profile where they have one (Keras ignores profiles); transparency is laid on white (Keras shows the hidden colours); an
 * animation gives its first frame. What is read is `photoFormats`'s business, by content whatever the name.
 *
 * BMP and PPM, which the image library does not read, are decoded here; a BMP's opacity is left out, as in Keras.
 *
 * A file whose end is missing or whose pixels cannot be decoded is an error, as it is to Pillow: half a photo filled up
 * with grey would be learned with the label of a whole one. Oddities that leave the pixels whole (stray bytes between
 * markers, broken EXIF) are let pass: `failOn: "error"`.
 *
 * @param source path of a file, or its bytes
 * @param options size to come, limit, and a name for errors
 * @returns `data` `[height, width, 3]` uint8
 * @throws PhotoError with a short `reason` when the file cannot be used
 * @see https://sharp.pixelplumbing.com/api-constructor
 */
export async function decodePhoto(source: string | Uint8Array, options: DecodeOptions = {}): Promise<DecodedPhoto> {
  const path = typeof source === "string" ? source : (options.name ?? "photo");
  // sharp gets bytes rather than a path: libvips remembers files by name, and would not see that one has changed.
  const bytes = typeof source === "string" ? (await readPhotoFile(source)).bytes : source;
  if (bytes.length === 0) throw new PhotoError(path, "the file is empty");
  const format = photoFormat(bytes);
  if (format === undefined || format.readable === "no") throw new PhotoError(path, whyUnreadable(format));
  const limit = options.limitPixels ?? maximumPixels;
  const check = (width: number, height: number): void => {
    if (width * height <= limit) return;
    throw new PhotoError(path, `${width} × ${height} pixels are more than the limit of ${limit / 1e6} million`);
  };
  const decodeBitmap = bitmapDecoders.get(format.name);
  if (decodeBitmap !== undefined) {
    const { width, height, data, alpha } = bitmapOf(path, () => decodeBitmap(bytes, check));
    return { width, height, data, alpha };
  }
  try {
    const image = sharp(bytes, { failOn: "error", autoOrient: true, limitInputPixels: false });
    const metadata = await image.metadata();
    const { width, height } = metadata;
    check(width, height);
    if (metadata.format === "jpeg" && options.resizedTo !== undefined) {
      const divisor = jpegDivisor(width, height, options.resizedTo);
      const upright = metadata.autoOrient;
      if (divisor > 1) image.resize(upright.width / divisor, upright.height / divisor, { fit: "fill" });
    }
    const { data, info } = await image
      .flatten({ background: "#ffffff" })
      .toColourspace("srgb")
      .removeAlpha()
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    // As a plain array: a Buffer's slice() would share memory.
    const pixels = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return { width: info.width, height: info.height, data: pixels };
  } catch (cause) {
    if (cause instanceof PhotoError) throw cause;
    throw new PhotoError(path, format.readable === "maybe" ? whyUnreadable(format) : reasonOf(cause), cause);
  }
}

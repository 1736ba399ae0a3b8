import sharp, { type Metadata, type Sharp } from "sharp";
import { BitmapError } from "./bitmap.js";
import { decodeBmp, sizeOfBmp } from "./bmp.js";
import { hasAllPixels } from "./gif-pixels.js";
import { mostMemory, photoMemory } from "./photo-memory.js";
import { decodePpm, sizeOfPpm } from "./ppm.js";
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
   * measured, once they are resized. A photo that has more than 33 million pixels after that is shrunk on the way to half as many, but
   * not below twice this, so that it does not take gigabytes. Default: none, every photo keeps its size.
   */
  readonly resizedTo?: number;
  /**
   * The most pixels that a photo may have, a protection against small files that unpack to gigabytes.
   * Default {@link maximumPixels}.
   */
  readonly limitPixels?: number | undefined;
  /** What errors call a photo that is given as bytes. Default "photo". */
  readonly name?: string;
  /** Bytes that are made of each decoded pixel afterwards, while the photo still has its memory. Default 0. */
  readonly bytesPerPixel?: number;
  /**
   * Told how to give the photo's memory back, when nothing more is made of it. Default: it is given back once the photo is decoded.
   */
  readonly onMemory?: ((giveBack: () => void) => void) | undefined;
}

/** 200 million: what the largest sensors of phones give, 600 MB once decoded. */
const maximumPixels = 200_000_000;

/**
 * Photos that have more pixels once decoded are shrunk on the way, where they will be resized: a graph that resizes one would take
 * gigabytes.
 */
const mostToResize = 2 ** 25;

/**
 * How much a photo's sides are shrunk on the way, 1 for not at all: to half as many pixels as may be resized, so that it does not
 * matter where the limit is, but not below twice the size that it will have.
 */
function largePhotoScale(width: number, height: number, resizedTo: number): number {
  if (width * height <= mostToResize) return 1;
  const scale = Math.sqrt(mostToResize / 2 / (width * height));
  return Math.min(1, Math.max(scale, (2 * resizedTo) / Math.min(width, height)));
}

/** Rows of a photo that the image library works on at a time at most, measured with pictures of 64 and 169 megapixels. */
const rowsAtATime = { readInOrder: 1500, heldWhole: 700 };

/** Bytes that the image library holds of a file while it decodes it. */
function heldBytes(metadata: Metadata): number {
  const { width, height, channels, depth } = metadata;
  const whole = width * height * heldPerPixel(metadata);
  const rows = whole > 0 ? rowsAtATime.heldWhole : rowsAtATime.readInOrder;
  return whole + width * Math.min(height, rows) * channels * (bytesOf[depth] ?? 8);
}

/** Bytes that the image library holds of each pixel of a file while it decodes it, beside the rows that it works on. */
function heldPerPixel({ format, channels, depth, isProgressive, orientation = 1 }: Metadata): number {
  const stored = channels * (bytesOf[depth] ?? 8);
  // What lies on its side cannot be turned row by row.
  const turned = orientation > 1 ? stored : 0;
  if (format === "jpeg") return turned + (isProgressive ? 2 * channels : 0);
  if (format === "png") return turned + (isProgressive ? stored : 0);
  // A strip may be the whole picture.
  if (format === "tiff") return turned + stored;
  // The others decode whole frames, of which some take the one before.
  return turned + 2 * stored + 4;
}

const bytesOf: Readonly<Partial<Record<string, number>>> = {
  uchar: 1,
  char: 1,
  ushort: 2,
  short: 2,
  uint: 4,
  int: 4,
  float: 4,
};

/** Why a photo that is not all there cannot be used. */
const truncated = "truncated: its end is missing";

/** Pixels that a byte of a PNG can stand for at most: deflate makes 1032 bytes of one, of pixels of one bit. */
const pixelsPerByte = 8 * 1032;

/** Whether a file is too short for its pixels, by far: the library would go through all of them before it noticed. */
function lacksPixels({ format, width, height }: Metadata, size: number): boolean {
  return format === "png" && width * height > size * pixelsPerByte;
}

/**
 * What the libraries of formats warn of where pixels are lost: the rest of the picture, or of a tile, is grey or noise. Other warnings, of stray
 * bytes between markers or of facts beside the pixels, leave it whole.
 */
const lostPixels =
  /premature end of data segment|bad Huffman code|instead of RST|decoding error|zlib error|invalid (?:tile|strip) byte count|seek error|read error (?:at|on)/i;

/** Which of the pixels' data cannot be read, as the library says it; `undefined` where its warnings mean nothing of the kind. */
function lossIn(cause: unknown): string | undefined {
  const message = cause instanceof Error ? cause.message : String(cause);
  return message
    .split("\n")
    .find((line) => lostPixels.test(line))
    ?.replace(/^.*?: /, "")
    .slice(0, 100);
}

/**
 * Decodes a picture strictly, and once more where the library only warns of what leaves the pixels whole.
 *
 * @param decode decodes with what libvips calls `failOn`
 * @throws PhotoError where pixels are lost
 */
async function whole<Result>(path: string, decode: (failOn: "warning" | "error") => Promise<Result>): Promise<Result> {
  try {
    return await decode("warning");
  } catch (cause) {
    const loss = lossIn(cause);
    if (loss !== undefined) throw new PhotoError(path, `damaged (${loss})`, cause);
    return decode("error");
  }
}

/** What libvips says, in our words where it is something that everybody meets. */
function reasonOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (/premature end|unexpected end|truncated|no frames in GIF/i.test(message)) return truncated;
  const lines = message.split("\n").map((line) => line.replace(/^.*corrupt header: /, "").trim());
  return `damaged (${(lines.find((line) => line !== "") ?? "unknown").slice(0, 100)})`;
}

/** What the image library could not decode, as an error that says why. */
export function undecodable(path: string, cause: unknown): PhotoError {
  return new PhotoError(path, reasonOf(cause), cause);
}

/** Formats that the image library does not read. */
const bitmapDecoders: ReadonlyMap<string, typeof decodeBmp> = new Map([
  ["BMP", decodeBmp],
  ["PPM", decodePpm],
]);

/** Sizes that their headers say. */
const sizeOf: Readonly<Partial<Record<string, typeof sizeOfBmp>>> = { BMP: sizeOfBmp, PPM: sizeOfPpm };

function bitmapOf<Result>(path: string, decode: () => Result): Result {
  try {
    return decode();
  } catch (cause) {
    if (cause instanceof PhotoError) throw cause;
    // Reading behind the end of a header is a RangeError.
    const isCutOff = cause instanceof RangeError || (cause instanceof BitmapError && cause.truncated);
    const words = cause instanceof Error ? cause.message : String(cause);
    throw new PhotoError(path, isCutOff ? truncated : `damaged (${words})`, cause);
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
 * with grey would be learned with the label of a whole one. So is one whose pixels the library loses with a warning. Oddities that leave
 * the pixels whole (stray bytes between markers, broken EXIF) are let pass.
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
    const reason = `${width} × ${height} pixels are more than the limit of ${limit / 1e6} million`;
    throw new PhotoError(path, reason, undefined, true);
  };
  const { bytesPerPixel = 0, resizedTo, onMemory } = options;
  const takeMemory = async (needed: number): Promise<() => void> => {
    if (needed > mostMemory) {
      const gibibytes = (needed / 2 ** 30).toFixed(1);
      throw new PhotoError(
        path,
        `it would take ${gibibytes} GiB of memory, more than the limit of ${mostMemory / 2 ** 30} GiB`,
        undefined,
        true,
      );
    }
    return photoMemory.take(needed);
  };
  let giveBack = (): void => undefined;
  let isDecoded = false;
  try {
    const decodeBitmap = bitmapDecoders.get(format.name);
    if (decodeBitmap !== undefined) {
      const size = bitmapOf(path, () => sizeOf[format.name]?.(bytes) ?? { width: 0, height: 0 });
      check(size.width, size.height);
      // Numbers of colours, colours and opacity.
      giveBack = await takeMemory(bytes.length + size.width * size.height * (5 + bytesPerPixel));
      const { width, height, data, alpha } = bitmapOf(path, () => decodeBitmap(bytes, check));
      isDecoded = true;
      return { width, height, data, alpha };
    }
    const open = (failOn: "warning" | "error"): Sharp =>
      sharp(bytes, { failOn, autoOrient: true, limitInputPixels: false });
    const metadata = await open("error").metadata();
    const { width, height, autoOrient: upright } = metadata;
    check(width, height);
    if (lacksPixels(metadata, bytes.length) || (metadata.format === "gif" && !hasAllPixels(bytes))) {
      throw new PhotoError(path, truncated);
    }
    let resized = (image: Sharp): Sharp => image;
    let made = { width: upright.width, height: upright.height };
    if (resizedTo !== undefined) {
      const divisor = metadata.format === "jpeg" ? jpegDivisor(width, height, resizedTo) : 1;
      if (divisor > 1) made = { width: made.width / divisor, height: made.height / divisor };
      const scale = largePhotoScale(made.width, made.height, resizedTo);
      if (scale < 1) made = { width: Math.ceil(made.width * scale), height: Math.ceil(made.height * scale) };
      if (divisor > 1 || scale < 1) {
        // A wider filter would sharpen; this is the one that the graph smooths with.
        const { width: newWidth, height: newHeight } = made;
        resized = (image) =>
          image.resize(newWidth, newHeight, scale < 1 ? { fit: "fill", kernel: "linear" } : { fit: "fill" });
      }
    }
    const decodedBytes = made.width * made.height * (3 + bytesPerPixel);
    giveBack = await takeMemory(bytes.length + heldBytes(metadata) + decodedBytes);
    const { data, info } = await whole(path, (failOn) =>
      resized(open(failOn))
        .flatten({ background: "#ffffff" })
        .toColourspace("srgb")
        .removeAlpha()
        .raw({ depth: "uchar" })
        .toBuffer({ resolveWithObject: true }),
    );
    // As a plain array: a Buffer's slice() would share memory.
    const pixels = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    isDecoded = true;
    return { width: info.width, height: info.height, data: pixels };
  } catch (cause) {
    if (cause instanceof PhotoError) throw cause;
    if (format.readable === "maybe") throw new PhotoError(path, whyUnreadable(format), cause);
    throw undecodable(path, cause);
  } finally {
    if (isDecoded && onMemory !== undefined) onMemory(giveBack);
    else giveBack();
  }
}

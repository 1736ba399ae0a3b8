import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { FileError } from "../../errors/errors.js";
import { writeFileAtomically } from "../../files/atomic-write.js";

/** Formats that `saveFormat` can name. */
export type ImageFormat = "png" | "jpeg" | "jpg" | "bmp" | "webp" | "tiff" | "tif" | "gif";

/** All of {@link ImageFormat}. */
export const imageFormats: readonly ImageFormat[] = ["png", "jpeg", "jpg", "bmp", "webp", "tiff", "tif", "gif"];

/** Where images are written to, and how. */
export interface SaveOptions {
  readonly folder: string;
  readonly prefix: string;
  readonly format: ImageFormat;
}

/** Levels of an image for people to see: its smallest value becomes 0, its largest 255, as Keras's `array_to_img` does. */
function visibleLevels(values: Float32Array): Uint8Array {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  const range = high - low;
  return Uint8Array.from(values, (value) => (range === 0 ? value - low : ((value - low) / range) * 255));
}

/** A picture as a file of a format. */
async function encoded(picture: Sharp, format: ImageFormat): Promise<Uint8Array> {
  if (format === "bmp") {
    const { data, info } = await picture
      .removeAlpha()
      .toColourspace("srgb")
      .raw()
      .toBuffer({ resolveWithObject: true });
    return bitmap(data, info.width, info.height);
  }
  // libvips would make a JPEG of a TIFF.
  if (format === "tiff" || format === "tif") return picture.tiff({ compression: "lzw" }).toBuffer();
  return picture.toFormat(format === "jpg" ? "jpeg" : format).toBuffer();
}

/**
 * A BMP of 24 bits a pixel, whose rows come from below and fill whole words.
 *
 * @param levels `[height, width, 3]`
 */
function bitmap(levels: Uint8Array, width: number, height: number): Uint8Array {
  const header = 54;
  const stride = Math.ceil((3 * width) / 4) * 4;
  const file = new Uint8Array(header + stride * height);
  const view = new DataView(file.buffer);
  file.set([0x42, 0x4d]);
  const words = [file.length, 0, header, 40, width, height];
  words.forEach((word, index) => {
    view.setUint32(2 + 4 * index, word, true);
  });
  view.setUint16(26, 1, true);
  view.setUint16(28, 24, true);
  view.setUint32(34, stride * height, true);
  for (let row = 0; row < height; row++) {
    for (let index = 0; index < 3 * width; index++) {
      const channel = index % 3;
      const place = header + (height - 1 - row) * stride + index - channel + (2 - channel);
      file[place] = levels[3 * width * row + index] ?? 0;
    }
  }
  return file;
}

/**
 * Writes images to `<folder>/<prefix>_<key>_<number>.<format>`, each stretched to [0, 255].
 *
 * @param images `[count, height, width, channels]`
 * @param keys of the images, for their names
 * @param numbers at random, so that a photo's next version gets another name
 * @throws FileError when one cannot be written
 */
export async function saveImages(
  images: Float32Array,
  [height, width, channels]: readonly [height: number, width: number, channels: number],
  keys: readonly number[],
  numbers: readonly number[],
  { folder, prefix, format }: SaveOptions,
): Promise<void> {
  const size = height * width * channels;
  const raw = { width, height, channels: channels as 1 | 2 | 3 | 4 };
  try {
    for (const [row, key] of keys.entries()) {
      const levels = visibleLevels(images.subarray(row * size, (row + 1) * size));
      const name = `${prefix}_${key}_${numbers[row] ?? 0}.${format}`;
      await writeFileAtomically(join(folder, name), await encoded(sharp(levels, { raw }), format));
    }
  } catch (cause) {
    throw new FileError(`The augmented photos cannot be written to ${folder}.`, {
      subject: folder,
      expected: "a folder that can be written to",
      received:
        cause instanceof FileError ? (cause.received ?? "") : cause instanceof Error ? cause.message : String(cause),
      advice: "Give another saveToDir, or leave it out.",
      cause,
    });
  }
}

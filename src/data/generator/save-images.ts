import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { FileError } from "../../errors/errors.js";

/** Formats that `saveFormat` can name. */
export type ImageFormat = "png" | "jpeg" | "jpg" | "webp" | "tiff";

/** All of {@link ImageFormat}. */
export const imageFormats: readonly ImageFormat[] = ["png", "jpeg", "jpg", "webp", "tiff"];

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
    await mkdir(folder, { recursive: true });
    for (const [row, key] of keys.entries()) {
      const levels = visibleLevels(images.subarray(row * size, (row + 1) * size));
      const name = `${prefix}_${key}_${numbers[row] ?? 0}.${format}`;
      await sharp(levels, { raw })
        .toFormat(format === "jpg" ? "jpeg" : format)
        .toFile(join(folder, name));
    }
  } catch (cause) {
    throw new FileError(`The augmented photos cannot be written to ${folder}.`, {
      subject: folder,
      expected: "a folder that can be written to",
      received: cause instanceof Error ? cause.message : String(cause),
      advice: "Give another saveToDir, or leave it out.",
      cause,
    });
  }
}

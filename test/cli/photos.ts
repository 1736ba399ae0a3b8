import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import sharp from "sharp";
import { Generator } from "../../src/random/generator.js";

/** Colours that the classes of the tests are named after. */
export const colours = { red: [200, 40, 40], green: [40, 180, 40], blue: [40, 60, 210] } as const;

/** A colour that the photos of a class have. */
export type Colour = keyof typeof colours;

/** Writes a small JPEG: a colour with noise on it, so that no two are equal. */
export async function writePhoto(path: string, colour: Colour, seed: number): Promise<void> {
  const [width, height] = [48, 40];
  const generator = new Generator(seed);
  const channels = colours[colour];
  const pixels = Uint8Array.from({ length: width * height * 3 }, (_, index) =>
    Math.max(0, Math.min(255, (channels[index % 3] ?? 0) + 40 * (generator.uniform() - 0.5))),
  );
  await mkdir(dirname(path), { recursive: true });
  await sharp(pixels, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 80 })
    .toFile(path);
}

/**
 * Writes a folder of photos, one folder per class.
 *
 * @param directory made when it is missing
 * @param count photos of each class
 * @param classes default red, green and blue
 * @param firstSeed so that several folders differ
 */
export async function writePhotoFolder(
  directory: string,
  count: number,
  classes: readonly Colour[] = ["red", "green", "blue"],
  firstSeed = 0,
): Promise<void> {
  for (const [index, colour] of classes.entries()) {
    for (let photo = 0; photo < count; photo++) {
      await writePhoto(join(directory, colour, `${photo}.jpg`), colour, firstSeed + 1000 * index + photo);
    }
  }
}

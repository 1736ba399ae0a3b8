import { link, mkdir } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { Generator } from "../../src/random/generator.js";

/** Contents that differ; the other files are further names of these. */
const distinct = 1000;

const classes = ["dark", "bright"] as const;

/**
 * Makes a folder with one folder per class of 64×64 JPEGs of noise, half of them dark.
 *
 * @param count photos in all
 */
export async function writePhotos(folder: string, count: number): Promise<void> {
  const generator = new Generator(1);
  for (const name of classes) await mkdir(join(folder, name), { recursive: true });
  for (let index = 0; index < count; index++) {
    const part = index % classes.length;
    const path = join(folder, classes[part] ?? "", `${String(index).padStart(6, "0")}.jpg`);
    if (index >= distinct) {
      await link(join(folder, classes[part] ?? "", `${String(index % distinct).padStart(6, "0")}.jpg`), path);
      continue;
    }
    const pixels = Uint8Array.from({ length: 64 * 64 * 3 }, () => generator.integer(128) + 127 * part);
    await sharp(pixels, { raw: { width: 64, height: 64, channels: 3 } })
      .jpeg()
      .toFile(path);
  }
}

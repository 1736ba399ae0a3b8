import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { Generator } from "../../src/random/generator.js";

/** Photos of each class in each part. */
const each = 40;

/**
 * Draws photos of one colour: red and blue are alike in the class `alike` and differ in the class `unlike`. No sum of colours says
 * so, but a network that learns does: training one is worth it.
 *
 * @param folder where `train` and `validation` go, 40 photos of each class, 16 × 16 pixels; it is made
 */
export async function drawColourPhotos(folder: string): Promise<void> {
  const random = new Generator(4);
  const level = (high: boolean): number => (high ? 190 : 65) + random.uniform(-20, 20);
  for (const part of ["train", "validation"]) {
    for (const [label, name] of ["alike", "unlike"].entries()) {
      await mkdir(join(folder, part, name), { recursive: true });
      for (let index = 0; index < each; index++) {
        const red = random.uniform() < 0.5;
        const blue = red === (label === 0);
        const background = { r: level(red), g: random.uniform(60, 190), b: level(blue) };
        const image = sharp({ create: { width: 16, height: 16, channels: 3, background } });
        await image.png().toFile(join(folder, part, name, `${index}.png`));
      }
    }
  }
}

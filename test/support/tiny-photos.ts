import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";

const size = 32;
const kinds: readonly (readonly [name: string, level: (x: number, y: number, number: number) => number])[] = [
  ["checks", (x, y, number) => (across(x, y, 3 + (number % 3)) % 2 === 0 ? 200 : 40)],
  ["stripes", (x, _, number) => (across(x, 0, 2 + (number % 4)) % 2 === 0 ? 200 : 40)],
  ["waves", (x, y, number) => (x * 6 + y * ((number % 5) + 1)) % 220],
];
/** How many photos of each class a folder has, and the number of the first one. */
const parts = { train: { count: 8, first: 0 }, validation: { count: 4, first: 100 } };

function across(x: number, y: number, width: number): number {
  return Math.floor(x / width) + Math.floor(y / width);
}

/** `[32, 32, 3]`: photo `number` of a class, as scripts/golden/examples.py draws it. */
function pixels(kind: number, number: number): Uint8Array {
  const level = kinds[kind]?.[1] ?? (() => 0);
  return Uint8Array.from({ length: size * size * 3 }, (_, index) => {
    const c = index % 3;
    const x = Math.floor(index / 3) % size;
    const y = Math.floor(index / (3 * size));
    return level(x, y, number) + ((x * 13 + y * 7 + number * 29 + c * 53) % 31);
  });
}

/**
 * Draws the photos of scripts/golden/examples.py, `train/checks/0.png` and so on.
 *
 * @param folder where `train` and `validation` go, which is made
 * @param classes how many of the classes `checks`, `stripes` and `waves`
 */
export async function drawTinyPhotos(folder: string, classes: 2 | 3): Promise<void> {
  for (const [part, { count, first }] of Object.entries(parts)) {
    for (const [kind, [name]] of kinds.slice(0, classes).entries()) {
      await mkdir(join(folder, part, name), { recursive: true });
      for (let index = 0; index < count; index++) {
        const image = sharp(pixels(kind, first + index), { raw: { width: size, height: size, channels: 3 } });
        await image.png().toFile(join(folder, part, name, `${index}.png`));
      }
    }
  }
}

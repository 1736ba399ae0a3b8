import { Generator } from "../../../random/generator.js";

/** A photo as it is decoded: RGB, row by row. */
export interface DrawnPhoto {
  readonly width: number;
  readonly height: number;
  /** `[height, width, 3]`. */
  readonly data: Uint8Array;
}

/**
 * Draws a photo of soft spots.
 *
 * @param seed the same gives the same photo
 * @param contrast from 0, grey, to 1
 * @param brightness of the middle between dark and bright, 127.5 where nothing is cut off
 */
export function drawnPhoto(
  { width, height }: Pick<DrawnPhoto, "width" | "height">,
  seed: number,
  contrast = 1,
  brightness = 127.5,
): DrawnPhoto {
  const random = new Generator(seed);
  const waves = [0, 1, 2].map(() => ({ x: random.uniform(1, 6), y: random.uniform(1, 6), at: random.uniform(0, 6) }));
  const data = new Uint8Array(height * width * 3);
  for (let index = 0; index < data.length; index++) {
    const { x = 1, y = 1, at = 0 } = waves[index % 3] ?? {};
    const column = Math.floor(index / 3) % width;
    const row = Math.floor(index / 3 / width);
    const wave = Math.sin(at + (x * column) / width) * Math.cos((y * row) / height);
    data[index] = Math.min(255, Math.max(0, Math.round(brightness + 127.5 * contrast * wave)));
  }
  return { width, height, data };
}

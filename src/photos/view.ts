import type { Generator } from "../random/generator.js";
import type { DecodedPhoto } from "./decode.js";

/**
 * A part of a photo as a network sees it, to learn from as if it were another photo: a rectangle, as shares of the photo's width
 * and height in [0, 1], and whether left and right are exchanged.
 */
export interface View {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly mirrored: boolean;
}

/** The whole photo. */
export const wholeView: View = { left: 0, top: 0, width: 1, height: 1, mirrored: false };

/** The smallest share of a photo's area that a drawn view shows. */
const smallestArea = 0.25;
/** A drawn view is at most this much wider, or narrower, than the photo in proportion. */
const mostStretched = 4 / 3;

/**
 * Draws a view: its area is even in [0.25, 1] of the photo, the logarithm of its width to height, relative to the photo's, even
 * between those of 3 : 4 and 4 : 3, its place even among those that lie inside; one in two is mirrored.
 *
 * @see https://arxiv.org/abs/1409.4842, the crops of Inception, which begin at 8 % of the area: a classifier of few photos learns
 * more from parts that still show what they are of
 */
export function drawView(random: Generator): View {
  for (;;) {
    const area = random.uniform(smallestArea, 1);
    const stretch = Math.exp(random.uniform(-1, 1) * Math.log(mostStretched));
    const [width, height] = [Math.sqrt(area * stretch), Math.sqrt(area / stretch)];
    if (width > 1 || height > 1) continue;
    const [left, top] = [random.uniform(0, 1 - width), random.uniform(0, 1 - height)];
    return { left, top, width, height, mirrored: random.uniform() < 0.5 };
  }
}

/**
 * The rectangle of a photo that a view shows, not mirrored yet: whole pixels, at least one in each direction.
 */
export function croppedTo({ width, height, data }: DecodedPhoto, view: View): DecodedPhoto {
  const [left, right] = pixels(view.left, view.width, width);
  const [top, bottom] = pixels(view.top, view.height, height);
  if (right - left === width && bottom - top === height) return { width, height, data };
  const row = (right - left) * 3;
  const cropped = new Uint8Array((bottom - top) * row);
  for (let y = top; y < bottom; y++) {
    const start = (y * width + left) * 3;
    cropped.set(data.subarray(start, start + row), (y - top) * row);
  }
  return { width: right - left, height: bottom - top, data: cropped };
}

/** First pixel, and the one behind the last. */
function pixels(start: number, share: number, size: number): readonly [number, number] {
  const first = Math.min(Math.round(start * size), size - 1);
  return [first, Math.max(first + 1, Math.min(size, Math.round((start + share) * size)))];
}

/**
 * Exchanges left and right.
 *
 * @param pixels `[size, size, 3]` uint8, changed in place
 */
export function mirror(pixels: Uint8Array, size: number): Uint8Array {
  for (let row = 0; row < size; row++) {
    for (let left = row * size * 3, right = left + (size - 1) * 3; left < right; left += 3, right -= 3) {
      for (let channel = 0; channel < 3; channel++) {
        const value = pixels[left + channel] ?? 0;
        pixels[left + channel] = pixels[right + channel] ?? 0;
        pixels[right + channel] = value;
      }
    }
  }
  return pixels;
}

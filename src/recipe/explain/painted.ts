import type { PhotoPart } from "../../photos/framing.js";
import { Tensor } from "../../runtime/runtime.js";

/** Values of pixels as a network takes them. */
export type Pixels = Float32Array | Uint8Array;

/** `[H, W, C]`. */
export interface Picture {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly data: Pixels;
  /** What the network sees of it. */
  readonly part: PhotoPart;
}

/** Pixels of a picture, the last ones left out. */
export interface Rectangle {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** The score of each picture of a batch `[N, H, W, C]`. */
export type ScoreOf = (pictures: Tensor) => Promise<readonly number[]>;

/** Pictures that are looked at at once, at most. */
const mostAtOnce = 16;

/** Values of pictures that are looked at at once, unless a single one has more: large photos come as they are. */
const mostValues = 2 ** 26;

/** First pixels of the cells along a side, and the end. */
export function edges(first: number, extent: number, cells: number): readonly number[] {
  return Array.from({ length: cells + 1 }, (_, cell) => first + Math.round((cell * extent) / cells));
}

/** The picture as it is, `[1, H, W, C]`. */
export function wholePicture({ height, width, channels, data }: Picture): Tensor {
  return tensorOf(data, [1, height, width, channels]);
}

/**
 * The scores of a picture in which some of what is seen is painted over with the mean colour of all that is.
 *
 * @param variants what is painted over, each time in the picture as it was
 */
export async function scoresPainted(
  picture: Picture,
  variants: readonly (readonly Rectangle[])[],
  scoreOf: ScoreOf,
): Promise<readonly number[]> {
  const { height, width, channels, data } = picture;
  const colour = meanColour(picture);
  const atOnce = Math.max(1, Math.min(mostAtOnce, Math.floor(mostValues / data.length)));
  const scores: number[] = [];
  for (let start = 0; start < variants.length; start += atOnce) {
    const some = variants.slice(start, start + atOnce);
    const batch = emptyLike(data, some.length * data.length);
    some.forEach((rectangles, index) => {
      const copy = batch.subarray(index * data.length, (index + 1) * data.length);
      copy.set(data);
      for (const { top, bottom, left, right } of rectangles)
        for (let y = top; y < bottom; y++)
          for (let x = left; x < right; x++) copy.set(colour, (y * width + x) * channels);
    });
    scores.push(...(await scoreOf(tensorOf(batch, [some.length, height, width, channels]))));
  }
  return scores;
}

/** Of the part that is seen. */
function meanColour({ width, channels, data, part }: Picture): readonly number[] {
  const sums = new Float64Array(channels);
  for (let y = part.top; y < part.top + part.height; y++) {
    for (let at = (y * width + part.left) * channels, end = at + part.width * channels; at < end; at++)
      sums[at % channels] = (sums[at % channels] ?? 0) + (data[at] ?? 0);
  }
  return Array.from(sums, (sum) => sum / (part.width * part.height));
}

function emptyLike(pixels: Pixels, length: number): Pixels {
  return pixels instanceof Uint8Array ? new Uint8Array(length) : new Float32Array(length);
}

function tensorOf(pixels: Pixels, dims: readonly number[]): Tensor {
  return pixels instanceof Uint8Array ? new Tensor("uint8", pixels, dims) : new Tensor("float32", pixels, dims);
}

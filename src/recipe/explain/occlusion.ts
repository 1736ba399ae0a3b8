import type { PhotoPart } from "../../photos/framing.js";
import { Tensor } from "../../runtime/runtime.js";

/** Values of pixels as a network takes them. */
export type Pixels = Float32Array | Uint8Array;

/** How many cells each side of the picture has. */
export const cellsASide = 8;

/** How many cells a patch is high and wide: neighbours overlap. */
const cellsAPatch = 2;

/** Pictures that are looked at at once, at most. */
const mostAtOnce = 16;

/** Values of pictures that are looked at at once, unless a single one has more: large photos come as they are. */
const mostValues = 2 ** 26;

/** `[H, W, C]`. */
interface Picture {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly data: Pixels;
  /** What the network sees of it. */
  readonly part: PhotoPart;
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

/** First pixels of the cells along a side, and the end. */
function edges(first: number, extent: number): readonly number[] {
  return Array.from({ length: cellsASide + 1 }, (_, cell) => first + Math.round((cell * extent) / cellsASide));
}

/** Where a patch begins and ends, in cells. All are of one size, so that what falls below them can be compared. */
function patches(): readonly (readonly [from: number, to: number])[] {
  return Array.from({ length: cellsASide - cellsAPatch + 1 }, (_, from) => [from, from + cellsAPatch] as const);
}

/**
 * How much a score falls where a patch of the picture's mean colour lies over it: slow, and true whatever the network is made of.
 *
 * @param picture as the network takes it
 * @param scoreOf the score of each picture of a batch `[N, H, W, C]`
 * @returns `cellsASide × cellsASide` over the part that is seen, row by row: the mean fall over the patches that cover a cell; negative where
 * it rises
 * @see Zeiler & Fergus 2014, Visualizing and Understanding Convolutional Networks
 */
export async function occlusionHeat(
  picture: Picture,
  scoreOf: (pictures: Tensor) => Promise<readonly number[]>,
): Promise<Float32Array> {
  const { height, width, channels, data, part } = picture;
  const colour = meanColour(picture);
  const [rows, columns] = [edges(part.top, part.height), edges(part.left, part.width)];
  const atOnce = Math.max(1, Math.min(mostAtOnce, Math.floor(mostValues / data.length)));
  const all = patches().flatMap((down) => patches().map((across) => ({ down, across })));
  const covered = ({ down, across }: (typeof all)[number], into: Pixels): void => {
    into.set(data);
    for (let y = rows[down[0]] ?? 0; y < (rows[down[1]] ?? height); y++) {
      for (let x = columns[across[0]] ?? 0; x < (columns[across[1]] ?? width); x++) {
        into.set(colour, (y * width + x) * channels);
      }
    }
  };
  const batchOf = (some: readonly (typeof all)[number][]): Tensor => {
    const batch = emptyLike(data, some.length * data.length);
    some.forEach((patch, index) => {
      covered(patch, batch.subarray(index * data.length, (index + 1) * data.length));
    });
    return tensorOf(batch, [some.length, height, width, channels]);
  };
  const [whole = 0] = await scoreOf(tensorOf(data, [1, height, width, channels]));
  const heat = new Float32Array(cellsASide * cellsASide);
  const times = new Float32Array(heat.length);
  for (let start = 0; start < all.length; start += atOnce) {
    const some = all.slice(start, start + atOnce);
    const scores = await scoreOf(batchOf(some));
    some.forEach(({ down, across }, index) => {
      for (let row = down[0]; row < down[1]; row++) {
        for (let column = across[0]; column < across[1]; column++) {
          const cell = row * cellsASide + column;
          heat[cell] = (heat[cell] ?? 0) + whole - (scores[index] ?? whole);
          times[cell] = (times[cell] ?? 0) + 1;
        }
      }
    });
  }
  return heat.map((sum, cell) => sum / (times[cell] ?? 1));
}

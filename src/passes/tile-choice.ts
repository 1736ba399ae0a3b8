import type { Window } from "../ops/window.js";
import { kernelExtent } from "./winograd.js";

/** Extents of tiles that come into question. */
const tileExtents = [2, 3, 4] as const;

/**
 * Work of moving one element through the transforms, as multiplications and additions of the products: what one takes the
 * others do in the same time. Measured on two cores with AVX-512, batch 20: 0.8 to 1.1 ns an element of tiles and products at
 * 18×18×512, 37×37×256 and 75×75×128, against 5.6 ps an operation of the products. Other machines move and multiply at other
 * rates.
 */
export const usualElementWork = 180;

/** What a machine's may be. Whole factors apart, so that a measurement gives the same one again. */
export const elementWorks: readonly number[] = [0.25, 0.5, 1, 2, 4].map((factor) => factor * usualElementWork);

/** Weights learned in the step are transformed in it, for so many images. */
const assumedBatch = 16;

/**
 * Less gain than this is not worth the memory: a learned layer keeps its tiles for the gradient. VGG16's second layer
 * (150×150×64), which is left out, would make a training step of the whole network 10 % faster with 35 % more memory.
 */
const worthwhile = 0.85;

/**
 * The extent of the tiles with which a convolution is the least work, or `undefined` where tiles do not pay.
 *
 * F(m×m, 3×3) needs (m + 2)² multiplications for m² outputs where a convolution needs 9 m²: less than a third for
 * 3×3 and 4×4 tiles that fit the map. Tiles that reach over its end, and moving pixels into and out of tiles, eat part of
 * that: with few channels all.
 *
 * @param channels those of the input and of the output
 * @param learned whether the kernel is an input of the graph; a constant one is transformed when the session is made
 * @param elementWork default {@link usualElementWork}
 */
export function winogradTile(
  { kernel, strides, dilations, output }: Window,
  channels: readonly [input: number, output: number],
  learned: boolean,
  elementWork = usualElementWork,
): number | undefined {
  const [height, width] = output;
  const plain = kernel.length === 2 && kernel.every((extent) => extent === kernelExtent);
  const dense = [...strides, ...dilations].every((step) => step === 1);
  if (!plain || !dense || typeof height !== "number" || typeof width !== "number") return undefined;
  const [inner, outer] = channels;
  const workOf = (tile: number): number => {
    const places = (tile + 2) ** 2;
    const rows = places * Math.ceil(height / tile) * Math.ceil(width / tile);
    const weights = learned ? (elementWork * places * inner * outer) / assumedBatch / 4 : 0;
    return 2 * rows * inner * outer + elementWork * rows * (inner + outer) + weights;
  };
  const [best] = [...tileExtents].sort((a, b) => workOf(a) - workOf(b));
  const direct = 2 * kernelExtent ** 2 * height * width * inner * outer;
  return best !== undefined && workOf(best) < worthwhile * direct ? best : undefined;
}

/**
 * Which of {@link elementWorks} explains how long layers take by tiles.
 *
 * @param extent height and width of the layers' maps
 * @param channels of their inputs and outputs
 * @param ratio time by the largest tiles, as a share of the time as convolutions
 */
export function elementWorkFor(extent: number, channels: number, ratio: number): number {
  const tile = Math.max(...tileExtents);
  const rows = (tile + 2) ** 2 * Math.ceil(extent / tile) ** 2;
  const direct = 2 * kernelExtent ** 2 * extent ** 2 * channels ** 2;
  const found = (ratio * direct - 2 * rows * channels ** 2) / (2 * rows * channels);
  const distance = (work: number): number => Math.abs(Math.log(work / Math.max(found, 1)));
  const [nearest = usualElementWork] = [...elementWorks].sort((a, b) => distance(a) - distance(b));
  return nearest;
}

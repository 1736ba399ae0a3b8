import { dimAt, dimProduct, staticDim } from "../graph/shape.js";
import { constant, type Value } from "../graph/value.js";
import { allocate, type ElementType } from "../onnx/tensor-data.js";
import { add } from "../ops/elementwise.js";
import { matmul } from "../ops/matmul.js";
import { reshapeTo } from "../ops/shape-of.js";
import { takeRows, zeroRow } from "../ops/take-rows.js";
import { tapsOf, type Window } from "../ops/window.js";

/** Extent of the kernels, along both axes. */
const kernelExtent = 3;

/**
 * Where the polynomials are evaluated, beside infinity. Small numbers with small inverses: the more unequal their powers,
 * the more digits are lost. Error of a 512-channel layer against `Conv`, as a share of the largest output: 2e-6 for
 * tiles of 4 and 3, 5e-7 for tiles of 2; with 2 and -2 for the last points 6e-6.
 */
const points = [0, 1, -1, 0.5, -2];

/** Extents of tiles that come into question. */
const tileExtents = [2, 3, 4] as const;

/** The three matrices of a fast convolution of one axis. */
interface Transforms {
  /** `[m + 2, m + 2]`, for the pixels under a tile. */
  readonly pixels: readonly (readonly number[])[];
  /** `[m + 2, 3]`, for the kernel. */
  readonly kernel: readonly (readonly number[])[];
  /** `[m, m + 2]`, from products to the outputs of a tile. */
  readonly outputs: readonly (readonly number[])[];
}

/** Coefficients of Π (x - root), the constant one first. */
function polynomial(roots: readonly number[]): number[] {
  return roots.reduce<number[]>(
    (coefficients, root) => [0, ...coefficients].map((higher, power) => higher - root * (coefficients[power] ?? 0)),
    [1],
  );
}

/**
 * The transforms for tiles of `m` outputs, by Toom and Cook: two polynomials are multiplied by evaluating both at
 * `m + 2` points (the last one at infinity), multiplying the values and interpolating; transposed, that is a correlation.
 *
 *     y = outputs · [(kernel · g) ⊙ (pixels · d)]
 *
 * @see https://arxiv.org/abs/1509.09308 Lavin and Gray, Fast Algorithms for Convolutional Neural Networks
 */
export function transformsOf(m: number): Transforms {
  const finite = points.slice(0, m + kernelExtent - 2);
  const without = (skipped: number): number[] => finite.filter((_, index) => index !== skipped);
  const padded = (row: readonly number[], length: number): number[] =>
    Array.from({ length }, (_, index) => row[index] ?? 0);
  const powers = (point: number, length: number): number[] => Array.from({ length }, (_, power) => point ** power);
  const size = finite.length + 1;
  const last = (length: number): number[] => Array.from({ length }, (_, index) => (index === length - 1 ? 1 : 0));
  return {
    pixels: [...finite.map((_, index) => padded(polynomial(without(index)), size)), polynomial(finite)],
    kernel: [
      ...finite.map((point, index) => {
        const scale = without(index).reduce((product, other) => product * (point - other), 1);
        return powers(point, kernelExtent).map((power) => power / scale);
      }),
      last(kernelExtent),
    ],
    outputs: Array.from({ length: m }, (_, power) => [
      ...finite.map((point) => point ** power),
      power === m - 1 ? 1 : 0,
    ]),
  };
}

/** A matrix for both axes at once, as a constant: the Kronecker product with itself. */
function forBothAxes(matrix: readonly (readonly number[])[], type: ElementType): Value {
  const rows = matrix.flatMap((first) => matrix.map((second) => first.flatMap((a) => second.map((b) => a * b))));
  const [width = 0] = rows.map(({ length }) => length);
  const data = allocate(type, rows.length * width) as Float32Array | Float64Array;
  data.set(rows.flat());
  return constant({ type, dims: [rows.length, width], data });
}

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

/**
 * Convolution with a 3×3 kernel and stride 1 by tiles, after Winograd: pixels of a tile and kernel are transformed, multiplied
 * place by place (each place one matrix product over the channels) and transformed back. It is float32 arithmetic, with
 * rounding errors of a few 1e-6 of the largest output where a plain sum has 1e-6.
 *
 * Written with operators that have gradients; theirs are the transposed algorithm, which is as fast.
 *
 * @param x `[H, W, N, C]`
 * @param kernel `[9 · C, O]`: Keras's `[3, 3, C, O]` as a matrix
 * @param b `[O]`
 * @param tile extent of the tiles; see {@link winogradTile}
 * @returns `[oh, ow, N, O]`
 */
export function winogradConv(x: Value, kernel: Value, b: Value | undefined, window: Window, tile: number): Value {
  const [height, width] = [staticDim(x.shape, 0, "winograd"), staticDim(x.shape, 1, "winograd")];
  const [batch, channels] = [dimAt(x.shape, 2), dimAt(x.shape, 3)];
  const outputs = dimAt(kernel.shape, 1);
  const [oh, ow] = [staticDim(window.output, 0, "winograd"), staticDim(window.output, 1, "winograd")];
  const [top = 0, left = 0] = window.begins;
  const { pixels, kernel: weights, outputs: interpolation } = transformsOf(tile);
  const places = pixels.length ** 2;
  const down = Math.ceil(oh / tile);
  const across = Math.ceil(ow / tile);

  // Place by place of a tile, and for each place all tiles.
  const under = tapsOf([pixels.length, pixels.length, down, across]).map(([i = 0, j = 0, row = 0, column = 0]) => {
    const [y, z] = [row * tile + i - top, column * tile + j - left];
    return y >= 0 && y < height && z >= 0 && z < width ? y * width + z : zeroRow;
  });
  const image = reshapeTo(x, [height * width, batch, channels]);
  const tiles = reshapeTo(takeRows(image, under), [places, dimProduct([down * across, batch, channels])]);
  const transformed = reshapeTo(matmul(forBothAxes(pixels, x.type), tiles), [
    places,
    dimProduct([down * across, batch]),
    channels,
  ]);
  const taps = reshapeTo(kernel, [kernelExtent ** 2, dimProduct([channels, outputs])]);
  const matrices = reshapeTo(matmul(forBothAxes(weights, x.type), taps), [places, channels, outputs]);
  const products = reshapeTo(matmul(transformed, matrices), [places, dimProduct([down * across, batch, outputs])]);
  const results = reshapeTo(matmul(forBothAxes(interpolation, x.type), products), [
    tile ** 2 * down * across,
    batch,
    outputs,
  ]);
  const order = Array.from({ length: oh * ow }, (_, pixel) => {
    const [y, z] = [Math.floor(pixel / ow), pixel % ow];
    const place = (y % tile) * tile + (z % tile);
    return place * down * across + Math.floor(y / tile) * across + Math.floor(z / tile);
  });
  const y = reshapeTo(takeRows(results, order), [oh, ow, batch, outputs]);
  return b === undefined ? y : add(y, b);
}

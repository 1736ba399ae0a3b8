import { dimAt, dimProduct, staticDim } from "../graph/shape.js";
import { constant, type Value } from "../graph/value.js";
import { allocate, type ElementType } from "../onnx/tensor-data.js";
import { add } from "../ops/elementwise.js";
import { matmul } from "../ops/matmul.js";
import { reshapeTo } from "../ops/reshape.js";
import { takeRows, zeroRow } from "../ops/take-rows.js";
import { tapsOf, type Window } from "../ops/window.js";

/** Extent of the kernels, along both axes. */
export const kernelExtent = 3;

/**
 * Where the polynomials are evaluated, beside infinity. Small numbers with small inverses: the more unequal their powers,
 * the more digits are lost. Error of a 512-channel layer against `Conv`, as a share of the largest output: 2e-6 for
 * tiles of 4 and 3, 5e-7 for tiles of 2; with 2 and -2 for the last points 6e-6.
 */
const points = [0, 1, -1, 0.5, -2];

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
 * Convolution with a 3×3 kernel and stride 1 by tiles, after Winograd: pixels of a tile and kernel are transformed, multiplied
 * place by place (each place one matrix product over the channels) and transformed back. It is float32 arithmetic, with
 * rounding errors of a few 1e-6 of the largest output where a plain sum has 1e-6.
 *
 * Written with operators that have gradients; theirs are the transposed algorithm, which is as fast.
 *
 * @param x `[H, W, N, C]`
 * @param kernel `[9 · C, O]`: Keras's `[3, 3, C, O]` as a matrix
 * @param b `[O]`
 * @param tile extent of the tiles; see `winogradTile`
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

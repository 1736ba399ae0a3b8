import { dimAt, staticDim } from "../../graph/shape.js";
import { constant, type Value } from "../../graph/value.js";
import { float32 } from "../../onnx/tensor-data.js";
import { scalarLike } from "../../ops/constants.js";
import { abs, add, clip, div, floor, mul, sub } from "../../ops/elementwise.js";
import { concat } from "../../ops/joining.js";
import { matmul } from "../../ops/matmul.js";
import { gridSample } from "../../ops/resampling.js";
import { reshapeTo } from "../../ops/reshape.js";
import type { FillMode } from "./fill-mode.js";

/** Orders of splines; pixels between pixels are weighed sums of `order + 1` coefficients along each axis. */
export type SplineOrder = 2 | 3 | 4 | 5;

/** Values of the B-spline at whole numbers, from the middle outwards. */
const middles: Readonly<Record<SplineOrder, readonly number[]>> = {
  2: [6 / 8, 1 / 8],
  3: [4 / 6, 1 / 6],
  4: [230 / 384, 76 / 384, 1 / 384],
  5: [66 / 120, 26 / 120, 1 / 120],
};

/**
 * The B-spline as polynomials of the distance from its middle: piece 0 next to the middle, and so on; lowest power first.
 */
const pieces: Readonly<Record<SplineOrder, readonly (readonly number[])[]>> = {
  2: [
    [3 / 4, 0, -1],
    [9 / 8, -3 / 2, 1 / 2],
  ],
  3: [
    [4 / 6, 0, -1, 1 / 2],
    [8 / 6, -2, 1, -1 / 6],
  ],
  4: [
    [115 / 192, 0, -5 / 8, 0, 1 / 4],
    [55 / 96, 5 / 24, -5 / 4, 5 / 6, -1 / 6],
    [625 / 384, -125 / 48, 25 / 16, -5 / 12, 1 / 24],
  ],
  5: [
    [66 / 120, 0, -1 / 2, 0, 1 / 4, -1 / 12],
    [51 / 120, 75 / 120, -210 / 120, 150 / 120, -45 / 120, 5 / 120],
    [243 / 120, -405 / 120, 270 / 120, -90 / 120, 15 / 120, -1 / 120],
  ],
};

/** How many pixels SciPy adds at each end for mode `nearest`, before it looks for coefficients. */
const edgePixels = 12;

/** How many coefficients are kept beyond each end: as far as a spline reaches from half a pixel outside. */
const margin = 4;

/** Where the coefficient at a place beyond the ends is: SciPy's way for each mode. */
function mirrored(index: number, size: number, mode: FillMode): number {
  if (mode === "nearest") return Math.min(Math.max(index, 0), size - 1);
  const symmetric = mode === "reflect";
  const period = symmetric ? 2 * size : Math.max(2 * size - 2, 1);
  const within = ((index % period) + period) % period;
  if (within < size) return within;
  return symmetric ? 2 * size - 1 - within : 2 * size - 2 - within;
}

/** Solves `Σ b c = f` along one axis for unit vectors f: the matrix that makes coefficients of pixels, `[size, size]`. */
function inverseOfSpline(size: number, order: SplineOrder, mode: FillMode): Float64Array {
  const [middle = 1, ...sides] = middles[order];
  const reach = sides.length;
  const band = new Float64Array(size * size);
  const put = (row: number, column: number, value: number): void => {
    band[row * size + column] = (band[row * size + column] ?? 0) + value;
  };
  // Pixels of mode nearest are mirrored about the outer edges of those that were added.
  const filtered: FillMode = mode === "nearest" ? "reflect" : mode;
  for (let row = 0; row < size; row++) {
    put(row, row, middle);
    sides.forEach((weight, index) => {
      for (const column of [row - index - 1, row + index + 1]) put(row, mirrored(column, size, filtered), weight);
    });
  }
  const inverse = new Float64Array(size * size);
  for (let row = 0; row < size; row++) inverse[row * size + row] = 1;
  const subtract = (from: number, row: number, factor: number, target: Float64Array): void => {
    for (let column = 0; column < size; column++) {
      target[from * size + column] = (target[from * size + column] ?? 0) - factor * (target[row * size + column] ?? 0);
    }
  };
  // Elimination without exchange of rows: the middle outweighs the sides.
  for (let row = 0; row < size; row++) {
    for (let below = row + 1; below <= Math.min(row + reach, size - 1); below++) {
      const factor = (band[below * size + row] ?? 0) / (band[row * size + row] ?? 1);
      if (factor === 0) continue;
      subtract(below, row, factor, band);
      subtract(below, row, factor, inverse);
    }
  }
  for (let row = size - 1; row >= 0; row--) {
    const pivot = band[row * size + row] ?? 1;
    for (let column = 0; column < size; column++) {
      inverse[row * size + column] = (inverse[row * size + column] ?? 0) / pivot;
    }
    for (let above = Math.max(row - reach, 0); above < row; above++) {
      const factor = band[above * size + row] ?? 0;
      if (factor !== 0) subtract(above, row, factor, inverse);
    }
  }
  return inverse;
}

/** The matrix that makes the coefficients along an axis, with those beyond the ends: `[rows, size]`. */
function coefficientMatrix(size: number, order: SplineOrder, mode: FillMode): { rows: number; data: Float32Array } {
  const added = mode === "nearest" ? edgePixels : 0;
  const inner = size + 2 * added;
  const inverse = inverseOfSpline(inner, order, mode);
  const rows = inner + 2 * margin;
  const data = new Float32Array(rows * size);
  for (let row = 0; row < rows; row++) {
    const source = mirrored(row - margin, inner, mode === "wrap" || mode === "constant" ? "constant" : mode);
    const sums = new Float64Array(size);
    for (let column = 0; column < inner; column++) {
      const pixel = Math.min(Math.max(column - added, 0), size - 1);
      sums[pixel] = (sums[pixel] ?? 0) + (inverse[source * inner + column] ?? 0);
    }
    data.set(sums, row * size);
  }
  return { rows, data };
}

/** A place between two coefficients that are weighed together, and the sum of their weights. */
interface Pair {
  readonly place: Value;
  readonly weight: Value;
}

function polynomial(x: Value, coefficients: readonly number[]): Value {
  const [highest = 0, ...others] = [...coefficients].reverse();
  return others.reduce((sum, next) => add(mul(sum, x), scalarLike(x, next)), scalarLike(x, highest));
}

/** Which coefficients a position takes, two at a time: a bilinear sample between two weighs them as the spline does. */
function pairsAt(position: Value, order: SplineOrder): readonly Pair[] {
  const number = (value: number): Value => scalarLike(position, value);
  const nearest = order % 2 === 0 ? floor(add(position, number(0.5))) : floor(position);
  const start = sub(nearest, number(Math.floor(order / 2)));
  const weights = Array.from({ length: order + 1 }, (_, tap) => {
    const distance = abs(sub(position, add(start, number(tap))));
    const piece = Math.floor(Math.abs(tap - order / 2));
    return polynomial(distance, pieces[order][piece] ?? []);
  });
  const pairs: Pair[] = [];
  for (let tap = 0; tap <= order; tap += 2) {
    const [first, second] = [weights[tap], weights[tap + 1]];
    if (first === undefined) continue;
    const place = add(start, number(tap));
    if (second === undefined) {
      pairs.push({ place, weight: first });
    } else {
      const weight = add(first, second);
      pairs.push({ place: add(place, div(second, weight)), weight });
    }
  }
  return pairs;
}

/**
 * Takes pixels from splines through the pixels of photos.
 *
 * @param photos `[N, C, H, W]` float32
 * @param rows where from, `[N, H·W, 1]`, brought back between the ends as the mode says
 * @param columns the same for columns
 * @returns `[N, C, H, W]`
 * @see https://docs.scipy.org/doc/scipy/reference/generated/scipy.ndimage.spline_filter.html
 */
export function sampleSpline(photos: Value, rows: Value, columns: Value, order: SplineOrder, mode: FillMode): Value {
  const [height, width] = [staticDim(photos.shape, 2, "sampleSpline"), staticDim(photos.shape, 3, "sampleSpline")];
  const batch = dimAt(photos.shape, 0);
  const down = coefficientMatrix(height, order, mode);
  const right = coefficientMatrix(width, order, mode);
  const turned = Float32Array.from(
    right.data,
    (_, index) => right.data[(index % right.rows) * width + Math.floor(index / right.rows)] ?? 0,
  );
  const across = matmul(photos, constant(float32(turned, [width, right.rows])));
  const coefficients = matmul(constant(float32(down.data, [down.rows, height])), across);

  const added = mode === "nearest" ? edgePixels : 0;
  const inside = (position: Value, size: number): Value => {
    const shifted = add(position, scalarLike(position, added + margin));
    const outermost = mode === "nearest" ? edgePixels : 0.5;
    return clip(shifted, added + margin - outermost, added + margin + size - 1 + outermost);
  };
  const normalized = (place: Value, size: number): Value =>
    sub(mul(place, scalarLike(place, 2 / (size - 1))), scalarLike(place, 1));
  const byColumn = pairsAt(inside(columns, width), order);
  const parts = pairsAt(inside(rows, height), order).flatMap((row) =>
    byColumn.map((column) => {
      const grid = concat([normalized(column.place, right.rows), normalized(row.place, down.rows)], { axis: 2 });
      const sampled = gridSample(coefficients, reshapeTo(grid, [batch, height, width, 2]), {
        mode: "bilinear",
        padding_mode: "border",
        align_corners: 1,
      });
      return mul(sampled, reshapeTo(mul(row.weight, column.weight), [batch, 1, height, width]));
    }),
  );
  return parts.reduce((sum, part) => add(sum, part));
}

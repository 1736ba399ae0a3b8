import { staticDim } from "../../graph/shape.js";
import { constant, type Value } from "../../graph/value.js";
import { float32, type TensorData } from "../../onnx/tensor-data.js";
import { and, greaterOrEqual, lessOrEqual, where } from "../../ops/comparison.js";
import { scalarLike } from "../../ops/constants.js";
import { abs, add, div, floor, mul, sub } from "../../ops/elementwise.js";
import { gridSample } from "../../ops/resampling.js";
import { concat } from "../../ops/joining.js";
import { slice } from "../../ops/slicing.js";
import { matmul } from "../../ops/matmul.js";
import { reshapeTo } from "../../ops/reshape.js";
import type { AffineMatrix } from "./affine-parameters.js";
import type { FillMode } from "./fill-mode.js";
import { sampleSpline, type SplineOrder } from "./spline-graph.js";

/** How pixels are made: 0 takes the nearest one, 1 weighs the nearest four (bilinear), 2 to 5 are splines of this order. */
export type InterpolationOrder = 0 | 1 | SplineOrder;

/** `[H·W, 3]`: row, column and 1 of each pixel. */
function pixelCoordinates(height: number, width: number): Value {
  const data = new Float32Array(height * width * 3);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) data.set([row, column, 1], 3 * (row * width + column));
  }
  return constant(float32(data, [height * width, 3]));
}

/**
 * Matrices as the graph takes them.
 *
 * @param matrices one a photo, from the result's `[row, column, 1]` to the photo's
 * @returns `[N, 3, 2]`: columns give the photo's row and column
 */
export function samplingMatrices(matrices: readonly AffineMatrix[]): TensorData<"float32"> {
  const data = matrices.flatMap(([rows, columns]) => rows.flatMap((value, index) => [value, columns[index] ?? 0]));
  return float32(data, [matrices.length, 3, 2]);
}

/** Brings positions beyond the edges back between them, as SciPy does, for pixels 0 to `size - 1`. */
function bringBack(position: Value, size: number, mode: FillMode): Value {
  const number = (value: number): Value => scalarLike(position, value);
  if (mode === "reflect") {
    // The picture and its mirror image repeat with period 2·size, mirrored about -1/2 and size - 1/2.
    const shifted = add(position, number(0.5));
    const period = number(2 * size);
    const within = sub(shifted, mul(floor(div(shifted, period)), period));
    return sub(number(size - 0.5), abs(sub(within, number(size))));
  }
  if (mode === "wrap" && size > 1) {
    // SciPy lets the last pixel lie on the first one: the period is size - 1.
    const period = number(size - 1);
    const within = sub(position, mul(floor(div(position, period)), period));
    const inside = and(greaterOrEqual(position, number(0)), lessOrEqual(position, period));
    return where(inside, position, within);
  }
  return position;
}

/**
 * Transforms photos by one affine matrix each.
 *
 * @param photos `[N, C, H, W]` float32
 * @param matrices `[N, 3, 2]` as {@link samplingMatrices} gives them
 * @param mode what is put beyond the edges
 * @param cval the value for mode `constant`
 * @param order interpolation; default 1, bilinear
 * @returns `[N, C, H, W]`
 * @see https://docs.scipy.org/doc/scipy/reference/generated/scipy.ndimage.affine_transform.html
 */
export function affineTransform(
  photos: Value,
  matrices: Value,
  mode: FillMode,
  cval: number,
  order: InterpolationOrder = 1,
): Value {
  const height = staticDim(photos.shape, 2, "affineTransform");
  const width = staticDim(photos.shape, 3, "affineTransform");
  const batch = photos.shape[0] ?? "N";
  // [N, H·W, 2]: where each pixel of the result lies in the photo, in pixels.
  const positions = matmul(pixelCoordinates(height, width), matrices);
  const [rows, columns] = [0, 1].map((axis) => slice(positions, { starts: [axis], ends: [axis + 1], axes: [2] }));
  if (rows === undefined || columns === undefined) return photos;
  if (order > 1) {
    const spline = sampleSpline(
      photos,
      bringBack(rows, height, mode),
      bringBack(columns, width, mode),
      order as SplineOrder,
      mode,
    );
    return filledOutside(spline, rows, columns, mode, cval);
  }
  // GridSample counts from -1 to 1, x before y, with the centres of the outer pixels at the ends.
  const normalized = (position: Value, size: number): Value => {
    const within = bringBack(position, size, mode);
    // SciPy takes the pixel above where two are equally near; GridSample's own `nearest` takes the even one.
    const sampled = order === 0 ? floor(add(within, scalarLike(within, 0.5))) : within;
    return sub(mul(sampled, scalarLike(position, 2 / Math.max(size - 1, 1))), scalarLike(position, 1));
  };
  const grid = concat([normalized(columns, width), normalized(rows, height)], { axis: 2 });
  const sampled = gridSample(photos, reshapeTo(grid, [batch, height, width, 2]), {
    mode: "bilinear",
    padding_mode: "border",
    align_corners: 1,
  });
  return filledOutside(sampled, rows, columns, mode, cval);
}

/** Mode `constant`: the value for pixels from outside. */
function filledOutside(sampled: Value, rows: Value, columns: Value, mode: FillMode, cval: number): Value {
  if (mode !== "constant") return sampled;
  const [batch = "N"] = sampled.shape;
  const [height, width] = [
    staticDim(sampled.shape, 2, "affineTransform"),
    staticDim(sampled.shape, 3, "affineTransform"),
  ];
  const between = (position: Value, size: number): Value =>
    and(greaterOrEqual(position, scalarLike(position, 0)), lessOrEqual(position, scalarLike(position, size - 1)));
  const inside = reshapeTo(and(between(rows, height), between(columns, width)), [batch, 1, height, width]);
  return where(inside, sampled, scalarLike(sampled, cval));
}

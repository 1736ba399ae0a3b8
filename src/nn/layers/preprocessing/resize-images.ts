import { staticDim } from "../../../graph/shape.js";
import { constant, type Value } from "../../../graph/value.js";
import { float32 } from "../../../onnx/tensor-data.js";
import { slice } from "../../../ops/slicing.js";
import { matmul } from "../../../ops/matmul.js";
import { type Interpolation, interpolationMatrix } from "../pooling/interpolation-matrix.js";

/**
 * Resizes `[N, C, H, W]` by two matrix products, which have a gradient and TensorFlow's values for every interpolation.
 *
 * @throws ShapeError when the size of the pictures is not known
 */
export function resizeImages(
  x: Value,
  [height, width]: readonly [number, number],
  interpolation: Interpolation,
  antialias: boolean,
): Value {
  const [high, wide] = [staticDim(x.shape, 2, "resize"), staticDim(x.shape, 3, "resize")];
  return mixLines(
    x,
    height === high ? undefined : interpolationMatrix(high, height, interpolation, antialias),
    width === wide ? undefined : interpolationMatrix(wide, width, interpolation, antialias),
  );
}

/**
 * Rows and columns of `[N, C, H, W]` as sums of rows and columns.
 *
 * @param rows `[height, H]` in row-major order; `undefined` where rows stay as they are
 * @param columns `[width, W]`, in the same way
 * @throws ShapeError when the size of the pictures is not known
 */
export function mixLines(x: Value, rows: Float32Array | undefined, columns: Float32Array | undefined): Value {
  const [high, wide] = [staticDim(x.shape, 2, "resize"), staticDim(x.shape, 3, "resize")];
  let mixed = x;
  if (columns !== undefined) {
    const width = columns.length / wide;
    const turned = Float32Array.from(
      columns,
      (_, index) => columns[(index % width) * wide + Math.floor(index / width)] ?? 0,
    );
    mixed = matmul(mixed, constant(float32(turned, [wide, width])));
  }
  return rows === undefined ? mixed : matmul(constant(float32(rows, [rows.length / high, high])), mixed);
}

/** The largest part in the middle of `[N, C, H, W]` with the proportions of the given size, as Keras cuts it. */
export function cropToAspectRatio(x: Value, [height, width]: readonly [number, number]): Value {
  const [high, wide] = [staticDim(x.shape, 2, "resize"), staticDim(x.shape, 3, "resize")];
  const cropHigh = Math.max(1, Math.min(high, Math.trunc((wide * height) / width)));
  const cropWide = Math.max(1, Math.min(wide, Math.trunc((high * width) / height)));
  const [top, left] = [Math.trunc((high - cropHigh) / 2), Math.trunc((wide - cropWide) / 2)];
  return slice(x, { starts: [top, left], ends: [top + cropHigh, left + cropWide], axes: [2, 3] });
}

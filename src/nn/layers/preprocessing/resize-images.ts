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
  const rows = constant(float32(interpolationMatrix(high, height, interpolation, antialias), [height, high]));
  const forColumns = interpolationMatrix(wide, width, interpolation, antialias);
  const turned = Float32Array.from(
    forColumns,
    (_, index) => forColumns[(index % width) * wide + Math.floor(index / width)] ?? 0,
  );
  const columns = constant(float32(turned, [wide, width]));
  const narrowed = wide === width ? x : matmul(x, columns);
  return high === height ? narrowed : matmul(rows, narrowed);
}

/** The largest part in the middle of `[N, C, H, W]` with the proportions of the given size, as Keras cuts it. */
export function cropToAspectRatio(x: Value, [height, width]: readonly [number, number]): Value {
  const [high, wide] = [staticDim(x.shape, 2, "resize"), staticDim(x.shape, 3, "resize")];
  const cropHigh = Math.max(1, Math.min(high, Math.trunc((wide * height) / width)));
  const cropWide = Math.max(1, Math.min(wide, Math.trunc((high * width) / height)));
  const [top, left] = [Math.trunc((high - cropHigh) / 2), Math.trunc((wide - cropWide) / 2)];
  return slice(x, { starts: [top, left], ends: [top + cropHigh, left + cropWide], axes: [2, 3] });
}

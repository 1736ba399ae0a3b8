import { staticDim } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";

/** How a window lies over the edges: `"valid"` stays inside; `"same"` gives ⌈extent / stride⌉ windows. */
export type Padding = "valid" | "same";

/**
 * Margins of a window over height and width, in ONNX's order: top, left, bottom, right.
 *
 * TensorFlow's `same`: `total = max((⌈extent / stride⌉ − 1) · stride + span − extent, 0)`, the smaller half in front;
 * so it depends on the extent wherever the stride is not 1.
 *
 * @param x `[N, C, H, W]`
 * @see https://www.tensorflow.org/api_docs/python/tf/nn#notes_on_padding_2
 */
export function windowPads(
  x: Value,
  padding: Padding,
  kernel: readonly [number, number],
  strides: readonly [number, number],
  dilations: readonly [number, number] = [1, 1],
): readonly number[] {
  if (padding === "valid") return [0, 0, 0, 0];
  const totals = ([0, 1] as const).map((axis) => {
    const span = (kernel[axis] - 1) * dilations[axis] + 1;
    const stride = strides[axis];
    if (stride === 1) return span - 1;
    const extent = staticDim(x.shape, 2 + axis, 'padding: "same"');
    return Math.max((Math.ceil(extent / stride) - 1) * stride + span - extent, 0);
  });
  return [...totals.map((total) => Math.floor(total / 2)), ...totals.map((total) => Math.ceil(total / 2))];
}

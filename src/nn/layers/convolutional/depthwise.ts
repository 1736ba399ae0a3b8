import { dimProduct } from "../../../graph/shape.js";
import type { Value } from "../../../graph/value.js";
import { transpose } from "../../../ops/layout.js";
import { reshapeTo } from "../../../ops/reshape.js";

/**
 * A depthwise kernel as ONNX's grouped convolution wants it: Keras's `[height, width, C, multiplier]` becomes
 * `[C · multiplier, 1, height, width]`.
 */
export function depthwiseKernel(kernel: Value): Value {
  const [height = 1, width = 1, channels = 1, multiplier = 1] = kernel.shape;
  return reshapeTo(transpose(kernel, { perm: [2, 3, 0, 1] }), [dimProduct([channels, multiplier]), 1, height, width]);
}

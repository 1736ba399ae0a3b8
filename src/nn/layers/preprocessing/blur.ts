import { staticDim } from "../../../graph/shape.js";
import { constant, type Value } from "../../../graph/value.js";
import { float32 } from "../../../onnx/tensor-data.js";
import { lessOrEqual, where } from "../../../ops/comparison.js";
import { integers, scalarLike } from "../../../ops/constants.js";
import { conv } from "../../../ops/convolution.js";
import { abs, div, exp, mul, square } from "../../../ops/elementwise.js";
import { expand } from "../../../ops/layout.js";
import { matmul } from "../../../ops/matmul.js";
import { reduceSum } from "../../../ops/reduction.js";
import { reshapeTo } from "../../../ops/reshape.js";

/**
 * The normal distribution's density at whole distances, with sum 1: `[size]`.
 *
 * @param size odd
 * @param sigma one number
 * @param reach one number: what lies further from the middle is 0; default nothing
 */
export function gaussian(size: number, sigma: Value, reach?: Value): Value {
  const distances = Float32Array.from({ length: size }, (_, index) => index - (size - 1) / 2);
  const places = constant(float32(distances, [size]));
  const density = exp(mul(square(div(places, sigma)), scalarLike(places, -0.5)));
  const near = reach === undefined ? density : where(lessOrEqual(abs(places), reach), density, scalarLike(density, 0));
  return div(near, reduceSum(near, [0], { keepdims: 1 }));
}

/** Convolves each channel with the same kernel `[1, 1, kh, kw]`, to the same size; beyond the edges lies 0. */
function convolved(images: Value, kernel: Value): Value {
  const channels = staticDim(images.shape, 1, "blur");
  const [high, wide] = [staticDim(kernel.shape, 2, "blur"), staticDim(kernel.shape, 3, "blur")];
  const [down, right] = [(high - 1) / 2, (wide - 1) / 2];
  return conv(images, expand(kernel, integers([channels, 1, high, wide])), undefined, {
    group: channels,
    kernel_shape: [high, wide],
    pads: [down, right, down, right],
  });
}

/**
 * Blurs each channel of pictures `[N, C, H, W]` alike; beyond the edges lies 0.
 *
 * @param down how rows are weighed, `[height]`
 * @param right how columns are weighed, `[width]`; Keras reads a kernel that is not square in another order
 */
export function blur(images: Value, down: Value, right: Value): Value {
  const [high, wide] = [staticDim(down.shape, 0, "blur"), staticDim(right.shape, 0, "blur")];
  if (high === wide)
    return convolved(convolved(images, reshapeTo(down, [1, 1, high, 1])), reshapeTo(right, [1, 1, 1, wide]));
  const product = matmul(reshapeTo(down, [high, 1]), reshapeTo(right, [1, wide]));
  return convolved(images, reshapeTo(product, [1, 1, wide, high]));
}

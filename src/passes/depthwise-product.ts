import { dimAt, staticDim } from "../graph/shape.js";
import { constant, type Value } from "../graph/value.js";
import { float32 } from "../onnx/tensor-data.js";
import type { Geometry } from "../ops/convolution.js";
import { add } from "../ops/elementwise.js";
import { cast, transpose } from "../ops/layout.js";
import { gemm, matmul } from "../ops/matmul.js";
import { reshapeTo } from "../ops/reshape.js";
import { tapsOf } from "../ops/window.js";

/**
 * Pixels times windows of a channel up to which a depthwise convolution with learned weights is written as products: 8×8 maps.
 *
 * ONNX Runtime has a fast routine for depthwise convolutions only where the weights are constants. Forward pass and both
 * gradients, batch 16, two busy cores, best of fifteen interleaved runs, milliseconds as convolutions against products:
 * 7×7 maps of 320 channels, 7×7 taps 24 / 3.5; 960, 5×5 40 / 15; 1152, 3×3 27 / 13; but 14×14 maps of 672, 3×3 31 / 79.
 */
const smallMap = 8 ** 4;

/**
 * A depthwise convolution of `x [N, C, H, W]` with `w [C, 1, kh, kw]` as one matrix product a channel, or `undefined` where
 * that does not pay: each window of a channel is a sum over all of its pixels, in which most weights are 0.
 *
 *     y[c, p, n] = Σ_q K[c, p, q] x[c, q, n],   K[c, p, q] = Σ_t w[c, t] [q = stride · p + dilation · t - pad]
 *
 * @param b bias `[C]`
 */
export function depthwiseProduct(x: Value, w: Value, b: Value | undefined, geometry: Geometry): Value | undefined {
  const { kernel, output, group } = geometry;
  const [, channels, height, width] = x.shape;
  const [rows, columns] = output;
  const isDepthwise = group > 1 && channels === group && w.shape[0] === group;
  if (!isDepthwise || x.rank !== 4 || typeof height !== "number" || typeof width !== "number") return undefined;
  if (typeof rows !== "number" || typeof columns !== "number") return undefined;
  const [pixels, windows] = [height * width, rows * columns];
  if (pixels * windows > smallMap) return undefined;
  const taps = tapsOf(kernel).length;
  const chosen = cast(constant(float32(tapChoice(geometry, width, pixels), [taps, windows * pixels])), w.type);
  const matrices = reshapeTo(gemm(reshapeTo(w, [group, taps]), chosen), [group, windows, pixels]);
  // Beside a product over [H, W, N, C] as beside [N, C, H, W], this is the transpose of one matrix.
  const images = transpose(x, { perm: [1, 2, 3, 0] });
  const product = matmul(matrices, reshapeTo(images, [group, pixels, dimAt(x.shape, 0)]));
  const shifted = b === undefined ? product : add(product, reshapeTo(b, [group, 1, 1]));
  return transpose(reshapeTo(shifted, [group, rows, columns, dimAt(x.shape, 0)]), { perm: [3, 0, 1, 2] });
}

/** For each tap, window and pixel whether it is the pixel that the tap sees: `[taps, windows, pixels]`. */
function tapChoice(geometry: Geometry, width: number, pixels: number): Float32Array {
  const { kernel, strides, dilations, begins } = geometry;
  const [rows, columns] = [staticDim(geometry.output, 0, "Conv"), staticDim(geometry.output, 1, "Conv")];
  const height = pixels / width;
  const choice = new Float32Array(tapsOf(kernel).length * rows * columns * pixels);
  for (const [tap, [down = 0, right = 0]] of tapsOf(kernel).entries()) {
    for (let window = 0; window < rows * columns; window++) {
      const at = (axis: number, place: number, step: number): number =>
        place * (strides[axis] ?? 1) + step * (dilations[axis] ?? 1) - (begins[axis] ?? 0);
      const row = at(0, Math.floor(window / columns), down);
      const column = at(1, window % columns, right);
      const seen = row >= 0 && row < height && column >= 0 && column < width;
      if (seen) choice[(tap * rows * columns + window) * pixels + row * width + column] = 1;
    }
  }
  return choice;
}

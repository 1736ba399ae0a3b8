import { ZeroPadding2D } from "../nn/layers/index.js";
import type { SymbolicTensor } from "../nn/symbolic-tensor.js";

/**
 * Zeros around a map that a convolution of stride 2 then sees without padding of its own, as networks from TensorFlow want it: at
 * an even extent one less before it than behind it. Where the extent is open, it is taken for even, as in Keras.
 *
 * @param x `[N, H, W, C]`
 * @param kernel of the convolution
 */
export function correctPad(x: SymbolicTensor, kernel: number, name: string): SymbolicTensor {
  const half = Math.floor(kernel / 2);
  const margins = (extent: number | string | undefined): [number, number] => [
    half - (typeof extent === "number" ? 1 - (extent % 2) : 1),
    half,
  ];
  const [, height, width] = x.shape;
  return new ZeroPadding2D([margins(height), margins(width)], { name }).apply(x);
}

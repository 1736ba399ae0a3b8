import type { InitializerLike } from "../nn/initializers/resolve-initializer.js";
import { DepthwiseConv2D, ZeroPadding2D } from "../nn/layers/index.js";
import type { SymbolicTensor } from "../nn/symbolic-tensor.js";

/** A depthwise convolution that may halve the picture. */
export interface PaddedDepthwise {
  /** Side of the window, odd. */
  readonly kernelSize: number;
  /** 1, or 2 to halve the picture. */
  readonly strides: number;
  /** The convolution's name. */
  readonly name: string;
  /** That of the margins in front of it, which only a stride of 2 needs. */
  readonly padName: string;
  /** How the kernel begins; default as `DepthwiseConv2D` has it. */
  readonly depthwiseInitializer?: InitializerLike | undefined;
}

/**
 * A depthwise convolution without bias. Where it halves the picture, a layer of its own pads, with more at the end than in front: so
 * the networks were trained.
 */
export function paddedDepthwise(x: SymbolicTensor, options: PaddedDepthwise): SymbolicTensor {
  const { kernelSize, strides, name, padName, depthwiseInitializer = "glorot_uniform" } = options;
  const isPadded = strides === 2;
  const padded = isPadded ? new ZeroPadding2D(correctPad(x, kernelSize), { name: padName }).apply(x) : x;
  const padding = isPadded ? "valid" : "same";
  return new DepthwiseConv2D(kernelSize, { strides, padding, useBias: false, depthwiseInitializer, name }).apply(padded);
}

/**
 * Margins with which a convolution of stride 2 over `"valid"` places gives half of the picture, as `"same"` does.
 *
 * @param x `[N, H, W, C]`; sides that are not known are taken for odd ones
 * @param kernelSize side of the window, odd
 * @returns `[[top, bottom], [left, right]]`
 */
export function correctPad(
  x: SymbolicTensor,
  kernelSize: number,
): readonly [readonly [number, number], readonly [number, number]] {
  const half = Math.floor(kernelSize / 2);
  const [, height, width] = x.shape;
  const before = (side: unknown): number => half - (typeof side === "number" ? 1 - (side % 2) : 1);
  return [
    [before(height), half],
    [before(width), half],
  ];
}

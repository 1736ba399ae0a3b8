import type { InitializerLike } from "../nn/initializers/resolve-initializer.js";
import { DepthwiseConv2D } from "../nn/layers/index.js";
import type { SymbolicTensor } from "../nn/symbolic-tensor.js";
import { correctPad } from "./correct-pad.js";

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
  const padded = isPadded ? correctPad(x, kernelSize, padName) : x;
  const padding = isPadded ? "valid" : "same";
  return new DepthwiseConv2D(kernelSize, { strides, padding, useBias: false, depthwiseInitializer, name }).apply(
    padded,
  );
}

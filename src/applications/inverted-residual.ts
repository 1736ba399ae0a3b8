import { Add, BatchNormalization, Conv2D } from "../nn/layers/index.js";
import type { SymbolicTensor } from "../nn/symbolic-tensor.js";
import { paddedDepthwise } from "./padded-depthwise.js";
import { channelsOf } from "./widths.js";

/** What sets a block apart from the others. */
export interface InvertedResidual {
  /** What its layers' names begin with. */
  readonly prefix: string;
  /** Width in the middle; `undefined`: that of the input, without a layer that makes it. */
  readonly expanded: number | undefined;
  /** Width at the end. */
  readonly filters: number;
  /** Side of the depthwise window. */
  readonly kernelSize: number;
  /** 1, or 2 to halve the picture. */
  readonly strides: number;
  /** What the name of the margins ends with. */
  readonly pad: string;
  /** What the names of normalizations end with. */
  readonly norm: string;
  /** The activation behind a layer. */
  readonly activate: (x: SymbolicTensor, layer: "expand" | "depthwise") => SymbolicTensor;
  /** What weighs the channels in the middle; default nothing. */
  readonly squeeze?: ((x: SymbolicTensor) => SymbolicTensor) | undefined;
}

/** The block of MobileNetV2: wide in the middle, where a depthwise convolution looks around, and narrow between blocks. */
export function invertedResidual(inputs: SymbolicTensor, block: InvertedResidual): SymbolicTensor {
  const { prefix, expanded, filters, kernelSize, strides, pad, norm, activate, squeeze } = block;
  let x = inputs;
  if (expanded !== undefined) {
    x = pointwise(x, expanded, `${prefix}expand`);
    x = activate(normalized(x, `${prefix}expand${norm}`), "expand");
  }
  x = paddedDepthwise(x, { kernelSize, strides, name: `${prefix}depthwise`, padName: `${prefix}${pad}` });
  x = activate(normalized(x, `${prefix}depthwise${norm}`), "depthwise");
  if (squeeze !== undefined) x = squeeze(x);
  x = pointwise(x, filters, `${prefix}project`);
  x = normalized(x, `${prefix}project${norm}`);
  return strides === 1 && channelsOf(inputs) === filters ? new Add({ name: `${prefix}add` }).apply([inputs, x]) : x;
}

/** A convolution of single pixels, without bias. */
export function pointwise(x: SymbolicTensor, filters: number, name: string): SymbolicTensor {
  return new Conv2D(filters, 1, { padding: "same", useBias: false, name }).apply(x);
}

/** A normalization whose statistics move as slowly as these networks' do. */
export function normalized(x: SymbolicTensor, name: string): SymbolicTensor {
  return new BatchNormalization({ epsilon: 1e-3, momentum: 0.999, name }).apply(x);
}

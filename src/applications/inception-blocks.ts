import { Activation, AveragePooling2D, BatchNormalization, Conv2D, MaxPooling2D } from "../nn/layers/index.js";
import type { SymbolicTensor } from "../nn/symbolic-tensor.js";

/* What the Inceptions are made of. */

/** Height and width of a kernel, one number for both. */
type Kernel = number | readonly [height: number, width: number];

/** What convolutions of Inception may be told. */
export interface ConvOptions {
  /** Default 1. */
  readonly strides?: number;
  /** Default `"same"`. */
  readonly padding?: "same" | "valid";
  /** Of the convolution; normalization and activation add `_bn` and `_ac` to it. Default automatic. */
  readonly name?: string;
}

/** A convolution with normalization and ReLU. */
export function conv(
  x: SymbolicTensor,
  filters: number,
  kernel: Kernel,
  { strides = 1, padding = "same", name }: ConvOptions = {},
): SymbolicTensor {
  const named = (suffix: string): string | undefined => (name === undefined ? undefined : name + suffix);
  const seen = new Conv2D(filters, kernel, { strides, padding, useBias: false, name }).apply(x);
  const normed = new BatchNormalization({ scale: false, name: named("_bn") }).apply(seen);
  return new Activation("relu", { name: named("_ac") }).apply(normed);
}

/** Such convolutions one after the other: filters and kernel of each. */
export function convs(
  x: SymbolicTensor,
  ...row: readonly (readonly [filters: number, kernel: Kernel, options?: ConvOptions])[]
): SymbolicTensor {
  return row.reduce((seen, [filters, kernel, options]) => conv(seen, filters, kernel, options), x);
}

/** A branch of a block that takes means of neighbours. */
export function meanBranch(x: SymbolicTensor, filters: number): SymbolicTensor {
  return conv(new AveragePooling2D(3, { strides: 1, padding: "same" }).apply(x), filters, 1);
}

/** A branch that halves the picture. */
export function maxBranch(x: SymbolicTensor): SymbolicTensor {
  return new MaxPooling2D(3, { strides: 2 }).apply(x);
}

/** What both networks begin with: from 299 to 35 pixels. */
export function stem(x: SymbolicTensor): SymbolicTensor {
  const first = convs(x, [32, 3, { strides: 2, padding: "valid" }], [32, 3, { padding: "valid" }], [64, 3]);
  const second = convs(maxBranch(first), [80, 1, { padding: "valid" }], [192, 3, { padding: "valid" }]);
  return maxBranch(second);
}

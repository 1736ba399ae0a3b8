import { VarianceScaling } from "../nn/initializers/index.js";
import {
  Activation,
  Add,
  BatchNormalization,
  Conv2D,
  Dense,
  Dropout,
  GlobalAveragePooling2D,
  Multiply,
  Reshape,
} from "../nn/layers/index.js";
import type { SymbolicTensor } from "../nn/symbolic-tensor.js";
import type { Plan } from "./architecture.js";
import { channelsOf } from "./widths.js";

/* What the two generations of EfficientNet have in common. */

/** How kernels of convolutions begin. */
export const convolutionInitializer = new VarianceScaling({
  scale: 2,
  mode: "fan_out",
  distribution: "truncated_normal",
});

/** How the classifier's kernel begins. */
const denseInitializer = new VarianceScaling({ scale: 1 / 3, mode: "fan_out", distribution: "uniform" });

/** How fast statistics of normalizations move: Keras's `momentum`. */
export interface Normalizing {
  readonly momentum: number;
}

/** A block of EfficientNet. */
export interface MBConv extends Normalizing {
  /** What its layers' names begin with: `block2a_`. */
  readonly name: string;
  /** Width at the end. */
  readonly filters: number;
  /** Side of the window. */
  readonly kernelSize: number;
  /** 1, or 2 to halve the picture. */
  readonly strides: number;
  /** How many times wider the middle is than the input. */
  readonly expansion: number;
  /** Width to which channels are squeezed to weigh them, as a share of the input's; 0: not at all. */
  readonly squeeze: number;
  /** How often training leaves out the block, where it has a way past it. */
  readonly dropRate: number;
}

/** A convolution without bias whose kernel begins as these networks' do. */
export function convolution(
  x: SymbolicTensor,
  filters: number,
  options: {
    readonly kernelSize?: number;
    readonly strides?: number;
    readonly padding?: "valid";
    readonly name: string;
  },
): SymbolicTensor {
  const { kernelSize = 1, strides = 1, padding = "same", name } = options;
  const plain = { useBias: false, kernelInitializer: convolutionInitializer };
  return new Conv2D(filters, kernelSize, { ...plain, strides, padding, name }).apply(x);
}

/** Normalization and swish, the usual end of a convolution. */
export function activated(
  x: SymbolicTensor,
  { momentum }: Normalizing,
  names: { readonly norm: string; readonly activation: string },
): SymbolicTensor {
  x = new BatchNormalization({ momentum, name: names.norm }).apply(x);
  return new Activation("swish", { name: names.activation }).apply(x);
}

/**
 * An inverted residual that weighs its channels.
 *
 * @param depthwise the convolution in the middle, with all that it needs in front
 */
export function mbConv(
  inputs: SymbolicTensor,
  block: MBConv,
  depthwise: (x: SymbolicTensor, block: MBConv) => SymbolicTensor,
): SymbolicTensor {
  const { name, expansion, filters } = block;
  let x = inputs;
  if (expansion !== 1) {
    x = convolution(x, channelsOf(inputs) * expansion, { name: `${name}expand_conv` });
    x = activated(x, block, { norm: `${name}expand_bn`, activation: `${name}expand_activation` });
  }
  x = activated(depthwise(x, block), block, { norm: `${name}bn`, activation: `${name}activation` });
  x = squeezeAndExcite(x, channelsOf(inputs), block);
  x = convolution(x, filters, { name: `${name}project_conv` });
  x = new BatchNormalization({ momentum: block.momentum, name: `${name}project_bn` }).apply(x);
  return pastTheBlock(x, inputs, block);
}

/** Weighs channels by what all of the picture says of them. */
export function squeezeAndExcite(
  inputs: SymbolicTensor,
  width: number,
  { name, squeeze }: Pick<MBConv, "name" | "squeeze">,
): SymbolicTensor {
  if (squeeze === 0) return inputs;
  const channels = channelsOf(inputs);
  const narrow = Math.max(1, Math.trunc(width * squeeze));
  const plain = { padding: "same", kernelInitializer: convolutionInitializer } as const;
  let x = new GlobalAveragePooling2D({ name: `${name}se_squeeze` }).apply(inputs);
  x = new Reshape([1, 1, channels], { name: `${name}se_reshape` }).apply(x);
  x = new Conv2D(narrow, 1, { ...plain, activation: "swish", name: `${name}se_reduce` }).apply(x);
  x = new Conv2D(channels, 1, { ...plain, activation: "sigmoid", name: `${name}se_expand` }).apply(x);
  return new Multiply({ name: `${name}se_excite` }).apply([inputs, x]);
}

/** Adds a block's input where it fits; training leaves out the block now and then. */
export function pastTheBlock(
  x: SymbolicTensor,
  inputs: SymbolicTensor,
  { name, strides, filters, dropRate }: MBConv,
): SymbolicTensor {
  if (strides !== 1 || channelsOf(inputs) !== filters) return x;
  if (dropRate > 0) x = new Dropout(dropRate, { noiseShape: [null, 1, 1, 1], name: `${name}drop` }).apply(x);
  return new Add({ name: `${name}add` }).apply([x, inputs]);
}

/** Where a block stands. */
export interface BlockPlace {
  /** What its layers' names begin with: `block1a_`, `block1b_`, …, `block2a_`. */
  readonly name: string;
  /** Its number in the network, from 0. */
  readonly number: number;
  /** Whether it is the first of its kind. */
  readonly isFirst: boolean;
}

/** As many blocks of each kind as it says, one behind the other. */
export function eachBlock<Kind extends { readonly count: number }>(
  x: SymbolicTensor,
  kinds: readonly Kind[],
  build: (x: SymbolicTensor, kind: Kind, place: BlockPlace) => SymbolicTensor,
): SymbolicTensor {
  let number = 0;
  kinds.forEach((kind, index) => {
    for (let place = 0; place < kind.count; place++) {
      // The letters a, b, …
      const name = `block${index + 1}${(10 + place).toString(36)}_`;
      x = build(x, kind, { name, number, isFirst: place === 0 });
      number++;
    }
  });
  return x;
}

/** The mean of the map, then classes. */
export function efficientTop<Own extends object>(
  x: SymbolicTensor,
  { classes, activation }: Plan<Own>,
  dropout: number,
): SymbolicTensor {
  x = new GlobalAveragePooling2D({ name: "avg_pool" }).apply(x);
  x = new Dropout(dropout, { name: "top_dropout" }).apply(x);
  return new Dense(classes, { activation, kernelInitializer: denseInitializer, name: "predictions" }).apply(x);
}

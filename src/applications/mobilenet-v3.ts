import { numberWithin, positiveNumber, refuse } from "../errors/check.js";
import {
  Activation,
  Conv2D,
  Dropout,
  Flatten,
  GlobalAveragePooling2D,
  Multiply,
  ReLU,
  Rescaling,
} from "../nn/layers/index.js";
import * as ops from "../nn/operations/index.js";
import type { SymbolicTensor } from "../nn/symbolic-tensor.js";
import { application, networkOf } from "./application.js";
import type { Architecture, Plan } from "./architecture.js";
import { decodePredictions } from "./decode-predictions.js";
import { invertedResidual, normalized, pointwise } from "./inverted-residual.js";
import { kerasFile } from "./keras-files.js";
import { preprocessInput } from "./preprocess.js";
import { stagesNamed } from "./stages.js";
import { namedPool } from "./tops.js";
import { channelsOf, divisibleWidth } from "./widths.js";

/** Options that only MobileNetV3 has. */
export interface MobileNetV3Options {
  /** Width of the layers as a share of the paper's; default 1. There are published weights for 0.75 and 1. */
  readonly alpha: number;
  /** Whether it goes without what some processors are slow at: windows of 5, hard swish and the weighing of channels; default `false`. */
  readonly minimalistic: boolean;
  /** Share of the features that training drops in front of the classifier; default 0.2. */
  readonly dropoutRate: number;
  /** Whether the network begins with what its pixels need, so that it takes them in [0, 255]; default `true`. */
  readonly includePreprocessing: boolean;
}

/** How many times wider the middle of a block is, its width, window and stride, its activation, whether channels are weighed. */
type Block = readonly [
  expansion: number,
  filters: number,
  kernelSize: 3 | 5,
  strides: 1 | 2,
  activation: "relu" | "swish",
  squeezed: boolean,
];

const small: readonly Block[] = [
  [1, 16, 3, 2, "relu", true],
  [72 / 16, 24, 3, 2, "relu", false],
  [88 / 24, 24, 3, 1, "relu", false],
  [4, 40, 5, 2, "swish", true],
  [6, 40, 5, 1, "swish", true],
  [6, 40, 5, 1, "swish", true],
  [3, 48, 5, 1, "swish", true],
  [3, 48, 5, 1, "swish", true],
  [6, 96, 5, 2, "swish", true],
  [6, 96, 5, 1, "swish", true],
  [6, 96, 5, 1, "swish", true],
];

const large: readonly Block[] = [
  [1, 16, 3, 1, "relu", false],
  [4, 24, 3, 2, "relu", false],
  [3, 24, 3, 1, "relu", false],
  [3, 40, 5, 2, "relu", true],
  [3, 40, 5, 1, "relu", true],
  [3, 40, 5, 1, "relu", true],
  [6, 80, 3, 2, "swish", false],
  [2.5, 80, 3, 1, "swish", false],
  [2.3, 80, 3, 1, "swish", false],
  [2.3, 80, 3, 1, "swish", false],
  [6, 112, 3, 1, "swish", true],
  [6, 112, 3, 1, "swish", true],
  [6, 160, 5, 2, "swish", true],
  [6, 160, 5, 1, "swish", true],
  [6, 160, 5, 1, "swish", true],
];

function relu(x: SymbolicTensor): SymbolicTensor {
  return new ReLU().apply(x);
}

function hardSwish(x: SymbolicTensor): SymbolicTensor {
  return new Activation("hard_swish").apply(x);
}

/** `min(max(x + 3, 0), 6) / 6`. */
function hardSigmoid(x: SymbolicTensor): SymbolicTensor {
  return ops.multiply(new ReLU(6).apply(ops.add(x, 3)), 1 / 6);
}

/** Weighs channels by what all of the picture says of them. */
function squeezed(inputs: SymbolicTensor, prefix: string): SymbolicTensor {
  const name = `${prefix}squeeze_excite`;
  const channels = channelsOf(inputs);
  const narrow = divisibleWidth(channels * 0.25);
  let x = new GlobalAveragePooling2D({ keepdims: true, name: `${name}_avg_pool` }).apply(inputs);
  x = new Conv2D(narrow, 1, { padding: "same", name: `${name}_conv` }).apply(x);
  x = new ReLU({ name: `${name}_relu` }).apply(x);
  x = new Conv2D(channels, 1, { padding: "same", name: `${name}_conv_1` }).apply(x);
  return new Multiply({ name: `${name}_mul` }).apply([inputs, hardSigmoid(x)]);
}

/** The activation of the stem and of what comes behind the blocks. */
function outerActivation({ minimalistic }: MobileNetV3Options): (x: SymbolicTensor) => SymbolicTensor {
  return minimalistic ? relu : hardSwish;
}

/** Inverted residuals, of which some weigh their channels. */
function features(x: SymbolicTensor, { own }: Plan<MobileNetV3Options>, blocks: readonly Block[]): SymbolicTensor {
  const { alpha, minimalistic, includePreprocessing } = own;
  const activate = outerActivation(own);
  if (includePreprocessing) x = new Rescaling(1 / 127.5, { offset: -1 }).apply(x);
  x = new Conv2D(16, 3, { strides: 2, padding: "same", useBias: false, name: "conv" }).apply(x);
  x = activate(normalized(x, "conv_bn"));
  blocks.forEach(([expansion, filters, kernelSize, strides, activation, isSqueezed], number) => {
    const prefix = number === 0 ? "expanded_conv_" : `expanded_conv_${number}_`;
    x = invertedResidual(x, {
      ...{ prefix, pad: "depthwise_pad", norm: "_bn", strides },
      kernelSize: minimalistic ? 3 : kernelSize,
      expanded: number === 0 ? undefined : divisibleWidth(channelsOf(x) * expansion),
      filters: divisibleWidth(filters * alpha),
      activate: activation === "relu" ? relu : activate,
      squeeze: isSqueezed && !minimalistic ? (inputs) => squeezed(inputs, prefix) : undefined,
    });
  });
  x = pointwise(x, divisibleWidth(channelsOf(x) * 6), "conv_1");
  return activate(normalized(x, "conv_1_bn"));
}

/** A classifier of convolutions, the first one as wide as `channels` says. */
function top(x: SymbolicTensor, plan: Plan<MobileNetV3Options>, channels: number): SymbolicTensor {
  const { own, classes, activation } = plan;
  x = new GlobalAveragePooling2D({ keepdims: true }).apply(x);
  const width = own.alpha > 1 ? divisibleWidth(channels * own.alpha) : channels;
  x = new Conv2D(width, 1, { padding: "same", name: "conv_2" }).apply(x);
  x = outerActivation(own)(x);
  if (own.dropoutRate > 0) x = new Dropout(own.dropoutRate).apply(x);
  x = new Conv2D(classes, 1, { padding: "same", name: "logits" }).apply(x);
  return new Activation(activation, { name: "predictions" }).apply(new Flatten().apply(x));
}

/** Hashes of Keras's files, with the top and without, by what their names say of the options. */
type Hashes = Readonly<Record<string, readonly [top: string, noTop: string]>>;

/** What one of the two is, by its size in Keras's names of files. */
function architecture(
  size: "small" | "large",
  {
    blocks,
    channels,
    hashes,
    halving,
    ...own
  }: {
    readonly blocks: readonly Block[];
    readonly channels: number;
    readonly hashes: Hashes;
    readonly halving: RegExp;
    readonly words: string;
    readonly megabytes: number;
  },
): Architecture<MobileNetV3Options> {
  const className = size === "small" ? "MobileNetV3Small" : "MobileNetV3Large";
  const variant = ({ minimalistic, alpha }: MobileNetV3Options): string =>
    `${minimalistic ? "_minimalistic" : ""}_224_${alpha === 1 ? "1.0" : String(alpha)}`;
  return {
    ...own,
    ...{ className, name: className, module: "mobilenetV3", licence: "Apache-2.0" },
    imageSizes: [224],
    ...{ smallestSide: 32, openTop: true },
    preprocess: ({ includePreprocessing }) => (includePreprocessing ? "0-255" : "tf"),
    own: { alpha: 1, minimalistic: false, dropoutRate: 0.2, includePreprocessing: true },
    check({ own: options, weights }) {
      positiveNumber(className, "alpha", options.alpha);
      numberWithin(className, "dropoutRate", options.dropoutRate, 0, 1);
      if (weights !== "imagenet" || hashes[variant(options)] !== undefined) return;
      const expected = options.minimalistic
        ? "1, with minimalistic and published weights"
        : "0.75 or 1 with published weights";
      refuse(className, "alpha", expected, options.alpha);
    },
    features: (x, plan) => features(x, plan, blocks),
    top: (x, plan) => top(x, plan, channels),
    ending: namedPool,
    published: ({ own: options, includeTop }) => {
      const [whole, noTop] = hashes[variant(options)] ?? [];
      const file = `weights_mobilenet_v3_${size}${variant(options)}_float${includeTop ? "" : "_no_top_v2"}.h5`;
      return kerasFile(`mobilenet_v3/${file}`, { hash: includeTop ? whole : noTop });
    },
    stages: stagesNamed(halving),
  };
}

const smallArchitecture = architecture("small", {
  ...{ blocks: small, channels: 1024, words: "the smallest of all, and fast", megabytes: 4 },
  halving: /^expanded_conv_(1|3|8)_/,
  hashes: {
    "_224_0.75": ["cb65d4e5be93758266aa0a7f2c6708b7", "ebdb5cc8e0b497cd13a7c275d475c819"],
    "_224_1.0": ["8768d4c2e7dee89b9d02b2d03d65d862", "d3e8ec802a04aa4fc771ee12a9a9b836"],
    "_minimalistic_224_1.0": ["99cd97fb2fcdad2bf028eb838de69e37", "cde8136e733e811080d9fcd8a252f7e4"],
  },
});

const largeArchitecture = architecture("large", {
  ...{ blocks: large, channels: 1280, words: "small and fast", megabytes: 12 },
  halving: /^expanded_conv_(1|3|6|12)_/,
  hashes: {
    "_224_0.75": ["765b44a33ad4005b3ac83185abf1d0eb", "40af19a13ebea4e2ee0c676887f69a2e"],
    "_224_1.0": ["59e551e166be033d707958cf9e29a6a7", "07fb09a5933dd0c8eaafa16978110389"],
    "_minimalistic_224_1.0": ["675e7b876c45c57e9e63e6d90a36599c", "ec5221f64a2f6d1ef965a614bdae7973"],
  },
});

/**
 * MobileNetV3 Small, trained on ImageNet. It takes pixels in [0, 255]: what they need is its first layer, unless
 * `includePreprocessing: false`.
 *
 * Layers have Keras's names: `conv`, `expanded_conv_depthwise`, `expanded_conv_1_expand` to `expanded_conv_10_add`, `conv_1`,
 * then `conv_2`, `logits`, `predictions`; activations have automatic ones.
 *
 * @see https://arxiv.org/abs/1905.02244 and https://keras.io/api/applications/mobilenet/
 *
 * @example
 * ```ts
 * import { applications } from "graft-ml";
 *
 * const model = await applications.MobileNetV3Small({ weights: null, minimalistic: true });
 * console.log(model.name, model.countParams()); // → MobileNetV3Small 2056848
 * ```
 */
export const MobileNetV3Small = application(smallArchitecture);

/** MobileNetV3 Large: as {@link MobileNetV3Small}, with blocks up to `expanded_conv_14_add`. */
export const MobileNetV3Large = application(largeArchitecture);

/** Keras's module: preprocessing, which does nothing, and the names of the classes. */
export const mobilenetV3 = { preprocessInput: preprocessInput("0-255"), decodePredictions } as const;

/** MobileNetV3 as networks to be grafted onto. */
export const mobileNetV3Networks = [networkOf(smallArchitecture), networkOf(largeArchitecture)];

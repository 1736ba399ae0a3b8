import { Normalization, Rescaling } from "../nn/layers/index.js";
import type { SymbolicTensor } from "../nn/symbolic-tensor.js";
import { type Application, application, networkOf } from "./application.js";
import type { Architecture } from "./architecture.js";
import type { Network } from "./backbone.js";
import { correctPad } from "./correct-pad.js";
import { decodePredictions } from "./decode-predictions.js";
import { kerasFile } from "./keras-files.js";
import {
  activated,
  convolution,
  convolutionInitializer,
  eachBlock,
  efficientTop,
  type MBConv,
  mbConv,
} from "./mbconv.js";
import { paddedDepthwise } from "./padded-depthwise.js";
import type { PublishedWeights } from "./pretrained-weights.js";
import { preprocessInput, torchDeviation } from "./preprocess.js";
import { stagesNamed } from "./stages.js";
import { namedPool } from "./tops.js";
import { divisibleWidth } from "./widths.js";

/** The blocks of B0, from which the others follow: how many, their width, expansion, window, and the stride of the first one. */
const kinds = [
  { count: 1, filters: 16, expansion: 1, kernelSize: 3, stride: 1 },
  { count: 2, filters: 24, expansion: 6, kernelSize: 3, stride: 2 },
  { count: 2, filters: 40, expansion: 6, kernelSize: 5, stride: 2 },
  { count: 3, filters: 80, expansion: 6, kernelSize: 3, stride: 2 },
  { count: 3, filters: 112, expansion: 6, kernelSize: 5, stride: 1 },
  { count: 4, filters: 192, expansion: 6, kernelSize: 5, stride: 2 },
  { count: 1, filters: 320, expansion: 6, kernelSize: 3, stride: 1 },
] as const;

/** How one of them follows from B0. */
interface Scale {
  /** How many times as wide. */
  readonly width: number;
  /** How many times as deep. */
  readonly depth: number;
  /** Share of the features that training drops in front of the classifier. */
  readonly dropout: number;
}

const normalizing = { momentum: 0.99 };

/**
 * Inverted residuals that weigh their channels, behind what pixels need.
 *
 * @param isPublished whether the weights are those of ImageNet, or such as were trained from them
 */
function features(x: SymbolicTensor, { width, depth }: Scale, isPublished: boolean): SymbolicTensor {
  x = new Rescaling(1 / 255).apply(x);
  x = new Normalization({ axis: 3 }).apply(x);
  // The published file has deviations where variances belong, so that the layer above divides by their roots alone.
  if (isPublished) x = new Rescaling(torchDeviation.map((spread) => 1 / Math.sqrt(spread))).apply(x);
  x = correctPad(x, 3, "stem_conv_pad");
  const stem = { kernelSize: 3, strides: 2, padding: "valid", name: "stem_conv" } as const;
  x = convolution(x, divisibleWidth(32 * width), stem);
  x = activated(x, normalizing, { norm: "stem_bn", activation: "stem_activation" });
  const scaled = kinds.map((kind) => ({ ...kind, count: Math.ceil(depth * kind.count) }));
  const all = scaled.reduce((sum, { count }) => sum + count, 0);
  x = eachBlock(x, scaled, (inputs, { filters, expansion, kernelSize, stride }, { name, number, isFirst }) => {
    const block = { name, expansion, kernelSize, squeeze: 0.25, ...normalizing };
    const strides = isFirst ? stride : 1;
    const dropRate = (0.2 * number) / all;
    return mbConv(inputs, { ...block, strides, filters: divisibleWidth(filters * width), dropRate }, depthwise);
  });
  x = convolution(x, divisibleWidth(1280 * width), { name: "top_conv" });
  return activated(x, normalizing, { norm: "top_bn", activation: "top_activation" });
}

function depthwise(x: SymbolicTensor, { name, kernelSize, strides }: MBConv): SymbolicTensor {
  const names = { name: `${name}dwconv`, padName: `${name}dwconv_pad` };
  return paddedDepthwise(x, { kernelSize, strides, ...names, depthwiseInitializer: convolutionInitializer });
}

/** Keras's file, which is on another server than those of other networks. */
function file(name: string, hash: string): PublishedWeights {
  return { ...kerasFile(name, { hash }), url: `https://storage.googleapis.com/keras-applications/${name}` };
}

/** One of the eight, by its letter and number: the function that scripts call, and the network to be grafted onto. */
function efficientNet(
  variant: string,
  {
    top,
    noTop,
    imageSize,
    ...scale
  }: Scale & { readonly top: string; readonly noTop: string; readonly imageSize: number } & Pick<
      Architecture,
      "words" | "megabytes"
    >,
): { readonly make: Application; readonly network: Network } {
  const { words, megabytes } = scale;
  const name = `efficientnet${variant}`;
  const architecture: Architecture = {
    ...{ className: `EfficientNet${variant.toUpperCase()}`, name, module: "efficientnet", words, megabytes },
    ...{ licence: "Apache-2.0", smallestSide: 32, own: {} },
    imageSizes: [imageSize],
    preprocess: "0-255",
    // A file of the caller's counts as trained from random weights, as in Keras.
    features: (x, { weights }) => features(x, scale, weights === "imagenet"),
    top: (x, plan) => efficientTop(x, plan, scale.dropout),
    ending: namedPool,
    published: ({ includeTop }) => (includeTop ? file(`${name}.h5`, top) : file(`${name}_notop.h5`, noTop)),
    stages: stagesNamed(/^block([2346])a_/),
  };
  // A file that a network is grafted onto is a published one, or was trained from it.
  const network = networkOf({ ...architecture, features: (x) => features(x, scale, true) });
  return { make: application(architecture), network };
}

const b0 = efficientNet("b0", {
  ...{ width: 1, depth: 1, imageSize: 224, dropout: 0.2, words: "small", megabytes: 16 },
  ...{ top: "902e53a9f72be733fc0bcb005b3ebbac", noTop: "50bc09e76180e00e4465e1a485ddc09d" },
});
const b1 = efficientNet("b1", {
  ...{ width: 1, depth: 1.1, imageSize: 240, dropout: 0.2, words: "small", megabytes: 26 },
  ...{ top: "1d254153d4ab51201f1646940f018540", noTop: "74c4e6b3e1f6a1eea24c589628592432" },
});
const b2 = efficientNet("b2", {
  ...{ width: 1.1, depth: 1.2, imageSize: 260, dropout: 0.3, words: "middling", megabytes: 31 },
  ...{ top: "b15cce36ff4dcbd00b6dd88e7857a6ad", noTop: "111f8e2ac8aa800a7a99e3239f7bfb39" },
});
const b3 = efficientNet("b3", {
  ...{ width: 1.2, depth: 1.4, imageSize: 300, dropout: 0.3, words: "middling, and slow", megabytes: 43 },
  ...{ top: "ffd1fdc53d0ce67064dc6a9c7960ede0", noTop: "af6d107764bb5b1abb91932881670226" },
});
const b4 = efficientNet("b4", {
  ...{ width: 1.4, depth: 1.8, imageSize: 380, dropout: 0.4, words: "large and slow", megabytes: 71 },
  ...{ top: "18c95ad55216b8f92d7e70b3a046e2fc", noTop: "ebc24e6d6c33eaebbd558eafbeedf1ba" },
});
const b5 = efficientNet("b5", {
  ...{ width: 1.6, depth: 2.2, imageSize: 456, dropout: 0.4, words: "large and very slow", megabytes: 114 },
  ...{ top: "ace28f2a6363774853a83a0b21b9421a", noTop: "38879255a25d3c92d5e44e04ae6cec6f" },
});
const b6 = efficientNet("b6", {
  ...{ width: 1.8, depth: 2.6, imageSize: 528, dropout: 0.5, words: "large and very slow", megabytes: 164 },
  ...{ top: "165f6e37dce68623721b423839de8be5", noTop: "9ecce42647a20130c1f39a5d4cb75743" },
});
const b7 = efficientNet("b7", {
  ...{
    width: 2,
    depth: 3.1,
    imageSize: 600,
    dropout: 0.5,
    words: "the largest of them, and the slowest",
    megabytes: 256,
  },
  ...{ top: "8c03f828fec3ef71311cd463b6759d99", noTop: "cbcfe4450ddf6f3ad90b1b398090fe4a" },
});

/**
 * EfficientNetB0, trained on ImageNet. It takes pixels in [0, 255]: what they need are its first layers.
 *
 * Layers have Keras's names: `stem_conv`, `block1a_dwconv` to `block7a_project_bn`, `top_conv`, `top_bn`, `top_activation`, then
 * `avg_pool`, `top_dropout`, `predictions`. As in Keras, `weights: "imagenet"` puts another `Rescaling` in front of them, which a
 * network with the path of the same file does not get.
 *
 * @see https://arxiv.org/abs/1905.11946 and https://keras.io/api/applications/efficientnet/
 *
 * @example
 * ```ts
 * import { applications } from "graft-ml";
 *
 * const base = await applications.EfficientNetB0({ weights: null, includeTop: false, pooling: "avg" });
 * console.log(base.outputShape, base.countParams()); // → [ 'N', 1280 ] 4049571
 * ```
 */
export const EfficientNetB0 = b0.make;
/** {@link EfficientNetB0}, 1.1 times as deep, for photos of 240 pixels. */
export const EfficientNetB1 = b1.make;
/** {@link EfficientNetB0}, 1.2 times as deep and 1.1 times as wide, for photos of 260 pixels. */
export const EfficientNetB2 = b2.make;
/** {@link EfficientNetB0}, 1.4 times as deep and 1.2 times as wide, for photos of 300 pixels. */
export const EfficientNetB3 = b3.make;
/** {@link EfficientNetB0}, 1.8 times as deep and 1.4 times as wide, for photos of 380 pixels. */
export const EfficientNetB4 = b4.make;
/** {@link EfficientNetB0}, 2.2 times as deep and 1.6 times as wide, for photos of 456 pixels. */
export const EfficientNetB5 = b5.make;
/** {@link EfficientNetB0}, 2.6 times as deep and 1.8 times as wide, for photos of 528 pixels. */
export const EfficientNetB6 = b6.make;
/** {@link EfficientNetB0}, 3.1 times as deep and twice as wide, for photos of 600 pixels. */
export const EfficientNetB7 = b7.make;

/** Keras's module: the networks, preprocessing, which does nothing, and the names of the classes. */
export const efficientnet = {
  ...{ EfficientNetB0, EfficientNetB1, EfficientNetB2, EfficientNetB3 },
  ...{ EfficientNetB4, EfficientNetB5, EfficientNetB6, EfficientNetB7 },
  preprocessInput: preprocessInput("0-255"),
  decodePredictions,
} as const;

/** EfficientNet as networks to be grafted onto. */
export const efficientNetNetworks = [b0, b1, b2, b3, b4, b5, b6, b7].map(({ network }) => network);

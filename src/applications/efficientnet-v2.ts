import { BatchNormalization, DepthwiseConv2D, Normalization, Rescaling } from "../nn/layers/index.js";
import type { SymbolicTensor } from "../nn/symbolic-tensor.js";
import { application, networkOf } from "./application.js";
import type { Architecture, Plan } from "./architecture.js";
import { decodePredictions } from "./decode-predictions.js";
import { kerasFiles } from "./keras-files.js";
import {
  activated,
  convolution,
  convolutionInitializer,
  eachBlock,
  efficientTop,
  type MBConv,
  mbConv,
  pastTheBlock,
  squeezeAndExcite,
} from "./mbconv.js";
import { preprocessInput, torchDeviation, torchMean } from "./preprocess.js";
import { stagesNamed } from "./stages.js";
import { namedPool } from "./tops.js";
import { channelsOf, nearestWidth } from "./widths.js";

/** Options that only EfficientNetV2 has. */
export interface EfficientNetV2Options {
  /** Whether the network begins with what its pixels need, so that it takes them in [0, 255]; default `true`. */
  readonly includePreprocessing: boolean;
}

/** Blocks of one kind. */
interface Kind {
  /** Whether one convolution does what expansion and depthwise convolution do in others. */
  readonly isFused: boolean;
  readonly count: number;
  readonly filters: number;
  readonly expansion: number;
  /** Stride of the first one. */
  readonly stride: number;
  /** See {@link MBConv}. */
  readonly squeeze: number;
}

function fused(count: number, filters: number, expansion: number, stride: number): Kind {
  return { isFused: true, count, filters, expansion, stride, squeeze: 0 };
}

function plain(count: number, filters: number, expansion: number, stride: number): Kind {
  return { isFused: false, count, filters, expansion, stride, squeeze: 0.25 };
}

/** The blocks of a network, and the width of its first convolution. */
interface Plane {
  readonly stem: number;
  readonly kinds: readonly Kind[];
}

const base: Plane = {
  stem: 32,
  kinds: [
    ...[fused(1, 16, 1, 1), fused(2, 32, 4, 2), fused(2, 48, 4, 2)],
    ...[plain(3, 96, 4, 2), plain(5, 112, 6, 1), plain(8, 192, 6, 2)],
  ],
};

const small: Plane = {
  stem: 24,
  kinds: [
    ...[fused(2, 24, 1, 1), fused(4, 48, 4, 2), fused(4, 64, 4, 2)],
    ...[plain(6, 128, 4, 2), plain(9, 160, 6, 1), plain(15, 256, 6, 2)],
  ],
};

const medium: Plane = {
  stem: 24,
  kinds: [
    ...[fused(3, 24, 1, 1), fused(5, 48, 4, 2), fused(5, 80, 4, 2)],
    ...[plain(7, 160, 4, 2), plain(14, 176, 6, 1), plain(18, 304, 6, 2), plain(5, 512, 6, 1)],
  ],
};

const large: Plane = {
  stem: 32,
  kinds: [
    ...[fused(4, 32, 1, 1), fused(7, 64, 4, 2), fused(7, 96, 4, 2)],
    ...[plain(10, 192, 4, 2), plain(19, 224, 6, 1), plain(25, 384, 6, 2), plain(7, 640, 6, 1)],
  ],
};

/** What sets one of them apart. */
interface Variant {
  readonly plane: Plane;
  /** How many times as wide as the plane. */
  readonly width: number;
  /** How many times as deep. */
  readonly depth: number;
  /** Whether pixels are normalized with mean and deviation of ImageNet, rather than brought to [-1, 1). */
  readonly byImagenet: boolean;
}

const normalizing = { momentum: 0.9 };

/** Fused blocks, then inverted residuals that weigh their channels. */
function features(x: SymbolicTensor, plan: Plan<EfficientNetV2Options>, variant: Variant): SymbolicTensor {
  const { plane, width, depth, byImagenet } = variant;
  if (plan.own.includePreprocessing) x = preprocessed(x, byImagenet);
  x = convolution(x, nearestWidth(plane.stem * width), { kernelSize: 3, strides: 2, name: "stem_conv" });
  x = activated(x, normalizing, { norm: "stem_bn", activation: "stem_activation" });
  const scaled = plane.kinds.map((kind) => ({ ...kind, count: Math.ceil(depth * kind.count) }));
  // Keras counts those of the plane, though there may be more.
  const all = plane.kinds.reduce((sum, { count }) => sum + count, 0);
  x = eachBlock(x, scaled, (inputs, { isFused, filters, expansion, stride, squeeze }, { name, number, isFirst }) => {
    const block: MBConv = {
      ...{ name, expansion, squeeze, kernelSize: 3, ...normalizing },
      strides: isFirst ? stride : 1,
      filters: nearestWidth(filters * width),
      dropRate: (0.2 * number) / all,
    };
    return isFused ? fusedMBConv(inputs, block) : mbConv(inputs, block, depthwise);
  });
  x = convolution(x, nearestWidth(1280 * width), { name: "top_conv" });
  return activated(x, normalizing, { norm: "top_bn", activation: "top_activation" });
}

function preprocessed(x: SymbolicTensor, byImagenet: boolean): SymbolicTensor {
  if (!byImagenet || channelsOf(x) !== 3) return new Rescaling(1 / 128, { offset: -1 }).apply(x);
  const variance = torchDeviation.map((deviation) => deviation ** 2);
  return new Normalization({ axis: 3, mean: torchMean, variance }).apply(new Rescaling(1 / 255).apply(x));
}

function depthwise(x: SymbolicTensor, { name, kernelSize, strides }: MBConv): SymbolicTensor {
  const options = { strides, padding: "same", useBias: false, depthwiseInitializer: convolutionInitializer } as const;
  return new DepthwiseConv2D(kernelSize, { ...options, name: `${name}dwconv2` }).apply(x);
}

/** A block whose expansion looks around itself, in place of a depthwise convolution. */
function fusedMBConv(inputs: SymbolicTensor, block: MBConv): SymbolicTensor {
  const { name, expansion, filters, kernelSize, strides, momentum } = block;
  const wide = { kernelSize, strides };
  let x = inputs;
  if (expansion !== 1) {
    x = convolution(x, channelsOf(inputs) * expansion, { ...wide, name: `${name}expand_conv` });
    x = activated(x, block, { norm: `${name}expand_bn`, activation: `${name}expand_activation` });
  }
  x = squeezeAndExcite(x, channelsOf(inputs), block);
  const project = `${name}project_conv`;
  x = convolution(x, filters, expansion === 1 ? { ...wide, name: project } : { name: project });
  const norm = `${name}project_bn`;
  x =
    expansion === 1
      ? activated(x, block, { norm, activation: `${name}project_activation` })
      : new BatchNormalization({ momentum, name: norm }).apply(x);
  return pastTheBlock(x, inputs, block);
}

/** One of the seven, by what stands behind `EfficientNetV2`. */
function efficientNetV2(
  suffix: string,
  {
    top,
    noTop,
    imageSize,
    words,
    megabytes,
    ...variant
  }: Variant & {
    readonly top: string;
    readonly noTop: string;
    readonly imageSize: number;
  } & Pick<Architecture, "words" | "megabytes">,
): Architecture<EfficientNetV2Options> {
  const name = `efficientnetv2-${suffix.toLowerCase()}`;
  return {
    ...{ className: `EfficientNetV2${suffix}`, name, module: "efficientnetV2", words, megabytes },
    ...{ licence: "Apache-2.0", smallestSide: 32 },
    imageSizes: [imageSize],
    preprocess: ({ includePreprocessing }) => (includePreprocessing ? "0-255" : variant.byImagenet ? "torch" : "tf"),
    own: { includePreprocessing: true },
    features: (x, plan) => features(x, plan, variant),
    top: (x, plan) => efficientTop(x, plan, 0.2),
    ending: namedPool,
    published: kerasFiles(`efficientnet_v2/${name}`, { top: { hash: top }, noTop: { hash: noTop } }),
    stages: stagesNamed(/^block([2346])a_/),
  };
}

const ofBase = { plane: base, byImagenet: true } as const;
const b0 = efficientNetV2("B0", {
  ...{ ...ofBase, width: 1, depth: 1, imageSize: 224, words: "small", megabytes: 24 },
  ...{ top: "21ecbf6da12460d5c40bb2f29ceb2188", noTop: "893217f2bb855e2983157299931e43ff" },
});
const b1 = efficientNetV2("B1", {
  ...{ ...ofBase, width: 1, depth: 1.1, imageSize: 240, words: "small", megabytes: 28 },
  ...{ top: "069f0534ff22adf035c89e2d9547a9dc", noTop: "0e80663031ca32d657f9caa404b6ec37" },
});
const b2 = efficientNetV2("B2", {
  ...{ ...ofBase, width: 1.1, depth: 1.2, imageSize: 260, words: "middling", megabytes: 35 },
  ...{ top: "424e49f28180edbde1e94797771950a7", noTop: "1dfe2e7a5d45b6632553a8961ea609eb" },
});
const b3 = efficientNetV2("B3", {
  ...{ ...ofBase, width: 1.2, depth: 1.4, imageSize: 300, words: "middling", megabytes: 52 },
  ...{ top: "1f1fc43bd98a6e4fd8fdfd551e02c7a0", noTop: "f6abf7b5849ac99a89b50dd3fd532856" },
});
const own = { width: 1, depth: 1, byImagenet: false } as const;
const s = efficientNetV2("S", {
  ...{ ...own, plane: small, imageSize: 384, words: "large", megabytes: 81 },
  ...{ top: "e1d88a8495beba45748fedd0cecbe016", noTop: "af0682fb74e8c54910f2d4393339c070" },
});
const m = efficientNetV2("M", {
  ...{ ...own, plane: medium, imageSize: 480, words: "large and slow", megabytes: 213 },
  ...{ top: "a3bf6aa3276309f4fc6a34aa114c95cd", noTop: "1b8dc055df72dde80d614482840fe342" },
});
const l = efficientNetV2("L", {
  ...{ ...own, plane: large, imageSize: 480, words: "very large and slow", megabytes: 471 },
  ...{ top: "27e6d408b53c7ebc868fefa357689935", noTop: "b0b66b5c863aef5b46e8608fe1711615" },
});

/**
 * EfficientNetV2B0, trained on ImageNet. It takes pixels in [0, 255]: what they need are its first layers, unless
 * `includePreprocessing: false`.
 *
 * Layers have Keras's names: `stem_conv`, `block1a_project_conv` to `block6h_add`, `top_conv`, `top_bn`, `top_activation`, then
 * `avg_pool`, `top_dropout`, `predictions`. `name` is free, where Keras 3.15.1 takes none but its own.
 *
 * @see https://arxiv.org/abs/2104.00298 and https://keras.io/api/applications/efficientnet_v2/
 *
 * @example
 * ```ts
 * import { applications } from "graft-ml";
 *
 * const base = await applications.EfficientNetV2B0({ weights: null, includeTop: false, pooling: "avg" });
 * console.log(base.name, base.countParams()); // → efficientnetv2-b0 5919312
 * ```
 */
export const EfficientNetV2B0 = application(b0);
/** {@link EfficientNetV2B0}, 1.1 times as deep, for photos of 240 pixels. */
export const EfficientNetV2B1 = application(b1);
/** {@link EfficientNetV2B0}, 1.2 times as deep and 1.1 times as wide, for photos of 260 pixels. */
export const EfficientNetV2B2 = application(b2);
/** {@link EfficientNetV2B0}, 1.4 times as deep and 1.2 times as wide, for photos of 300 pixels. */
export const EfficientNetV2B3 = application(b3);
/** EfficientNetV2 of blocks of its own, small, for photos of 384 pixels: as {@link EfficientNetV2B0}, up to `block6o_add`. */
export const EfficientNetV2S = application(s);
/** {@link EfficientNetV2S}, larger, for photos of 480 pixels: up to `block7e_add`. */
export const EfficientNetV2M = application(m);
/** {@link EfficientNetV2S}, the largest, for photos of 480 pixels: up to `block7g_add`. */
export const EfficientNetV2L = application(l);

/** Keras's module: the networks, preprocessing, which does nothing, and the names of the classes. */
export const efficientnetV2 = {
  ...{ EfficientNetV2B0, EfficientNetV2B1, EfficientNetV2B2, EfficientNetV2B3 },
  ...{ EfficientNetV2S, EfficientNetV2M, EfficientNetV2L },
  preprocessInput: preprocessInput("0-255"),
  decodePredictions,
} as const;

/** EfficientNetV2 as networks to be grafted onto. */
export const efficientNetV2Networks = [b0, b1, b2, b3, s, m, l].map((architecture) => networkOf(architecture));

import { Sequential } from "../models/sequential.js";
import {
  Activation,
  Conv2D,
  Dense,
  GlobalAveragePooling2D,
  LayerNormalization,
  LayerScale,
  Normalization,
} from "../nn/layers/index.js";
import * as ops from "../nn/operations/index.js";
import type { SymbolicTensor } from "../nn/symbolic-tensor.js";
import { application, networkOf } from "./application.js";
import type { Architecture, Plan } from "./architecture.js";
import { decodePredictions } from "./decode-predictions.js";
import { kerasFiles } from "./keras-files.js";
import { preprocessInput, torchDeviation, torchMean } from "./preprocess.js";
import { stagesNamed } from "./stages.js";
import { pool } from "./tops.js";
import { channelsOf } from "./widths.js";

/** Options that only ConvNeXt has. */
export interface ConvNeXtOptions {
  /** Whether the network begins with what its pixels need, so that it takes them in [0, 255]; default `true`. */
  readonly includePreprocessing: boolean;
}

/** How many blocks each of the four stages has, and how wide they are. */
interface Stages {
  readonly depths: readonly number[];
  readonly widths: readonly number[];
}

/** What the factors of channels begin with. */
const scaleAtFirst = 1e-6;

function layerNorm(name?: string): LayerNormalization {
  return new LayerNormalization({ epsilon: 1e-6, name });
}

/** Four stages of blocks, in front of each one that makes the picture smaller. */
function features(x: SymbolicTensor, { own, name }: Plan<ConvNeXtOptions>, { depths, widths }: Stages): SymbolicTensor {
  if (own.includePreprocessing && channelsOf(x) === 3) {
    const mean = torchMean.map((value) => value * 255);
    const variance = torchDeviation.map((value) => (value * 255) ** 2);
    x = new Normalization({ mean, variance, name: `${name}_prestem_normalization` }).apply(x);
  }
  widths.forEach((width, stage) => {
    x = (stage === 0 ? stem(width, name) : downsampling(width, name, stage - 1)).apply(x);
    for (let number = 0; number < (depths[stage] ?? 0); number++) {
      x = block(x, `${name}_stage_${stage}_block_${number}`);
    }
  });
  return x;
}

/** From pixels to patches of four. */
function stem(width: number, name: string): Sequential {
  const patches = new Conv2D(width, 4, { strides: 4, name: `${name}_stem_conv` });
  return new Sequential([patches, layerNorm(`${name}_stem_layernorm`)], { name: `${name}_stem` });
}

/** Halves the picture. */
function downsampling(width: number, name: string, number: number): Sequential {
  const halved = new Conv2D(width, 2, { strides: 2, name: `${name}_downsampling_conv_${number}` });
  const norm = layerNorm(`${name}_downsampling_layernorm_${number}`);
  return new Sequential([norm, halved], { name: `${name}_downsampling_block_${number}` });
}

/** A depthwise convolution with a wide window, then two layers for each place by itself, the first one wide. */
function block(inputs: SymbolicTensor, name: string): SymbolicTensor {
  const width = channelsOf(inputs);
  let x = new Conv2D(width, 7, { padding: "same", groups: width, name: `${name}_depthwise_conv` }).apply(inputs);
  x = layerNorm(`${name}_layernorm`).apply(x);
  x = new Dense(4 * width, { name: `${name}_pointwise_conv_1` }).apply(x);
  x = new Activation("gelu", { name: `${name}_gelu` }).apply(x);
  x = new Dense(width, { name: `${name}_pointwise_conv_2` }).apply(x);
  x = new LayerScale(scaleAtFirst, width, { name: `${name}_layer_scale` }).apply(x);
  // The layer that other implementations drop blocks with; Keras's networks do not.
  x = new Activation("linear", { name: `${name}_identity` }).apply(x);
  return ops.add(inputs, x);
}

function top(x: SymbolicTensor, { name, classes, activation }: Plan<ConvNeXtOptions>): SymbolicTensor {
  x = new GlobalAveragePooling2D({ name: `${name}_head_gap` }).apply(x);
  x = layerNorm(`${name}_head_layernorm`).apply(x);
  return new Dense(classes, { activation, name: `${name}_head_dense` }).apply(x);
}

/** Without a top, features are normalized as they are in front of the classifier. */
function ending(x: SymbolicTensor, plan: Plan<ConvNeXtOptions>): SymbolicTensor {
  return layerNorm().apply(pool(x, plan));
}

/** One of the five, by what stands behind `ConvNeXt`. */
function convNeXt(
  suffix: string,
  {
    top: whole,
    noTop,
    depth,
    width,
    ...own
  }: {
    /** Blocks of the third stage. */
    readonly depth: number;
    /** Width of the first stage, which doubles with each. */
    readonly width: number;
    readonly top: string;
    readonly noTop: string;
  } & Pick<Architecture, "words" | "megabytes">,
): Architecture<ConvNeXtOptions> {
  const stages = { depths: [3, 3, depth, 3], widths: [width, 2 * width, 4 * width, 8 * width] };
  const name = `convnext_${suffix.toLowerCase()}`;
  return {
    ...own,
    ...{ className: `ConvNeXt${suffix}`, name, module: "convnext", licence: "MIT" },
    ...{ smallestSide: 32, own: { includePreprocessing: true } },
    imageSizes: [224],
    preprocess: ({ includePreprocessing }) => (includePreprocessing ? "0-255" : "torch"),
    features: (x, plan) => features(x, plan, stages),
    top,
    ending,
    published: kerasFiles(`convnext/${name}`, { top: { hash: whole }, noTop: { hash: noTop } }),
    stages: stagesNamed(/_(stem|downsampling_block_\d)$/),
  };
}

const tiny = convNeXt("Tiny", {
  ...{ depth: 9, width: 96, words: "large", megabytes: 111 },
  top: "8ae6e78ce2933352b1ef4008e6dd2f17bc40771563877d156bc6426c7cf503ff",
  noTop: "d547c096cabd03329d7be5562c5e14798aa39ed24b474157cef5e85ab9e49ef1",
});
const small = convNeXt("Small", {
  ...{ depth: 27, width: 96, words: "large and slow", megabytes: 198 },
  top: "ce1277d8f1ee5a0ef0e171469089c18f5233860ceaf9b168049cb9263fd7483c",
  noTop: "6fc8009faa2f00c1c1dfce59feea9b0745eb260a7dd11bee65c8e20843da6eab",
});
const base = convNeXt("Base", {
  ...{ depth: 27, width: 128, words: "large and slow, trained on 21,841 classes before", megabytes: 350 },
  top: "52cbb006d3dadd03f6e095a8ca1aca47aecdd75acb4bc74bce1f5c695d0086e6",
  noTop: "40a20c5548a5e9202f69735ecc06c990e6b7c9d2de39f0361e27baeb24cb7c45",
});
const large = convNeXt("Large", {
  ...{ depth: 27, width: 192, words: "very large and slow, trained on 21,841 classes before", megabytes: 785 },
  top: "070c5ed9ed289581e477741d3b34beffa920db8cf590899d6d2c67fba2a198a6",
  noTop: "96f02b6f0753d4f543261bc9d09bed650f24dd6bc02ddde3066135b63d23a1cd",
});
const xlarge = convNeXt("XLarge", {
  ...{ depth: 27, width: 256, words: "the largest of all, trained on 21,841 classes before", megabytes: 1393 },
  top: "c1f5ccab661354fc3a79a10fa99af82f0fbf10ec65cb894a3ae0815f17a889ee",
  noTop: "de3f8a54174130e0cecdc71583354753d557fcf1f4487331558e2a16ba0cfe05",
});

/**
 * ConvNeXtTiny, trained on ImageNet. It takes pixels in [0, 255]: what they need is its first layer, unless
 * `includePreprocessing: false`.
 *
 * Layers have Keras's names, which begin with the model's: `convnext_tiny_stem`, `convnext_tiny_stage_0_block_0_depthwise_conv` to
 * `convnext_tiny_stage_3_block_2_identity`, then `convnext_tiny_head_dense`. Stem and downsampling are models of two layers.
 *
 * @see https://arxiv.org/abs/2201.03545 and https://keras.io/api/applications/convnext/
 *
 * @example
 * ```ts
 * import { applications } from "graft-ml";
 *
 * const base = await applications.ConvNeXtTiny({ weights: null, includeTop: false, pooling: "avg" });
 * console.log(base.name, base.countParams()); // → convnext_tiny 27820128
 * ```
 */
export const ConvNeXtTiny = application(tiny);
/** {@link ConvNeXtTiny} with 27 blocks in the third stage in place of 9. */
export const ConvNeXtSmall = application(small);
/** {@link ConvNeXtSmall}, 128 channels wide in place of 96. */
export const ConvNeXtBase = application(base);
/** {@link ConvNeXtSmall}, 192 channels wide in place of 96. */
export const ConvNeXtLarge = application(large);
/** {@link ConvNeXtSmall}, 256 channels wide in place of 96. */
export const ConvNeXtXLarge = application(xlarge);

/** Keras's module: the networks, preprocessing, which does nothing, and the names of the classes. */
export const convnext = {
  ...{ ConvNeXtTiny, ConvNeXtSmall, ConvNeXtBase, ConvNeXtLarge, ConvNeXtXLarge },
  preprocessInput: preprocessInput("0-255"),
  decodePredictions,
} as const;

/** ConvNeXt as networks to be grafted onto. */
export const convNeXtNetworks = [tiny, small, base, large, xlarge].map((architecture) => networkOf(architecture));

import { numberWithin, positiveNumber, refuse, wholeNumber } from "../errors/check.js";
import {
  Activation,
  BatchNormalization,
  Conv2D,
  DepthwiseConv2D,
  Dropout,
  GlobalAveragePooling2D,
  ReLU,
  Reshape,
  ZeroPadding2D,
} from "../nn/layers/index.js";
import type { SymbolicTensor } from "../nn/symbolic-tensor.js";
import { application, networkOf } from "./application.js";
import type { Architecture, Plan } from "./architecture.js";
import { decodePredictions } from "./decode-predictions.js";
import { kerasFile } from "./keras-files.js";
import { preprocessInput } from "./preprocess.js";
import { publishedSide } from "./published-side.js";
import { stagesNamed } from "./stages.js";

/** Options that only MobileNet has. */
export interface MobileNetOptions {
  /** Width of all layers as a share of the paper's; default 1. There are published weights for 0.25, 0.5, 0.75 and 1. */
  readonly alpha: number;
  /** Channels that a depthwise convolution makes of each; default 1, which published weights need. */
  readonly depthMultiplier: number;
  /** Share of the features that training drops in front of the classifier; default 0.001. */
  readonly dropout: number;
}

/** Width of each block, and the stride of its depthwise convolution. */
const blocks = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [1024, 2],
  [1024, 1],
] as const;

/** Depthwise convolutions, each with one of single pixels behind it. */
function features(x: SymbolicTensor, { own }: Plan<MobileNetOptions>): SymbolicTensor {
  const { alpha, depthMultiplier } = own;
  const plain = { padding: "same", useBias: false } as const;
  x = new Conv2D(Math.trunc(32 * alpha), 3, { ...plain, strides: 2, name: "conv1" }).apply(x);
  x = bounded(x, "conv1");
  blocks.forEach(([filters, strides], index) => {
    const number = index + 1;
    const name = `conv_dw_${number}`;
    const isPadded = strides === 2;
    if (isPadded)
      x = new ZeroPadding2D(
        [
          [0, 1],
          [0, 1],
        ],
        { name: `conv_pad_${number}` },
      ).apply(x);
    const padding = isPadded ? "valid" : "same";
    x = new DepthwiseConv2D(3, { strides, padding, depthMultiplier, useBias: false, name }).apply(x);
    x = bounded(x, name);
    x = new Conv2D(Math.trunc(filters * alpha), 1, { ...plain, name: `conv_pw_${number}` }).apply(x);
    x = bounded(x, `conv_pw_${number}`);
  });
  return x;
}

/** What stands behind each convolution. */
function bounded(x: SymbolicTensor, name: string): SymbolicTensor {
  return new ReLU(6, { name: `${name}_relu` }).apply(new BatchNormalization({ name: `${name}_bn` }).apply(x));
}

/** A classifier that is a convolution. */
function top(x: SymbolicTensor, { own, classes, activation }: Plan<MobileNetOptions>): SymbolicTensor {
  x = new GlobalAveragePooling2D({ keepdims: true }).apply(x);
  x = new Dropout(own.dropout, { name: "dropout" }).apply(x);
  x = new Conv2D(classes, 1, { padding: "same", name: "conv_preds" }).apply(x);
  x = new Reshape([classes], { name: "reshape_2" }).apply(x);
  return new Activation(activation, { name: "predictions" }).apply(x);
}

/** How the files of the widths are named. */
const widths = new Map([
  [0.25, "2_5"],
  [0.5, "5_0"],
  [0.75, "7_5"],
  [1, "1_0"],
]);

const imageSizes = [224, 192, 160, 128] as const;

const architecture: Architecture<MobileNetOptions> = {
  ...{ className: "MobileNet", module: "mobilenet", words: "small and fast", megabytes: 13, licence: "Apache-2.0" },
  imageSizes,
  smallestSide: 32,
  preprocess: "tf",
  name: ({ own, weights, shape }) => {
    const side = weights === "imagenet" ? publishedSide(shape, imageSizes) : (shape[0] ?? "None");
    return `mobilenet_${own.alpha.toFixed(2)}_${side}`;
  },
  own: { alpha: 1, depthMultiplier: 1, dropout: 1e-3 },
  check({ own: { alpha, depthMultiplier, dropout }, weights }) {
    positiveNumber("MobileNet", "alpha", alpha);
    wholeNumber("MobileNet", "depthMultiplier", depthMultiplier);
    numberWithin("MobileNet", "dropout", dropout, 0, 1);
    if (weights !== "imagenet") return;
    if (!widths.has(alpha)) refuse("MobileNet", "alpha", "0.25, 0.5, 0.75 or 1 with published weights", alpha);
    if (depthMultiplier !== 1) refuse("MobileNet", "depthMultiplier", "1 with published weights", depthMultiplier);
  },
  features,
  top,
  published: ({ own, includeTop, shape }) => {
    const side = publishedSide(shape, imageSizes);
    return kerasFile(
      `mobilenet/mobilenet_${widths.get(own.alpha) ?? own.alpha}_${side}_tf${includeTop ? "" : "_no_top"}.h5`,
      {},
    );
  },
  stages: stagesNamed(/^conv_(?:pad|dw)_(2|4|6|12)$/),
};

/**
 * MobileNet, trained on ImageNet: depthwise convolutions, in four widths (`alpha`). Keras feeds it pixels in [-1, 1]:
 * `applications.mobilenet.preprocessInput`.
 *
 * Layers have Keras's names: `conv1`, then `conv_dw_1` and `conv_pw_1` to `conv_pw_13_relu`, then `conv_preds`, `predictions`.
 *
 * @see https://arxiv.org/abs/1704.04861 and https://keras.io/api/applications/mobilenet/
 *
 * @example
 * ```ts
 * import { applications } from "graft-ml";
 *
 * // Without `weights: null` it has those of ImageNet, which are downloaded once.
 * const model = await applications.MobileNet({ weights: null, alpha: 0.25 });
 * console.log(model.name, model.countParams()); // → mobilenet_0.25_224 475544
 * ```
 */
export const MobileNet = application(architecture);

/** Keras's module: the network, its preprocessing, and the names of its classes. */
export const mobilenet = { MobileNet, preprocessInput: preprocessInput("tf"), decodePredictions } as const;

/** MobileNet as a network to be grafted onto. */
export const mobileNetNetwork = networkOf(architecture);

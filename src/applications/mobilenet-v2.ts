import { positiveNumber, refuse } from "../errors/check.js";
import { Conv2D, Dense, GlobalAveragePooling2D, ReLU } from "../nn/layers/index.js";
import type { SymbolicTensor } from "../nn/symbolic-tensor.js";
import { application, networkOf } from "./application.js";
import type { Architecture, Plan } from "./architecture.js";
import type { Network } from "./backbone.js";
import { decodePredictions } from "./decode-predictions.js";
import { invertedResidual, normalized } from "./inverted-residual.js";
import { kerasFile } from "./keras-files.js";
import { preprocessInput } from "./preprocess.js";
import { publishedSide } from "./published-side.js";
import { stagesNamed } from "./stages.js";
import { channelsOf, divisibleWidth } from "./widths.js";

/** Options that only MobileNetV2 has. */
export interface MobileNetV2Options {
  /**
   * Width of the layers as a share of the paper's; default 1. There are published weights for 0.35, 0.5, 0.75, 1, 1.3 and 1.4.
   */
  readonly alpha: number;
}

/** Width of the blocks of each kind, how many there are, and the stride of the first one. */
const kinds = [
  [16, 1, 1],
  [24, 2, 2],
  [32, 3, 2],
  [64, 4, 2],
  [96, 3, 1],
  [160, 3, 2],
  [320, 1, 1],
] as const;

/** Inverted residuals, with bounded activations. */
function features(x: SymbolicTensor, { own: { alpha } }: Plan<MobileNetV2Options>): SymbolicTensor {
  const bounded = (inputs: SymbolicTensor, name: string): SymbolicTensor => new ReLU(6, { name }).apply(inputs);
  const first = divisibleWidth(32 * alpha);
  x = new Conv2D(first, 3, { strides: 2, padding: "same", useBias: false, name: "Conv1" }).apply(x);
  x = bounded(normalized(x, "bn_Conv1"), "Conv1_relu");
  let number = 0;
  for (const [filters, count, stride] of kinds) {
    for (let index = 0; index < count; index++) {
      const prefix = number === 0 ? "expanded_conv_" : `block_${number}_`;
      x = invertedResidual(x, {
        ...{ prefix, pad: "pad", norm: "_BN" },
        ...{ kernelSize: 3, strides: index === 0 ? stride : 1 },
        expanded: number === 0 ? undefined : 6 * channelsOf(x),
        filters: divisibleWidth(Math.trunc(filters * alpha)),
        activate: (inputs, layer) => bounded(inputs, `${prefix}${layer}_relu`),
      });
      number++;
    }
  }
  // Narrower networks keep the last width, as the paper says.
  const last = alpha > 1 ? divisibleWidth(1280 * alpha) : 1280;
  x = new Conv2D(last, 1, { useBias: false, name: "Conv_1" }).apply(x);
  return bounded(normalized(x, "Conv_1_bn"), "out_relu");
}

function top(x: SymbolicTensor, { classes, activation }: Plan<MobileNetV2Options>): SymbolicTensor {
  return new Dense(classes, { activation, name: "predictions" }).apply(new GlobalAveragePooling2D().apply(x));
}

const imageSizes = [224, 192, 160, 128, 96] as const;
const widths: readonly number[] = [0.35, 0.5, 0.75, 1, 1.3, 1.4];

const architecture: Architecture<MobileNetV2Options> = {
  ...{ className: "MobileNetV2", module: "mobilenetV2", words: "small and fast", megabytes: 9, licence: "Apache-2.0" },
  imageSizes,
  smallestSide: 32,
  preprocess: "tf",
  name: ({ own, weights, shape }) => {
    const side = weights === "imagenet" ? publishedSide(shape, imageSizes) : (shape[0] ?? "None");
    return `mobilenetv2_${own.alpha.toFixed(2)}_${side}`;
  },
  own: { alpha: 1 },
  check({ own: { alpha }, weights }) {
    positiveNumber("MobileNetV2", "alpha", alpha);
    if (weights !== "imagenet" || widths.includes(alpha)) return;
    refuse("MobileNetV2", "alpha", `${widths.join(", ")} with published weights`, alpha);
  },
  features,
  top,
  published: ({ own: { alpha }, includeTop, shape }) => {
    const width = alpha === 1 ? "1.0" : String(alpha);
    const file = `${width}_${publishedSide(shape, imageSizes)}${includeTop ? "" : "_no_top"}.h5`;
    return kerasFile(`mobilenet_v2/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_${file}`, {});
  },
  stages: stagesNamed(/^block_(1|3|6|13)_/),
};

/**
 * MobileNetV2, trained on ImageNet: inverted residuals, in six widths (`alpha`). Keras feeds it pixels in [-1, 1]:
 * `applications.mobilenetV2.preprocessInput`.
 *
 * Layers have Keras's names: `Conv1`, `expanded_conv_depthwise`, `block_1_expand` to `block_16_project_BN`, `Conv_1`, `out_relu`,
 * then `predictions`.
 *
 * @see https://arxiv.org/abs/1801.04381 and https://keras.io/api/applications/mobilenet/
 *
 * @example
 * ```ts
 * import { applications } from "graft-ml";
 *
 * const model = await applications.MobileNetV2({ weights: null, includeTop: false, inputShape: [96, 96, 3] });
 * console.log(model.name, model.outputShape); // → mobilenetv2_1.00_96 [ 'N', 3, 3, 1280 ]
 * ```
 */
export const MobileNetV2 = application(architecture);

/** Keras's module: the network, its preprocessing, and the names of its classes. */
export const mobilenetV2 = { MobileNetV2, preprocessInput: preprocessInput("tf"), decodePredictions } as const;

const network = networkOf(architecture);

/** Keras's MobileNetV2 as a network to be grafted onto. The name `mobilenetv2` is that of an object detector's. */
export const mobileNetV2ImagenetNetwork: Network = {
  ...network,
  record: { ...network.record, name: "mobilenetv2-imagenet" },
};

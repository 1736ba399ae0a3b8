import { Conv2D, Dense, Flatten, MaxPooling2D } from "../nn/layers/index.js";
import type { SymbolicTensor } from "../nn/symbolic-tensor.js";
import { application, networkOf } from "./application.js";
import type { Architecture, Plan } from "./architecture.js";
import { decodePredictions } from "./decode-predictions.js";
import { kerasFiles } from "./keras-files.js";
import { preprocessInput } from "./preprocess.js";
import { stagesNamed } from "./stages.js";
import { predictions } from "./tops.js";

/**
 * Five blocks of 3×3 convolutions, each with a pooling that halves the picture.
 *
 * @param convolutions of each block
 */
function features(x: SymbolicTensor, convolutions: readonly number[]): SymbolicTensor {
  const filters = [64, 128, 256, 512, 512];
  convolutions.forEach((count, index) => {
    const block = `block${index + 1}`;
    for (let number = 1; number <= count; number++) {
      const options = { padding: "same", activation: "relu", name: `${block}_conv${number}` };
      x = new Conv2D(filters[index] ?? 512, 3, options).apply(x);
    }
    x = new MaxPooling2D(2, { strides: 2, name: `${block}_pool` }).apply(x);
  });
  return x;
}

function top(x: SymbolicTensor, plan: Plan): SymbolicTensor {
  const flat = new Flatten({ name: "flatten" }).apply(x);
  const first = new Dense(4096, { activation: "relu", name: "fc1" }).apply(flat);
  const second = new Dense(4096, { activation: "relu", name: "fc2" }).apply(first);
  return predictions(second, plan);
}

/** What both have in common. */
const family = {
  imageSizes: [224],
  smallestSide: 32,
  preprocess: "caffe",
  own: {},
  top,
  licence: "CC-BY-4.0",
  stages: stagesNamed(/^(block\d)_conv/),
} as const satisfies Partial<Architecture>;

const sixteen: Architecture = {
  ...family,
  ...{ className: "VGG16", name: "vgg16", module: "vgg16", words: "large and slow", megabytes: 59 },
  features: (x) => features(x, [2, 2, 3, 3, 3]),
  published: kerasFiles("vgg16/vgg16_weights_tf_dim_ordering_tf_kernels", {
    top: { hash: "64373286793e3c8b2b4e3219cbf3544b", bytes: 553_467_096 },
    noTop: { hash: "6d6bbae143d832006294945121d1f1fc", bytes: 58_889_256 },
  }),
  cost:
    "Measured on cats against dogs, a linear classifier on its features is right on 89 % of the photos with pixels / 255 " +
    "and on 96 % with the network's own preprocessing.",
};

const nineteen: Architecture = {
  ...family,
  ...{ className: "VGG19", name: "vgg19", module: "vgg19", words: "larger and slower still", megabytes: 80 },
  features: (x) => features(x, [2, 2, 4, 4, 4]),
  published: kerasFiles("vgg19/vgg19_weights_tf_dim_ordering_tf_kernels", {
    top: { hash: "cbe5617147190e668d6c5d5026f83318" },
    noTop: { hash: "253f8cb515780f3b799900260a226db6" },
  }),
};

/**
 * VGG16, trained on ImageNet. Keras feeds it BGR minus mean: `applications.vgg16.preprocessInput`.
 *
 * Layers have Keras's names: `block1_conv1` to `block5_pool`, then `flatten`, `fc1`, `fc2`, `predictions`.
 *
 * @see https://arxiv.org/abs/1409.1556 and https://keras.io/api/applications/vgg/
 *
 * @example
 * ```ts
 * import { applications, layers, models } from "graft-ml";
 *
 * // Without `weights: null` it has those of ImageNet, which are downloaded once: 59 MB without the top.
 * const options = { weights: null, includeTop: false, inputShape: [64, 64, 3], pooling: "avg" } as const;
 * const base = await applications.VGG16(options);
 * base.trainable = false;
 * const model = new models.Sequential([base, new layers.Dense(1, { activation: "sigmoid" })]);
 * console.log(model.outputShape); // → [ 'N', 1 ]
 * console.log(model.trainableWeights.length); // → 2
 * ```
 */
export const VGG16 = application(sixteen);

/** VGG19: {@link VGG16} with 16 convolutions in place of 13. @see https://keras.io/api/applications/vgg/ */
export const VGG19 = application(nineteen);

/** Keras's module: the network, its preprocessing, and the names of its classes. */
export const vgg16 = { VGG16, preprocessInput: preprocessInput(family.preprocess), decodePredictions } as const;

/** The same of {@link VGG19}. */
export const vgg19 = { VGG19, preprocessInput: preprocessInput(family.preprocess), decodePredictions } as const;

/** As networks to be grafted onto. */
export const vggNetworks = [networkOf(sixteen), networkOf(nineteen)];

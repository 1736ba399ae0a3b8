import { checkOptionNames, isWhole, refuse } from "../errors/check.js";
import { UsageError } from "../errors/errors.js";
import { Model } from "../models/model.js";
import {
  Conv2D,
  Dense,
  Flatten,
  GlobalAveragePooling2D,
  GlobalMaxPooling2D,
  Input,
  MaxPooling2D,
} from "../nn/layers/index.js";
import type { SymbolicTensor } from "../nn/symbolic-tensor.js";
import { type ApplicationOptions, applicationOptions } from "./application-options.js";
import { decodePredictions } from "./decode-predictions.js";
import type { Network, NetworkRecord } from "./backbone.js";
import { type DownloadListener, megabytes, type PublishedWeights, pretrainedWeights } from "./pretrained-weights.js";
import { preprocessInput, standardizationOf } from "./preprocess.js";

/** Number of filters of the convolutions of each block. */
const blocks = [
  [64, 64],
  [128, 128],
  [256, 256, 256],
  [512, 512, 512],
  [512, 512, 512],
] as const;

/** Keras's published weights. */
const published: Readonly<Record<"top" | "noTop", PublishedWeights>> = {
  top: {
    url: "https://storage.googleapis.com/tensorflow/keras-applications/vgg16/vgg16_weights_tf_dim_ordering_tf_kernels.h5",
    file: "vgg16_weights_tf_dim_ordering_tf_kernels.h5",
    md5: "64373286793e3c8b2b4e3219cbf3544b",
    bytes: 553_467_096,
  },
  noTop: {
    url: "https://storage.googleapis.com/tensorflow/keras-applications/vgg16/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
    file: "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5",
    md5: "6d6bbae143d832006294945121d1f1fc",
    bytes: 58_889_256,
  },
};

const record: NetworkRecord = {
  name: "vgg16",
  description: `VGG16 trained on ImageNet, large and slow; ${megabytes(published.noTop.bytes)} from Keras's server, or a file of your own`,
  licence: "CC-BY-4.0",
  imageSize: 224,
  preprocess: "caffe",
};

/** Smallest side that five poolings leave something of, in pixels. */
const smallestSide = 32;

function checkShape(shape: readonly (number | null)[], includeTop: boolean): void {
  const list: unknown = shape;
  if (!Array.isArray(list)) refuse("VGG16", "inputShape", "[height, width, 3]", shape);
  const [height, width, channels] = shape;
  const fits = (side: number | null | undefined): boolean =>
    side === null ? !includeTop : isWhole(side, smallestSide);
  if (shape.length === 3 && fits(height) && fits(width) && channels === 3) return;
  throw new UsageError("VGG16 cannot take this input shape.", {
    subject: "inputShape",
    expected: `[height, width, 3] with sides of ${smallestSide} pixels or more${includeTop ? "" : ", or null for any"}`,
    received: `[${shape.map((side) => side ?? "null").join(", ")}]`,
  });
}

/**
 * VGG16, trained on ImageNet. Keras feeds it BGR minus mean: {@link preprocessInput}.
 *
 * @param onProgress told of the download of published weights; default: lines for a person
 * @returns layers under Keras's names, `block1_conv1` to `block5_pool`, then `flatten`, `fc1`, `fc2`, `predictions`
 * @throws UsageError for an impossible input shape
 * @throws ShapeError when the weights' file belongs to another network
 * @throws DownloadError when the published weights cannot be had
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
export async function VGG16(options: ApplicationOptions = {}, onProgress?: DownloadListener): Promise<Model> {
  checkOptionNames("VGG16", options, applicationOptions);
  const { weights = "imagenet", includeTop = true, pooling = null, classes = 1000, name = record.name } = options;
  const size = includeTop ? record.imageSize : null;
  const shape = options.inputShape ?? [size, size, 3];
  checkShape(shape, includeTop);
  if (weights === "imagenet" && includeTop && classes !== 1000) {
    throw new UsageError("The ImageNet classifier has 1000 classes.", {
      subject: "classes",
      expected: "1000, or includeTop: false",
      received: String(classes),
    });
  }
  const inputs = Input({ shape });
  let x = inputs;
  blocks.forEach((filters, block) => {
    filters.forEach((count, index) => {
      const layer = `block${block + 1}_conv${index + 1}`;
      x = new Conv2D(count, 3, { padding: "same", activation: "relu", name: layer }).apply(x);
    });
    x = new MaxPooling2D(2, { strides: 2, name: `block${block + 1}_pool` }).apply(x);
  });
  const outputs = includeTop ? classifier(x, classes, options.classifierActivation) : pooled(x, pooling);
  const model = new Model({ inputs, outputs, name });
  if (weights !== null) {
    await pretrainedWeights(model, weights, includeTop ? published.top : published.noTop, onProgress);
    model.pretrained = {
      network: "VGG16",
      standardization: standardizationOf(record.preprocess),
      cost:
        "Measured on cats against dogs, a linear classifier on its features is right on 89 % of the photos with pixels / 255 " +
        "and on 96 % with the network's own preprocessing.",
      advice:
        "Use new ImageDataGenerator({ preprocessingFunction: applications.vgg16.preprocessInput }) without rescale.",
    };
  }
  return model;
}

function classifier(
  x: SymbolicTensor,
  classes: number,
  activation: ApplicationOptions["classifierActivation"] = "softmax",
): SymbolicTensor {
  const flat = new Flatten({ name: "flatten" }).apply(x);
  const first = new Dense(4096, { activation: "relu", name: "fc1" }).apply(flat);
  const second = new Dense(4096, { activation: "relu", name: "fc2" }).apply(first);
  return new Dense(classes, { activation: activation ?? "linear", name: "predictions" }).apply(second);
}

function pooled(x: SymbolicTensor, pooling: ApplicationOptions["pooling"]): SymbolicTensor {
  if (pooling === "avg") return new GlobalAveragePooling2D().apply(x);
  if (pooling === "max") return new GlobalMaxPooling2D().apply(x);
  if (pooling === null || pooling === undefined) return x;
  return refuse("VGG16", "pooling", '"avg", "max" or null', pooling);
}

/** Keras's module: the network, its preprocessing, and the names of its classes. */
export const vgg16 = { VGG16, preprocessInput: preprocessInput(record.preprocess), decodePredictions } as const;

/** VGG16 as a network to be grafted onto. */
export const vgg16Network: Network = {
  record,
  stages: ["block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1", "block5_conv1"],
  takesWeights: true,
  load: async ({ imageSize, weights, onProgress }) =>
    VGG16({ weights, includeTop: false, inputShape: [imageSize, imageSize, 3] }, onProgress),
};

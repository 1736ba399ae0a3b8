import {
  Activation,
  AveragePooling2D,
  BatchNormalization,
  Concatenate,
  Conv2D,
  MaxPooling2D,
  ZeroPadding2D,
} from "../nn/layers/index.js";
import type { SymbolicTensor } from "../nn/symbolic-tensor.js";
import { application, networkOf } from "./application.js";
import type { Architecture } from "./architecture.js";
import { decodePredictions } from "./decode-predictions.js";
import { kerasFiles } from "./keras-files.js";
import { preprocessInput } from "./preprocess.js";
import { stagesNamed } from "./stages.js";
import { namedPool } from "./tops.js";

/** Channels that each layer of a block adds to those that it sees. */
const growth = 32;

function normRelu(x: SymbolicTensor, prefix: string): SymbolicTensor {
  const normed = new BatchNormalization({ epsilon: 1.001e-5, name: `${prefix}bn` }).apply(x);
  return new Activation("relu", { name: `${prefix}relu` }).apply(normed);
}

/** A layer sees what all before it in its block gave: 1×1, then 3×3, put behind what came in. */
function denseLayer(x: SymbolicTensor, name: string): SymbolicTensor {
  const first = { useBias: false, name: `${name}_1_conv` };
  const narrow = new Conv2D(4 * growth, 1, first).apply(normRelu(x, `${name}_0_`));
  const second = { padding: "same", useBias: false, name: `${name}_2_conv` };
  const seen = new Conv2D(growth, 3, second).apply(normRelu(narrow, `${name}_1_`));
  return new Concatenate({ name: `${name}_concat` }).apply([x, seen]);
}

/** Between blocks: half of the channels, at half of the size. */
function transition(x: SymbolicTensor, name: string): SymbolicTensor {
  const channels = Math.floor(Number(x.shape.at(-1)) / 2);
  const fewer = new Conv2D(channels, 1, { useBias: false, name: `${name}_conv` }).apply(normRelu(x, `${name}_`));
  return new AveragePooling2D(2, { strides: 2, name: `${name}_pool` }).apply(fewer);
}

/**
 * Four blocks, `conv2` to `conv5`.
 *
 * @param layers of each block
 */
function features(x: SymbolicTensor, layers: readonly number[]): SymbolicTensor {
  x = new ZeroPadding2D(3).apply(x);
  x = new Conv2D(64, 7, { strides: 2, useBias: false, name: "conv1_conv" }).apply(x);
  x = new ZeroPadding2D(1).apply(normRelu(x, "conv1_"));
  x = new MaxPooling2D(3, { strides: 2, name: "pool1" }).apply(x);
  layers.forEach((count, index) => {
    if (index > 0) x = transition(x, `pool${index + 1}`);
    for (let layer = 1; layer <= count; layer++) x = denseLayer(x, `conv${index + 2}_block${layer}`);
  });
  return normRelu(x, "");
}

function densenetOf(
  depth: number,
  layers: readonly number[],
  about: { readonly words: string; readonly megabytes: number },
  [top, noTop]: readonly [top: string, noTop: string],
): Architecture {
  const name = `densenet${depth}`;
  return {
    ...{ className: `DenseNet${depth}`, name, module: "densenet", ...about, licence: "BSD-3-Clause" },
    imageSizes: [224],
    smallestSide: 32,
    preprocess: "torch",
    own: {},
    features: (x) => features(x, layers),
    ending: namedPool,
    published: kerasFiles(`densenet/${name}_weights_tf_dim_ordering_tf_kernels`, {
      top: { hash: top },
      noTop: { hash: noTop },
    }),
    stages: stagesNamed(/^(conv\d)_block/),
  };
}

const smallest = densenetOf(121, [6, 12, 24, 16], { words: "few weights, much memory", megabytes: 28 }, [
  "9d60b8095a5708f2dcce2bca79d332c7",
  "30ee3e1110167f948a6b9946edeeb738",
]);
const middle = densenetOf(169, [6, 12, 32, 32], { words: "larger than DenseNet121", megabytes: 51 }, [
  "d699b8f76981ab1b30698df4c175e90b",
  "b8c4d4c20dd625c148057b9ff1c1176b",
]);
const largest = densenetOf(201, [6, 12, 48, 32], { words: "larger than DenseNet169", megabytes: 73 }, [
  "1ceb130c1ea1b78c3bf6114dbdfd8807",
  "c13680b51ded0fb44dff2d8f86ac8bb1",
]);

/** DenseNet with 121 layers. @see https://arxiv.org/abs/1608.06993 and https://keras.io/api/applications/densenet/ */
export const DenseNet121 = application(smallest);

/** DenseNet with 169 layers: {@link DenseNet121}. */
export const DenseNet169 = application(middle);

/** DenseNet with 201 layers: {@link DenseNet121}. */
export const DenseNet201 = application(largest);

/** Keras's module: the networks, their preprocessing, and the names of their classes. */
export const densenet = {
  ...{ DenseNet121, DenseNet169, DenseNet201 },
  ...{ preprocessInput: preprocessInput("torch"), decodePredictions },
} as const;

/** As networks to be grafted onto. */
export const densenetNetworks = [smallest, middle, largest].map((one) => networkOf(one));

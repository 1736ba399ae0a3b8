import { Activation, Add, BatchNormalization, Conv2D, MaxPooling2D, SeparableConv2D } from "../nn/layers/index.js";
import type { SymbolicTensor } from "../nn/symbolic-tensor.js";
import { application, networkOf } from "./application.js";
import type { Architecture } from "./architecture.js";
import { decodePredictions } from "./decode-predictions.js";
import { kerasFiles } from "./keras-files.js";
import { preprocessInput } from "./preprocess.js";
import { stagesNamed } from "./stages.js";

function relu(x: SymbolicTensor, name: string): SymbolicTensor {
  return new Activation("relu", { name: `${name}_act` }).apply(x);
}

/** A convolution and its normalization. */
function conv(x: SymbolicTensor, filters: number, strides: number, name: string): SymbolicTensor {
  const seen = new Conv2D(filters, 3, { strides, useBias: false, name }).apply(x);
  return new BatchNormalization({ name: `${name}_bn` }).apply(seen);
}

/** A convolution that looks at places and at channels one after the other, and its normalization. */
function separable(x: SymbolicTensor, filters: number, name: string): SymbolicTensor {
  const seen = new SeparableConv2D(filters, 3, { padding: "same", useBias: false, name }).apply(x);
  return new BatchNormalization({ name: `${name}_bn` }).apply(seen);
}

/** A shortcut that halves the picture, too. */
function halved(x: SymbolicTensor, filters: number): SymbolicTensor {
  const seen = new Conv2D(filters, 1, { strides: 2, padding: "same", useBias: false }).apply(x);
  return new BatchNormalization().apply(seen);
}

/**
 * Two separable convolutions that end at half of the size, added to a shortcut.
 *
 * @param filters of each
 */
function halving(x: SymbolicTensor, filters: readonly [number, number], name: string): SymbolicTensor {
  const [first, second] = filters;
  const shortcut = halved(x, second);
  // What the first of these blocks sees has been through an activation.
  const active = name === "block2" ? x : relu(x, `${name}_sepconv1`);
  const one = separable(active, first, `${name}_sepconv1`);
  const two = separable(relu(one, `${name}_sepconv2`), second, `${name}_sepconv2`);
  const pooled = new MaxPooling2D(3, { strides: 2, padding: "same", name: `${name}_pool` }).apply(two);
  return new Add().apply([pooled, shortcut]);
}

/** Three separable convolutions, added to what came in. */
function residual(x: SymbolicTensor, name: string): SymbolicTensor {
  const sum = [1, 2, 3].reduce((seen, number) => {
    const layer = `${name}_sepconv${number}`;
    return separable(relu(seen, layer), 728, layer);
  }, x);
  return new Add().apply([sum, x]);
}

/** Entry flow, middle flow and exit flow of the paper. */
function features(x: SymbolicTensor): SymbolicTensor {
  x = relu(conv(x, 32, 2, "block1_conv1"), "block1_conv1");
  x = relu(conv(x, 64, 1, "block1_conv2"), "block1_conv2");
  x = halving(x, [128, 128], "block2");
  x = halving(x, [256, 256], "block3");
  x = halving(x, [728, 728], "block4");
  for (let block = 5; block <= 12; block++) x = residual(x, `block${block}`);
  x = halving(x, [728, 1024], "block13");
  x = relu(separable(x, 1536, "block14_sepconv1"), "block14_sepconv1");
  return relu(separable(x, 2048, "block14_sepconv2"), "block14_sepconv2");
}

const architecture: Architecture = {
  ...{ className: "Xception", name: "xception", module: "xception", words: "strong for its size", megabytes: 83 },
  imageSizes: [299],
  smallestSide: 71,
  preprocess: "tf",
  own: {},
  features,
  licence: "MIT",
  published: kerasFiles("xception/xception_weights_tf_dim_ordering_tf_kernels", {
    top: { hash: "0a58e3b7378bc2990ea3b43d5981f1f6" },
    noTop: { hash: "b0042744bf5b25fce3cb969f33bebb97" },
  }),
  // The exit flow halves the picture in its first block, and the middle flow sees it at one size.
  stages: stagesNamed(/^(block(?:1|2|3|4|5|13)_)/),
};

/** Xception. @see https://arxiv.org/abs/1610.02357 and https://keras.io/api/applications/xception/ */
export const Xception = application(architecture);

/** Keras's module: the network, its preprocessing, and the names of its classes. */
export const xception = { Xception, preprocessInput: preprocessInput("tf"), decodePredictions } as const;

/** As a network to be grafted onto. */
export const xceptionNetwork = networkOf(architecture);

import { Concatenate } from "../nn/layers/index.js";
import type { SymbolicTensor } from "../nn/symbolic-tensor.js";
import { application, networkOf } from "./application.js";
import type { Architecture } from "./architecture.js";
import { decodePredictions } from "./decode-predictions.js";
import { conv, convs, maxBranch, meanBranch, stem } from "./inception-blocks.js";
import { kerasFiles } from "./keras-files.js";
import { preprocessInput } from "./preprocess.js";
import { stagesAfter } from "./stages.js";

function join(branches: readonly SymbolicTensor[], name?: string): SymbolicTensor {
  return new Concatenate({ name }).apply(branches);
}

const halving = { strides: 2, padding: "valid" } as const;

/** At 35 pixels: 1×1, 5×5, twice 3×3, and means. */
function blockA(x: SymbolicTensor, pooled: number, name: string): SymbolicTensor {
  const one = conv(x, 64, 1);
  const five = convs(x, [48, 1], [64, 5]);
  const three = convs(x, [64, 1], [96, 3], [96, 3]);
  return join([one, five, three, meanBranch(x, pooled)], name);
}

/** From 35 to 17 pixels. */
function reductionA(x: SymbolicTensor, name: string): SymbolicTensor {
  const three = conv(x, 384, 3, halving);
  const twice = convs(x, [64, 1], [96, 3], [96, 3, halving]);
  return join([three, twice, maxBranch(x)], name);
}

/**
 * At 17 pixels: 7×7 as rows and columns.
 *
 * @param inner channels inside of the branches
 */
function blockB(x: SymbolicTensor, inner: number, name: string): SymbolicTensor {
  const one = conv(x, 192, 1);
  const seven = convs(x, [inner, 1], [inner, [1, 7]], [192, [7, 1]]);
  const twice = convs(x, [inner, 1], [inner, [7, 1]], [inner, [1, 7]], [inner, [7, 1]], [192, [1, 7]]);
  return join([one, seven, twice, meanBranch(x, 192)], name);
}

/** From 17 to 8 pixels. */
function reductionB(x: SymbolicTensor, name: string): SymbolicTensor {
  const three = convs(x, [192, 1], [320, 3, halving]);
  const seven = convs(x, [192, 1], [192, [1, 7]], [192, [7, 1]], [192, 3, halving]);
  return join([three, seven, maxBranch(x)], name);
}

/** A row and a column side by side. */
function crossed(x: SymbolicTensor, name?: string): SymbolicTensor {
  return join([conv(x, 384, [1, 3]), conv(x, 384, [3, 1])], name);
}

/** At 8 pixels: branches that fork. */
function blockC(x: SymbolicTensor, index: number): SymbolicTensor {
  const one = conv(x, 320, 1);
  const three = crossed(conv(x, 384, 1), `mixed9_${index}`);
  const twice = crossed(convs(x, [448, 1], [384, 3]));
  return join([one, three, twice, meanBranch(x, 192)], `mixed${9 + index}`);
}

function features(x: SymbolicTensor): SymbolicTensor {
  x = stem(x);
  [32, 64, 64].forEach((pooled, index) => (x = blockA(x, pooled, `mixed${index}`)));
  x = reductionA(x, "mixed3");
  [128, 160, 160, 192].forEach((inner, index) => (x = blockB(x, inner, `mixed${index + 4}`)));
  x = reductionB(x, "mixed8");
  return blockC(blockC(x, 0), 1);
}

const architecture: Architecture = {
  ...{ className: "InceptionV3", name: "inception_v3", module: "inceptionV3" },
  ...{ words: "branches of several sizes side by side", megabytes: 87 },
  imageSizes: [299],
  smallestSide: 75,
  preprocess: "tf",
  own: {},
  features,
  licence: "Apache-2.0",
  published: kerasFiles("inception_v3/inception_v3_weights_tf_dim_ordering_tf_kernels", {
    top: { hash: "9a0d58056eeedaa3f26cb7ebd46da564" },
    noTop: { hash: "bcbd6486424b2319ff4ef7d526e38f63" },
  }),
  stages: stagesAfter("mixed2", "mixed7"),
};

/** InceptionV3. @see https://arxiv.org/abs/1512.00567 and https://keras.io/api/applications/inceptionv3/ */
export const InceptionV3 = application(architecture);

/** Keras's module: the network, its preprocessing, and the names of its classes. */
export const inceptionV3 = { InceptionV3, preprocessInput: preprocessInput("tf"), decodePredictions } as const;

/** As a network to be grafted onto. */
export const inceptionV3Network = networkOf(architecture);

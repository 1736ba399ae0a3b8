import { Activation, Concatenate, Conv2D, CustomScaleLayer } from "../nn/layers/index.js";
import type { SymbolicTensor } from "../nn/symbolic-tensor.js";
import { application, networkOf } from "./application.js";
import type { Architecture } from "./architecture.js";
import { decodePredictions } from "./decode-predictions.js";
import { conv, convs, maxBranch, meanBranch, stem } from "./inception-blocks.js";
import { kerasFiles } from "./keras-files.js";
import { preprocessInput } from "./preprocess.js";
import { stagesAfter } from "./stages.js";

function join(branches: readonly SymbolicTensor[], name: string): SymbolicTensor {
  return new Concatenate({ name }).apply(branches);
}

const halving = { strides: 2, padding: "valid" } as const;

/** The branches of the blocks at 35, 17 and 8 pixels. */
const branches = {
  block35: (x: SymbolicTensor) => [conv(x, 32, 1), convs(x, [32, 1], [32, 3]), convs(x, [32, 1], [48, 3], [64, 3])],
  block17: (x: SymbolicTensor) => [conv(x, 192, 1), convs(x, [128, 1], [160, [1, 7]], [192, [7, 1]])],
  block8: (x: SymbolicTensor) => [conv(x, 192, 1), convs(x, [192, 1], [224, [1, 3]], [256, [3, 1]])],
} as const;

/** A block: its branches, brought to the channels of what came in, and a part of that added to it. */
function residual(
  x: SymbolicTensor,
  kind: keyof typeof branches,
  index: number,
  { scale, active = true }: { readonly scale: number; readonly active?: boolean },
): SymbolicTensor {
  const name = `${kind}_${index}`;
  const mixed = join(branches[kind](x), `${name}_mixed`);
  const up = new Conv2D(Number(x.shape.at(-1)), 1, { padding: "same", name: `${name}_conv` }).apply(mixed);
  const sum = new CustomScaleLayer(scale).apply([x, up]);
  return active ? new Activation("relu", { name: `${name}_ac` }).apply(sum) : sum;
}

/** The first block at 35 pixels. */
function mixed5(x: SymbolicTensor): SymbolicTensor {
  const one = conv(x, 96, 1);
  const five = convs(x, [48, 1], [64, 5]);
  const three = convs(x, [64, 1], [96, 3], [96, 3]);
  return join([one, five, three, meanBranch(x, 64)], "mixed_5b");
}

/** From 35 to 17 pixels. */
function mixed6(x: SymbolicTensor): SymbolicTensor {
  const three = conv(x, 384, 3, halving);
  const twice = convs(x, [256, 1], [256, 3], [384, 3, halving]);
  return join([three, twice, maxBranch(x)], "mixed_6a");
}

/** From 17 to 8 pixels. */
function mixed7(x: SymbolicTensor): SymbolicTensor {
  const wide = convs(x, [256, 1], [384, 3, halving]);
  const narrow = convs(x, [256, 1], [288, 3, halving]);
  const twice = convs(x, [256, 1], [288, 3], [320, 3, halving]);
  return join([wide, narrow, twice, maxBranch(x)], "mixed_7a");
}

function features(x: SymbolicTensor): SymbolicTensor {
  x = mixed5(stem(x));
  for (let index = 1; index <= 10; index++) x = residual(x, "block35", index, { scale: 0.17 });
  x = mixed6(x);
  for (let index = 1; index <= 20; index++) x = residual(x, "block17", index, { scale: 0.1 });
  x = mixed7(x);
  for (let index = 1; index <= 9; index++) x = residual(x, "block8", index, { scale: 0.2 });
  x = residual(x, "block8", 10, { scale: 1, active: false });
  return conv(x, 1536, 1, { name: "conv_7b" });
}

const architecture: Architecture = {
  ...{ className: "InceptionResNetV2", name: "inception_resnet_v2", module: "inceptionResnetV2" },
  ...{ words: "Inception with shortcuts, deep and slow", megabytes: 217 },
  imageSizes: [299],
  smallestSide: 75,
  preprocess: "tf",
  own: {},
  features,
  licence: "Apache-2.0",
  published: kerasFiles("inception_resnet_v2/inception_resnet_v2_weights_tf_dim_ordering_tf_kernels", {
    top: { hash: "e693bd0210a403b3192acc6073ad2e96" },
    noTop: { hash: "d19885ff4a710c122648d3b5c3b684e4" },
  }),
  stages: stagesAfter("block35_10_ac", "block17_20_ac"),
};

/** Inception with shortcuts. @see https://arxiv.org/abs/1602.07261 and https://keras.io/api/applications/inceptionresnetv2/ */
export const InceptionResNetV2 = application(architecture);

/** Keras's module: the network, its preprocessing, and the names of its classes. */
export const inceptionResnetV2 = {
  ...{ InceptionResNetV2, preprocessInput: preprocessInput("tf"), decodePredictions },
} as const;

/** As a network to be grafted onto. */
export const inceptionResnetV2Network = networkOf(architecture);

import { Activation, Add, BatchNormalization, Conv2D, MaxPooling2D, ZeroPadding2D } from "../nn/layers/index.js";
import type { SymbolicTensor } from "../nn/symbolic-tensor.js";
import { application, networkOf } from "./application.js";
import type { Architecture } from "./architecture.js";
import { decodePredictions } from "./decode-predictions.js";
import { kerasFiles } from "./keras-files.js";
import { preprocessInput } from "./preprocess.js";
import { stagesNamed } from "./stages.js";
import { namedPool } from "./tops.js";

function norm(x: SymbolicTensor, name: string): SymbolicTensor {
  return new BatchNormalization({ epsilon: 1.001e-5, name }).apply(x);
}

function normRelu(x: SymbolicTensor, name: string): SymbolicTensor {
  return new Activation("relu", { name: `${name}_relu` }).apply(norm(x, `${name}_bn`));
}

/** What a block is told. */
interface Block {
  readonly name: string;
  /** Channels inside; four times as many come out. */
  readonly filters: number;
  readonly stride: number;
  /** Whether the shortcut is a convolution, because other channels come in than go out. */
  readonly projects: boolean;
}

type BlockOf = (x: SymbolicTensor, block: Block) => SymbolicTensor;

/** 1×1, 3×3 and 1×1 convolution, each with normalization, added to what came in. */
const bottleneck: BlockOf = (x, { name, filters, stride, projects }) => {
  const conv = (number: number, channels: number, kernel: number, strides: number, from: SymbolicTensor) =>
    new Conv2D(channels, kernel, {
      ...{ strides, padding: kernel === 1 ? "valid" : "same" },
      name: `${name}_${number}_conv`,
    }).apply(from);
  const shortcut = projects ? norm(conv(0, 4 * filters, 1, stride, x), `${name}_0_bn`) : x;
  const narrow = normRelu(conv(1, filters, 1, stride, x), `${name}_1`);
  const seen = normRelu(conv(2, filters, 3, 1, narrow), `${name}_2`);
  const wide = norm(conv(3, 4 * filters, 1, 1, seen), `${name}_3_bn`);
  const sum = new Add({ name: `${name}_add` }).apply([shortcut, wide]);
  return new Activation("relu", { name: `${name}_out` }).apply(sum);
};

/** The same with normalization before each convolution, so that nothing stands in the way of what is added up. */
const preactivated: BlockOf = (x, { name, filters, stride, projects }) => {
  const first = normRelu(x, `${name}_preact`);
  const halved = stride > 1 ? new MaxPooling2D(1, { strides: stride }).apply(x) : x;
  const shortcut = projects ? new Conv2D(4 * filters, 1, { name: `${name}_0_conv` }).apply(first) : halved;
  const narrow = new Conv2D(filters, 1, { useBias: false, name: `${name}_1_conv` }).apply(first);
  const framed = new ZeroPadding2D(1, { name: `${name}_2_pad` }).apply(normRelu(narrow, `${name}_1`));
  const seen = new Conv2D(filters, 3, { strides: stride, useBias: false, name: `${name}_2_conv` }).apply(framed);
  const wide = new Conv2D(4 * filters, 1, { name: `${name}_3_conv` }).apply(normRelu(seen, `${name}_2`));
  return new Add({ name: `${name}_out` }).apply([shortcut, wide]);
};

/** What both versions begin with: the picture at a quarter of its size. */
function stem(x: SymbolicTensor, isNormed: boolean): SymbolicTensor {
  const framed = new ZeroPadding2D(3, { name: "conv1_pad" }).apply(x);
  const seen = new Conv2D(64, 7, { strides: 2, name: "conv1_conv" }).apply(framed);
  const active = isNormed ? normRelu(seen, "conv1") : seen;
  return new MaxPooling2D(3, { strides: 2, name: "pool1_pool" }).apply(
    new ZeroPadding2D(1, { name: "pool1_pad" }).apply(active),
  );
}

/**
 * Four stages, `conv2` to `conv5`, each with twice the channels of the one before.
 *
 * @param blocks of each stage
 * @param strideOf of a block of a stage, both counted from 0
 */
function stages(
  x: SymbolicTensor,
  blocks: readonly number[],
  block: BlockOf,
  strideOf: (stage: number, index: number) => number,
): SymbolicTensor {
  blocks.forEach((count, stage) => {
    for (let index = 0; index < count; index++) {
      const name = `conv${stage + 2}_block${index + 1}`;
      x = block(x, { name, filters: 64 * 2 ** stage, stride: strideOf(stage, index), projects: index === 0 });
    }
  });
  return x;
}

/** Stages halve the picture in their first block. */
function features(x: SymbolicTensor, blocks: readonly number[]): SymbolicTensor {
  return stages(stem(x, true), blocks, bottleneck, (stage, index) => (stage > 0 && index === 0 ? 2 : 1));
}

/** Stages halve it in their last block, except for the last. */
function featuresV2(x: SymbolicTensor, blocks: readonly number[]): SymbolicTensor {
  const isHalving = (stage: number, index: number): boolean => stage < 3 && index + 1 === blocks[stage];
  const map = stages(stem(x, false), blocks, preactivated, (...place) => (isHalving(...place) ? 2 : 1));
  return normRelu(map, "post");
}

/** What all have in common. */
const family = {
  imageSizes: [224],
  smallestSide: 32,
  own: {},
  ending: namedPool,
  stages: stagesNamed(/^(conv\d)_block/),
} as const satisfies Partial<Architecture>;

/** What sets one of them apart. */
interface Size {
  readonly depth: number;
  /** Of each stage. */
  readonly blocks: readonly number[];
  readonly words: string;
  readonly megabytes: number;
  /** Keras's of its file with the top, and without. */
  readonly hashes: readonly [top: string, noTop: string];
}

function resnetOf({ depth, blocks, words, megabytes, hashes: [top, noTop] }: Size): Architecture {
  const name = `resnet${depth}`;
  return {
    ...family,
    ...{ className: `ResNet${depth}`, name, module: "resnet" },
    preprocess: "caffe",
    ...{ licence: "MIT", words, megabytes },
    features: (x) => features(x, blocks),
    published: files(name, top, noTop),
  };
}

function resnetOfV2({ depth, blocks, words, megabytes, hashes: [top, noTop] }: Size): Architecture {
  const name = `resnet${depth}v2`;
  return {
    ...family,
    ...{ className: `ResNet${depth}V2`, name, module: "resnetV2" },
    preprocess: "tf",
    // Keras does not say where these weights come from.
    ...{ licence: "unknown", words, megabytes },
    features: (x) => featuresV2(x, blocks),
    published: files(name, top, noTop),
  };
}

function files(name: string, top: string, noTop: string): Architecture["published"] {
  const stem = `resnet/${name}_weights_tf_dim_ordering_tf_kernels`;
  return kerasFiles(stem, { top: { hash: top }, noTop: { hash: noTop } });
}

const blocksOf50 = [3, 4, 6, 3];
const blocksOf101 = [3, 4, 23, 3];
const blocksOf152 = [3, 8, 36, 3];

const fifty = resnetOf({
  ...{ depth: 50, blocks: blocksOf50, words: "the one that others are compared with", megabytes: 94 },
  hashes: ["2cb95161c43110f7111970584f804107", "4d473c1dd8becc155b73f8504c6f6626"],
});
const hundred = resnetOf({
  ...{ depth: 101, blocks: blocksOf101, words: "twice as deep as ResNet50", megabytes: 171 },
  hashes: ["f1aeb4b969a6efcfb50fad2f0c20cfc5", "88cf7a10940856eca736dc7b7e228a21"],
});
const most = resnetOf({
  ...{ depth: 152, blocks: blocksOf152, words: "three times as deep as ResNet50", megabytes: 233 },
  hashes: ["100835be76be38e30d865e96f2aaae62", "ee4c566cf9a93f14d82f913c2dc6dd0c"],
});
const fiftyV2 = resnetOfV2({
  ...{ depth: 50, blocks: blocksOf50, words: "ResNet50 with normalization first", megabytes: 94 },
  hashes: ["3ef43a0b657b3be2300d5770ece849e0", "fac2f116257151a9d068a22e544a4917"],
});
const hundredV2 = resnetOfV2({
  ...{ depth: 101, blocks: blocksOf101, words: "twice as deep as ResNet50V2", megabytes: 171 },
  hashes: ["6343647c601c52e1368623803854d971", "c0ed64b8031c3730f411d2eb4eea35b5"],
});
const mostV2 = resnetOfV2({
  ...{ depth: 152, blocks: blocksOf152, words: "three times as deep as ResNet50V2", megabytes: 233 },
  hashes: ["a49b44d1979771252814e80f8ec446f9", "ed17cf2e0169df9d443503ef94b23b33"],
});

/** ResNet with 50 layers. @see https://arxiv.org/abs/1512.03385 and https://keras.io/api/applications/resnet/ */
export const ResNet50 = application(fifty);

/** ResNet with 101 layers: {@link ResNet50}. */
export const ResNet101 = application(hundred);

/** ResNet with 152 layers: {@link ResNet50}. */
export const ResNet152 = application(most);

/**
 * ResNet's second version with 50 layers.
 *
 * @see https://arxiv.org/abs/1603.05027 and https://keras.io/api/applications/resnet/
 */
export const ResNet50V2 = application(fiftyV2);

/** ResNet's second version with 101 layers: {@link ResNet50V2}. */
export const ResNet101V2 = application(hundredV2);

/** ResNet's second version with 152 layers: {@link ResNet50V2}. */
export const ResNet152V2 = application(mostV2);

const common = { preprocessInput: preprocessInput("caffe"), decodePredictions } as const;

/** Keras's module: the networks, their preprocessing, and the names of their classes. */
export const resnet = { ResNet50, ResNet101, ResNet152, ...common } as const;

/** Keras's older module, with the smallest alone. */
export const resnet50 = { ResNet50, ...common } as const;

/** Keras's module of the second version. */
export const resnetV2 = {
  ...{ ResNet50V2, ResNet101V2, ResNet152V2 },
  ...{ preprocessInput: preprocessInput("tf"), decodePredictions },
} as const;

/** As networks to be grafted onto. */
export const resnetNetworks = [fifty, hundred, most, fiftyV2, hundredV2, mostV2].map((one) => networkOf(one));

import { refuse } from "../errors/check.js";
import {
  Activation,
  Add,
  AveragePooling2D,
  BatchNormalization,
  Concatenate,
  Conv2D,
  Cropping2D,
  GlobalAveragePooling2D,
  MaxPooling2D,
  SeparableConv2D,
  ZeroPadding2D,
} from "../nn/layers/index.js";
import type { SymbolicTensor } from "../nn/symbolic-tensor.js";
import { application, networkOf } from "./application.js";
import type { Architecture } from "./architecture.js";
import { correctPad } from "./correct-pad.js";
import { decodePredictions } from "./decode-predictions.js";
import { kerasFile } from "./keras-files.js";
import { preprocessInput } from "./preprocess.js";
import { stagesAfter } from "./stages.js";
import { predictions } from "./tops.js";

function relu(x: SymbolicTensor, name?: string): SymbolicTensor {
  return new Activation("relu", { name }).apply(x);
}

function norm(x: SymbolicTensor, name: string): SymbolicTensor {
  return new BatchNormalization({ momentum: 0.9997, epsilon: 1e-3, name }).apply(x);
}

/** A 1×1 convolution. */
function squeeze(x: SymbolicTensor, filters: number, name: string): SymbolicTensor {
  const options = { padding: "same", useBias: false, kernelInitializer: "he_normal", name };
  return new Conv2D(filters, 1, options).apply(x);
}

/** A separable convolution, twice, of which the first may halve the picture. */
function separable(
  x: SymbolicTensor,
  filters: number,
  kernel: number,
  name: string,
  strides: 1 | 2 = 1,
): SymbolicTensor {
  const active = relu(x);
  const padded = strides === 2 ? correctPad(active, kernel, `separable_conv_1_pad_${name}`) : active;
  const first = new SeparableConv2D(filters, kernel, {
    ...{ strides, padding: strides === 2 ? "valid" : "same", useBias: false },
    name: `separable_conv_1_${name}`,
  }).apply(padded);
  const between = relu(norm(first, `separable_conv_1_bn_${name}`));
  const options = { padding: "same", useBias: false, name: `separable_conv_2_${name}` };
  const second = new SeparableConv2D(filters, kernel, options).apply(between);
  return norm(second, `separable_conv_2_bn_${name}`);
}

function sum(a: SymbolicTensor, b: SymbolicTensor, name?: string): SymbolicTensor {
  return new Add({ name }).apply([a, b]);
}

const sideOf = (x: SymbolicTensor) => x.shape[2];
const channelsOf = (x: SymbolicTensor) => x.shape[3];

/** What the cell before the last one gave, brought to size and channels of what the last one gave. */
function adjusted(before: SymbolicTensor | undefined, x: SymbolicTensor, filters: number, id: string): SymbolicTensor {
  if (before === undefined) return x;
  if (sideOf(before) !== sideOf(x)) {
    const active = relu(before, `adjust_relu_1_${id}`);
    // Every second pixel, once from the first and once from the second on.
    const even = new AveragePooling2D(1, { strides: 2, name: `adjust_avg_pool_1_${id}` }).apply(active);
    const one = squeeze(even, filters / 2, `adjust_conv_1_${id}`);
    const framed = new ZeroPadding2D([
      [0, 1],
      [0, 1],
    ]).apply(active);
    const moved = new Cropping2D([
      [1, 0],
      [1, 0],
    ]).apply(framed);
    const odd = new AveragePooling2D(1, { strides: 2, name: `adjust_avg_pool_2_${id}` }).apply(moved);
    const two = squeeze(odd, filters / 2, `adjust_conv_2_${id}`);
    return norm(new Concatenate().apply([one, two]), `adjust_bn_${id}`);
  }
  if (channelsOf(before) === filters) return before;
  return norm(squeeze(relu(before), filters, `adjust_conv_projection_${id}`), `adjust_bn_${id}`);
}

/** What the last cell gave, and what the one before it gave. */
interface Cells {
  readonly x: SymbolicTensor;
  readonly before: SymbolicTensor | undefined;
}

type Cell = (cells: Cells, filters: number, id: string) => Cells;

/** Five sums of two branches each, all put together. */
const normalCell: Cell = ({ x, before }, filters, id) => {
  const p = adjusted(before, x, filters, id);
  const h = norm(squeeze(relu(x), filters, `normal_conv_1_${id}`), `normal_bn_1_${id}`);
  const branch = (from: SymbolicTensor, kernel: number, side: string): SymbolicTensor =>
    separable(from, filters, kernel, `normal_${side}_${id}`);
  const mean = (from: SymbolicTensor, side: string): SymbolicTensor =>
    new AveragePooling2D(3, { strides: 1, padding: "same", name: `normal_${side}_${id}` }).apply(from);
  const sums = [
    sum(branch(h, 5, "left1"), branch(p, 3, "right1"), `normal_add_1_${id}`),
    sum(branch(p, 5, "left2"), branch(p, 3, "right2"), `normal_add_2_${id}`),
    sum(mean(h, "left3"), p, `normal_add_3_${id}`),
    sum(mean(p, "left4"), mean(p, "right4"), `normal_add_4_${id}`),
    sum(branch(h, 3, "left5"), h, `normal_add_5_${id}`),
  ];
  return { x: new Concatenate({ name: `normal_concat_${id}` }).apply([p, ...sums]), before: x };
};

/** The same at half of the size. */
const reductionCell: Cell = ({ x, before }, filters, id) => {
  const p = adjusted(before, x, filters, id);
  const h = norm(squeeze(relu(x), filters, `reduction_conv_1_${id}`), `reduction_bn_1_${id}`);
  const padded = correctPad(h, 3, `reduction_pad_1_${id}`);
  const branch = (from: SymbolicTensor, kernel: number, side: string): SymbolicTensor =>
    separable(from, filters, kernel, `reduction_${side}_${id}`, 2);
  const halving = (side: string) => ({ strides: 2, name: `reduction_${side}_${id}` });
  const first = sum(branch(h, 5, "left1"), branch(p, 7, "right1"), `reduction_add_1_${id}`);
  const second = sum(
    new MaxPooling2D(3, halving("left2")).apply(padded),
    branch(p, 7, "right2"),
    `reduction_add_2_${id}`,
  );
  const third = sum(
    new AveragePooling2D(3, halving("left3")).apply(padded),
    branch(p, 5, "right3"),
    `reduction_add3_${id}`,
  );
  const around = { strides: 1, padding: "same", name: `reduction_left4_${id}` };
  const fourth = sum(second, new AveragePooling2D(3, around).apply(first));
  const again = separable(first, filters, 3, `reduction_left4_${id}`);
  const fifth = sum(again, new MaxPooling2D(3, halving("right5")).apply(padded), `reduction_add4_${id}`);
  const all = [second, third, fourth, fifth];
  return { x: new Concatenate({ name: `reduction_concat_${id}` }).apply(all), before: x };
};

/** What sets the two apart. */
interface Size {
  /** Channels of the stem. */
  readonly stem: number;
  /** Channels inside of the cells of the first stage. */
  readonly filters: number;
  /** Normal cells of each stage. */
  readonly cells: number;
  /** Whether the cell behind a reduction sees what came before the reduction, rather than what went into it. */
  readonly skips: boolean;
}

/** Two reductions, then three stages of normal cells with a reduction between them. */
function features(photos: SymbolicTensor, { stem, filters, cells, skips }: Size): SymbolicTensor {
  const options = { strides: 2, useBias: false, kernelInitializer: "he_normal", name: "stem_conv1" };
  const first = norm(new Conv2D(stem, 3, options).apply(photos), "stem_bn1");
  let at = reductionCell({ x: first, before: undefined }, filters / 4, "stem_1");
  at = reductionCell(at, filters / 2, "stem_2");
  for (let stage = 0; stage < 3; stage++) {
    const channels = filters * 2 ** stage;
    if (stage > 0) {
      const reduced = reductionCell(at, channels, `reduce_${stage * cells}`);
      at = { x: reduced.x, before: skips ? at.before : reduced.before };
    }
    // Reductions count as cells.
    for (let cell = 0; cell < cells; cell++)
      at = normalCell(at, channels, String(stage * cells + cell + Math.min(stage, 1)));
  }
  return relu(at.x);
}

function nasnetOf(
  facts: Pick<Architecture, "className" | "name" | "words" | "megabytes"> & { readonly imageSize: number },
  size: Size,
  published: Architecture["published"],
): Architecture {
  const { className, name, words, megabytes, imageSize } = facts;
  // The last cell of a stage: see the numbers above.
  const ends = [size.cells - 1, 2 * size.cells];
  return {
    ...{ className, name, module: "nasnet", words, megabytes, licence: "Apache-2.0" },
    imageSizes: [imageSize],
    smallestSide: 32,
    fixedSize: true,
    preprocess: "tf",
    own: {},
    check({ shape }) {
      // Which cells are brought to the size of others, their sizes say.
      if (shape.includes(null)) refuse(className, "inputShape", "sides that are numbers", shape);
    },
    features: (x) => features(x, size),
    top: (x, plan) => predictions(new GlobalAveragePooling2D().apply(x), plan),
    published,
    stages: stagesAfter(...ends.map((cell) => `normal_concat_${cell}`)),
  };
}

const mobile = nasnetOf(
  { className: "NASNetMobile", name: "nasnet_mobile", words: "found by search, small", megabytes: 17, imageSize: 224 },
  { stem: 32, filters: 44, cells: 4, skips: false },
  ({ includeTop }) =>
    includeTop
      ? kerasFile("nasnet/NASNet-mobile.h5", { hash: "020fb642bf7360b370c678b08e0adf61", file: "nasnet_mobile.h5" })
      : kerasFile("nasnet/NASNet-mobile-no-top.h5", {
          hash: "1ed92395b5b598bdda52abe5c0dbfd63",
          file: "nasnet_mobile_no_top.h5",
        }),
);

const large = nasnetOf(
  {
    className: "NASNetLarge",
    name: "nasnet_large",
    words: "found by search, very slow",
    megabytes: 340,
    imageSize: 331,
  },
  { stem: 96, filters: 168, cells: 6, skips: true },
  ({ includeTop }) =>
    includeTop
      ? kerasFile("nasnet/NASNet-large.h5", { hash: "11577c9a518f0070763c2b964a382f17", file: "nasnet_large.h5" })
      : kerasFile("nasnet/NASNet-large-no-top.h5", {
          hash: "d81d89dc07e6e56530c4e77faddd61b5",
          file: "nasnet_large_no_top.h5",
        }),
);

/** NASNet for small computers. @see https://arxiv.org/abs/1707.07012 and https://keras.io/api/applications/nasnet/ */
export const NASNetMobile = application(mobile);

/** The large NASNet: {@link NASNetMobile}. */
export const NASNetLarge = application(large);

/** Keras's module: the networks, their preprocessing, and the names of their classes. */
export const nasnet = {
  ...{ NASNetMobile, NASNetLarge },
  ...{ preprocessInput: preprocessInput("tf"), decodePredictions },
} as const;

/** As networks to be grafted onto. */
export const nasnetNetworks = [mobile, large].map((one) => networkOf(one));

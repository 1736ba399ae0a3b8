import * as tf from "@tensorflow/tfjs";
// Puts the engine in place.
import "graft-ml";
import { beforeAll, describe, expect, test } from "vitest";
import { runGraph } from "../../../test/support/nn-graph.js";
import { constant, input, type Value } from "../../graph/value.js";
import { float32, int64 } from "../../onnx/tensor-data.js";
import {
  elu,
  gelu,
  hardSigmoid,
  hardSwish,
  leakyRelu,
  prelu,
  relu,
  sigmoid,
  softplus,
  softsign,
  tanh,
} from "../../ops/activations.js";
import { conv } from "../../ops/convolution.js";
import { add, clip, div, erf, max, mul, neg, sqrt, sub } from "../../ops/elementwise.js";
import { gather } from "../../ops/indexing.js";
import { concat, split } from "../../ops/joining.js";
import { flatten, transpose } from "../../ops/layout.js";
import { gemm, matmul } from "../../ops/matmul.js";
import { batchNormalization, layerNormalization } from "../../ops/normalization.js";
import { averagePool, globalAveragePool, globalMaxPool, maxPool } from "../../ops/pooling.js";
import { reduceMean, reduceSumSquare } from "../../ops/reduction.js";
import { resize, resizeOp } from "../../ops/resampling.js";
import { reshape } from "../../ops/reshape.js";
import { pad, padOp, slice } from "../../ops/slicing.js";
import { softmax } from "../../ops/softmax.js";
import { Generator } from "../../random/generator.js";
import { toTensor } from "../../runtime/runtime.js";
import { modelOfLayers } from "../keras/model-of-layers.js";
import { writeLayersModel } from "../tfjs/write-layers-model.js";
import type { LayerGraph } from "./layer-spec.js";
import { layersOfGraph } from "./layers-of-graph.js";

const side = 9;
let random = new Generator(0);
/** Weights, drawn anew for each graph. */
function weights(...dims: number[]): Value {
  const size = dims.reduce((product, extent) => product * extent, 1);
  return constant(
    float32(
      Array.from({ length: size }, () => random.uniform(-0.7, 0.7)),
      dims,
    ),
  );
}
const positive = (...dims: number[]): Value => {
  const size = dims.reduce((product, extent) => product * extent, 1);
  return constant(
    float32(
      Array.from({ length: size }, () => random.uniform(0.5, 1.5)),
      dims,
    ),
  );
};
const number = (value: number): Value => constant(float32([value], []));
const pooled = (x: Value): Value => flatten(globalAveragePool(x));

/** As `UnitNormalization` does it. */
const unit = (x: Value): Value => div(x, sqrt(max([reduceSumSquare(x, [1]), number(1e-24)])));

/** Networks on pictures `[N, 3, 9, 9]`, each for a rule or two. */
const graphs: Readonly<Record<string, (x: Value) => Value>> = {
  "a convolution with the margins of same": (x) =>
    pooled(conv(x, weights(4, 3, 3, 3), weights(4), { pads: [1, 1, 1, 1] })),
  "margins on all sides and steps of two": (x) =>
    pooled(conv(x, weights(4, 3, 3, 3), undefined, { pads: [1, 1, 1, 1], strides: [2, 2] })),
  "margins of other sizes": (x) => pooled(conv(x, weights(4, 3, 2, 3), weights(4), { pads: [0, 2, 1, 0] })),
  "a convolution with gaps": (x) => pooled(conv(x, weights(4, 3, 3, 3), weights(4), { dilations: [2, 2] })),
  "a depthwise convolution of several channels each": (x) =>
    pooled(conv(x, weights(6, 1, 3, 3), weights(6), { group: 3, pads: [1, 1, 1, 1] })),
  "convolutions in groups, behind numbers for each channel": (x) => {
    const y = conv(x, weights(4, 3, 1, 1), weights(4));
    const z = conv(relu(y), weights(6, 2, 3, 3), weights(6), { group: 2, pads: [1, 1, 1, 1] });
    return pooled(
      conv(add(mul(relu(z), positive(6, 1, 1)), weights(6, 1, 1)), weights(3, 2, 3, 3), undefined, { group: 3 }),
    );
  },
  "batch normalization behind a convolution": (x) =>
    pooled(relu(batchNormalization(conv(x, weights(4, 3, 3, 3)), positive(4), weights(4), weights(4), positive(4)))),
  "batch normalization that somebody else sees past": (x) => {
    const y = conv(x, weights(4, 3, 1, 1));
    return pooled(add(relu(y), batchNormalization(y, positive(4), weights(4), weights(4), positive(4))));
  },
  "numbers for each channel before a convolution with margins, and before one without": (x) => {
    const y = add(mul(x, positive(3, 1, 1)), weights(3, 1, 1));
    return pooled(add(conv(y, weights(4, 3, 3, 3), undefined, { pads: [1, 1, 1, 1] }), conv(y, weights(4, 3, 1, 1))));
  },
  "pooling, the last window over the end": (x) =>
    pooled(maxPool(relu(x), { kernel_shape: [2, 2], strides: [2, 2], ceil_mode: 1 })),
  "pooling with margins": (x) =>
    pooled(maxPool(relu(x), { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] })),
  "the greatest of what is below zero, with margins that no zeros can be in": (x) => {
    const y = sub(conv(x, weights(4, 3, 3, 3)), number(9));
    const z = maxPool(y, { kernel_shape: [3, 2], strides: [2, 2], pads: [1, 1, 1, 0] });
    return pooled(maxPool(z, { kernel_shape: [3, 3], strides: [2, 2], pads: [2, 1, 0, 1], ceil_mode: 1 }));
  },
  "pixels that are repeated, by what is nearest": (x) => {
    const y = conv(x, weights(4, 3, 3, 3), weights(4));
    const scales = constant(float32([1, 1, 2, 3], [4]));
    const larger = resizeOp(mul(y, positive(4, 1, 1)), undefined, scales, undefined, {
      ...{ mode: "nearest", coordinate_transformation_mode: "asymmetric", nearest_mode: "floor" },
    });
    return pooled(
      conv(resize(larger, 28, 42, { mode: "nearest" }), weights(4, 4, 5, 5), undefined, { strides: [3, 3] }),
    );
  },
  "means that do not count margins": (x) => pooled(averagePool(x, { kernel_shape: [3, 3], pads: [1, 1, 1, 1] })),
  "means that count margins": (x) =>
    pooled(averagePool(x, { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], count_include_pad: 1 })),
  "the greatest of each channel": (x) => flatten(globalMaxPool(x)),
  bounds: (x) => pooled(add(clip(x, 0, 0.5), clip(x, 0))),
  activations: (x) =>
    pooled(
      concat(
        [
          elu(x),
          sigmoid(x),
          tanh(x),
          softplus(x),
          softsign(x),
          hardSigmoid(x, { alpha: 0.2 }),
          hardSwish(x),
          leakyRelu(x, { alpha: 0.2 }),
        ],
        { axis: 1 },
      ),
    ),
  "slopes by channel": (x) => pooled(prelu(x, weights(3, 1, 1))),
  "gelu in several orders, and what Keras calls swish": (x) => {
    const inner = (y: Value): Value => add(erf(y), number(1));
    const first = mul(mul(x, inner(div(x, number(Math.SQRT2)))), number(0.5));
    const second = mul(mul(number(0.5), x), inner(mul(x, number(Math.SQRT1_2))));
    return pooled(add(add(add(gelu(x), first), second), mul(x, sigmoid(x))));
  },
  "squeeze and excite": (x) => {
    const gate = sigmoid(conv(relu(conv(globalAveragePool(x), weights(2, 3, 1, 1))), weights(3, 2, 1, 1)));
    return pooled(mul(gate, x));
  },
  "channels times numbers behind a mean over the picture, and then a convolution": (x) =>
    pooled(conv(relu(conv(mul(globalAveragePool(x), positive(3, 1, 1)), weights(4, 3, 1, 1))), weights(2, 4, 1, 1))),
  "a picture less its mean, and times what is known of its places": (x) => {
    const places = sigmoid(conv(x, weights(1, 3, 3, 3), undefined, { pads: [1, 1, 1, 1] }));
    return pooled(relu(mul(sub(x, mul(globalAveragePool(x), positive(3, 1, 1))), places)));
  },
  "what is seen twice, once under another order of axes": (x) => {
    const y = conv(x, weights(4, 3, 3, 3));
    const z = transpose(mul(transpose(y, { perm: [0, 2, 3, 1] }), positive(4)), { perm: [0, 3, 1, 2] });
    return pooled(add(relu(y), relu(z)));
  },
  "channels in another order, by one axis more": (x) => {
    const y = reshape(conv(x, weights(4, 3, 3, 3)), constant(int64([-1, 2, 2, 7, 7])));
    const z = reshape(transpose(y, { perm: [0, 2, 1, 3, 4] }), constant(int64([-1, 4, 7, 7])));
    return pooled(add(maxPool(conv(z, weights(4, 4, 1, 1)), { kernel_shape: [1, 1] }), z));
  },
  "some of the channels, of which more is still to be done": (x) => {
    const y = conv(x, weights(6, 3, 3, 3), weights(6));
    const ghost = concat([y, conv(relu(y), weights(6, 1, 1, 1), undefined, { group: 6 })], { axis: 1 });
    const first = slice(mul(ghost, positive(12, 1, 1)), { starts: [0], ends: [9], axes: [1] });
    return pooled(conv(add(first, weights(9, 1, 1)), weights(4, 9, 1, 1)));
  },
  "channels in parts, of which one is not used": (x) => {
    const [a, , b] = split(conv(x, weights(7, 3, 3, 3), weights(7)), [2, 3, 2], { axis: 1 });
    return pooled(add(relu(a ?? x), batchNormalization(b ?? x, positive(2), weights(2), weights(2), positive(2))));
  },
  "channels by their numbers, backwards, each second one, and all": (x) => {
    const y = conv(x, weights(5, 3, 3, 3), weights(5));
    const some = gather(y, constant(int64([4, -4, 1])), { axis: 1 });
    const backwards = slice(y, { starts: [-1], ends: [-(2 ** 31)], axes: [-3], steps: [-2] });
    const all = slice(y, { starts: [0, 0, 0, 0], ends: [2 ** 31, 2 ** 31, 2 ** 31, 2 ** 31] });
    return pooled(concat([some, backwards, all], { axis: 1 }));
  },
  "parts of vectors, of means, and of channels that are last": (x) => {
    const vector = slice(pooled(conv(x, weights(6, 3, 3, 3))), { starts: [1, 0], ends: [5, 2 ** 31], axes: [1, 0] });
    const means = slice(globalAveragePool(conv(x, weights(6, 3, 3, 3))), { starts: [2], ends: [6], axes: [1] });
    const [last] = split(transpose(conv(x, weights(6, 3, 3, 3)), { perm: [0, 2, 3, 1] }), [4, 2], { axis: -1 });
    return add(add(vector, flatten(means)), pooled(transpose(last ?? x, { perm: [0, 3, 1, 2] })));
  },
  "parts of an axis more": (x) => {
    const y = reshape(conv(x, weights(6, 3, 3, 3)), constant(int64([-1, 3, 2, 7, 7])));
    const [a, b] = split(transpose(y, { perm: [0, 2, 1, 3, 4] }), [1, 1], { axis: 1 });
    const shape = constant(int64([-1, 3, 7, 7]));
    return pooled(concat([relu(reshape(a ?? x, shape)), reshape(b ?? x, shape)], { axis: 1 }));
  },
  "parts of places": (x) => {
    const y = conv(x, weights(4, 3, 1, 1), weights(4));
    return flatten(slice(mul(y, positive(4, 1, 1)), { starts: [0, 1, -4], ends: [9, 4, 8], axes: [1, 2, 3] }));
  },
  "one part, joined with nothing": (x) => {
    const y = conv(concat([x], { axis: 1 }), weights(4, 3, 3, 3));
    return concat([pooled(relu(concat([y], { axis: 1 })))], { axis: 1 });
  },
  "squares of what is looked at afterwards": (x) => {
    const y = conv(x, weights(4, 3, 3, 3));
    return pooled(add(conv(mul(y, y), weights(4, 4, 1, 1)), relu(add(y, y))));
  },
  "differences, opposites and quotients": (x) => pooled(sub(sub(number(1), x), neg(div(mul(x, x), positive(3, 1, 1))))),
  "channels last, and a layer of theirs": (x) => {
    const y = transpose(conv(x, weights(4, 3, 3, 3)), { perm: [0, 2, 3, 1] });
    const z = matmul(layerNormalization(y, positive(4), weights(4), { epsilon: 1e-5 }), weights(4, 5));
    return pooled(transpose(add(z, weights(5)), { perm: [0, 3, 1, 2] }));
  },
  "flattened in Keras's order": (x) => {
    const y = transpose(conv(x, weights(2, 3, 7, 7)), { perm: [0, 2, 3, 1] });
    return matmul(reshape(y, constant(int64([-1, 18]))), weights(18, 4));
  },
  "flattened in the order of ONNX": (x) =>
    gemm(flatten(conv(x, weights(2, 3, 7, 7))), weights(4, 18), weights(4), { transB: 1 }),
  "tokens that are mixed among themselves and by channel, and their mean": (x) => {
    const tokens = transpose(reshape(conv(x, weights(4, 3, 3, 3)), constant(int64([-1, 4, 49]))), { perm: [0, 2, 1] });
    const among = matmul(transpose(tokens, { perm: [0, 2, 1] }), weights(49, 49));
    const mixed = add(tokens, transpose(relu(among), { perm: [0, 2, 1] }));
    const kept = reduceMean(mul(mixed, positive(4)), [1], { keepdims: 1 });
    return add(flatten(kept), reduceMean(add(matmul(mixed, weights(4, 4)), weights(4)), [1], { keepdims: 0 }));
  },
  "means over axes": (x) => reduceMean(x, [2, 3], { keepdims: 0 }),
  "margins of their own, and less of it": (x) =>
    pooled(pad(pad(x, [0, 0, 1, 2, 0, 0, 0, 1]), [0, 0, -1, 0, 0, 0, -2, -3])),
  "margins that mirror, and that repeat": (x) => {
    const y = pad(conv(x, weights(4, 3, 3, 3)), [0, 0, 2, 1, 0, 0, 1, 3], { mode: "reflect" });
    return pooled(
      conv(pad(y, [0, 0, 2, 0, 0, 0, 1, 2], { mode: "edge" }), weights(4, 4, 4, 4), undefined, { strides: [3, 3] }),
    );
  },
  "margins of some axes, also of channels that are last": (x) => {
    const y = padOp(x, constant(int64([1, 2, 0, 1])), undefined, constant(int64([2, -1])));
    const z = transpose(pad(transpose(y, { perm: [0, 2, 3, 1] }), [0, 1, 2, 0, 0, 0, 1, 0]), { perm: [0, 3, 1, 2] });
    return pooled(conv(z, weights(4, 3, 3, 3)));
  },
  "short vectors brought to length 1": (x) => {
    const y = pooled(conv(x, weights(40, 3, 3, 3)));
    const all = [1e-4, 1e-8, 1e-11, 0].map((length) => unit(mul(y, number(length))));
    return matmul(concat(all, { axis: 1 }), weights(160, 4));
  },
  "vectors of length 1, several one behind the other": (x) => {
    const y = concat([unit(pooled(x)), unit(pooled(relu(conv(x, weights(6, 3, 3, 3)))))], { axis: 1 });
    return softmax(add(matmul(mul(y, positive(9)), weights(9, 4)), weights(4)), { axis: 1 });
  },
};

/** Layers of TensorFlow.js 1.3.1, which Teachable Machine's library is made for; all of these networks but the one with GELU were run by it. */
const ofTeachableMachine: ReadonlySet<string> = new Set([
  ...["InputLayer", "Conv2D", "DepthwiseConv2D", "Dense", "BatchNormalization", "LayerNormalization", "Activation"],
  ...["ReLU", "LeakyReLU", "ELU", "PReLU", "Add", "Multiply", "Concatenate", "Reshape", "Flatten", "Permute"],
  ...["MaxPooling2D", "AveragePooling2D", "GlobalMaxPooling2D", "GlobalAveragePooling2D"],
  ...["ZeroPadding2D", "Cropping2D", "UpSampling2D"],
]);

const plain = { bgr: false, scale: [1, 1, 1], offset: [0, 0, 0] };

/** Two pictures with their channels last, and the same with their channels in front. */
function pictures(): { readonly last: Float32Array; readonly first: Float32Array } {
  const last = Float32Array.from({ length: 2 * side * side * 3 }, () => random.uniform(-1, 1));
  const first = new Float32Array(last.length);
  for (let index = 0; index < last.length; index++) {
    const [channel, place] = [index % 3, Math.floor(index / 3)];
    const [photo, pixel] = [Math.floor(place / side ** 2), place % side ** 2];
    first[(photo * 3 + channel) * side ** 2 + pixel] = last[index] ?? 0;
  }
  return { last, first };
}

async function byTensorFlow(graph: LayerGraph, pixels: Float32Array): Promise<number[]> {
  const files = writeLayersModel(graph, "a test");
  const { modelTopology, weightsManifest } = JSON.parse(files["model.json"]) as {
    modelTopology: object;
    weightsManifest: { weights: tf.io.WeightsManifestEntry[] }[];
  };
  const model = await tf.loadLayersModel({
    load: () =>
      Promise.resolve({
        modelTopology,
        weightSpecs: weightsManifest[0]?.weights ?? [],
        weightData: files["weights.bin"].slice().buffer,
      }),
  });
  return Array.from(await (model.predict(tf.tensor(pixels, [2, side, side, 3])) as tf.Tensor).data());
}

async function byKeras(graph: LayerGraph, pixels: Float32Array): Promise<number[]> {
  const y = await modelOfLayers(graph, "model").predict(toTensor(float32(pixels, [2, side, side, 3])));
  return Array.from(y.data as Float32Array);
}

function expectClose(found: readonly number[], expected: readonly number[], tolerance = 5e-6): void {
  expect(found).toHaveLength(expected.length);
  const difference = Math.max(...found.map((value, index) => Math.abs(value - (expected[index] ?? NaN))));
  expect(difference).toBeLessThan(tolerance);
}

beforeAll(async () => {
  await tf.setBackend("cpu");
});

describe("layers compute what the graph computes", () => {
  test.each(Object.entries(graphs))("%s", async (name, make) => {
    random = new Generator(name.length);
    const picture = input("x", "float32", ["N", 3, side, side]);
    const output = make(picture);
    const { last, first } = pictures();
    const { y } = await runGraph({ y: output }, { x: float32(first, [2, 3, side, side]) });
    const expected = Array.from(y?.data as Float32Array);
    const wanted = { picture, output, side, before: plain };
    const layers = layersOfGraph(wanted, "tfjs");
    expect(layers.map(({ className }) => className).filter((className) => !ofTeachableMachine.has(className))).toEqual(
      [],
    );
    expectClose(await byTensorFlow(layers, last), expected);
    expectClose(await byKeras(layersOfGraph(wanted, "keras"), last), expected);
  });

  test.each([
    ["in blue, green, red", { bgr: true, scale: [1, 1, 1], offset: [-0.1, -0.2, -0.3] }],
    ["each channel by itself", { bgr: false, scale: [0.5, 0.4, 0.3], offset: [-0.1, -0.2, -0.3] }],
    ["all alike", { bgr: false, scale: [0.5, 0.5, 0.5], offset: [-1, -1, -1] }],
  ])("pixels are prepared by layers: %s", async (_name, before) => {
    const pixels = input("x", "float32", ["N", 3, side, side]);
    const { last, first } = pictures();
    const swapped = before.bgr ? first.map((_, at) => first[swappedPlace(at)] ?? 0) : first;
    const prepared = swapped.map((value, at) => {
      const channel = Math.floor(at / side ** 2) % 3;
      return value * (before.scale[channel] ?? 1) + (before.offset[channel] ?? 0);
    });
    random = new Generator(3);
    const output = pooled(conv(pixels, weights(4, 3, 3, 3), weights(4), { pads: [1, 1, 1, 1] }));
    const { y } = await runGraph({ y: output }, { x: float32(prepared, [2, 3, side, side]) });
    const expected = Array.from(y?.data as Float32Array);
    const wanted = { picture: pixels, output, side, before };
    expectClose(await byTensorFlow(layersOfGraph(wanted, "tfjs"), last), expected);
    expectClose(await byKeras(layersOfGraph(wanted, "keras"), last), expected);
  });
});

/** Where the number of the channel from the other end is. */
function swappedPlace(at: number): number {
  const channel = Math.floor(at / side ** 2) % 3;
  return at + (2 - 2 * channel) * side ** 2;
}

test("an operator that no layer does is named", () => {
  const x = input("x", "float32", ["N", 3, side, side]);
  const wanted = (output: Value) => ({ picture: x, output, side, before: plain });
  expect(() => layersOfGraph(wanted(pooled(sqrt(x))), "keras")).toThrow(
    /^Sqrt of this network cannot be written as layers of Keras/,
  );
  const places = pooled(slice(x, { starts: [0], ends: [9], axes: [2], steps: [2] }));
  expect(() => layersOfGraph(wanted(places), "keras")).toThrow(/^Slice of this network/);
  const product = matmul(reshape(x, constant(int64([-1, 81, 3]))), reshape(x, constant(int64([-1, 3, 81]))));
  expect(() => layersOfGraph(wanted(pooled(reshape(product, constant(int64([-1, 1, 81, 81]))))), "keras")).toThrow(
    /^MatMul of this network .*two things that are computed, as in attention.*onnxruntime-web/s,
  );
  const between = pooled(resize(x, 18, 18, { mode: "linear" }));
  expect(() => layersOfGraph(wanted(between), "keras")).toThrow(/^Resize of this network .*9 to 18.*linear/s);
});

// Puts the engine in place.
import "graft-ml";
import { expect, test } from "vitest";
import { layersOfGraph } from "../../formats/layers/layers-of-graph.js";
import type { LayerGraph } from "../../formats/layers/layer-spec.js";
import { constant, input, type Value } from "../../graph/value.js";
import { platform } from "../../models/platform.js";
import { float32 } from "../../onnx/tensor-data.js";
import { relu } from "../../ops/activations.js";
import { conv } from "../../ops/convolution.js";
import { mul, sub } from "../../ops/elementwise.js";
import { scalarLike } from "../../ops/constants.js";
import { concat } from "../../ops/joining.js";
import { flatten } from "../../ops/layout.js";
import { gemm } from "../../ops/matmul.js";
import { globalAveragePool } from "../../ops/pooling.js";
import { reduceMean } from "../../ops/reduction.js";
import { softmax } from "../../ops/softmax.js";
import { Generator } from "../../random/generator.js";
import { checkedLayers } from "./checked-layers.js";
import { checkLayers, compareLayers } from "./check-layers.js";
import type { ClassifierNetwork } from "./exportable.js";

const side = 12;
const random = new Generator(3);
const weights = (...dims: number[]): Value => {
  const size = dims.reduce((product, extent) => product * extent, 1);
  return constant(
    float32(
      Float32Array.from({ length: size }, () => random.uniform(-0.7, 0.7)),
      dims,
    ),
  );
};
const pixels = input("pixels", "float32", ["N", 3, side, side]);
const normalized = mul(pixels, scalarLike(pixels, 1 / 255));

/** A classifier that ends in these logits. */
function classifierOf(logits: Value): ClassifierNetwork {
  return {
    ...{ pixels, normalized, probabilities: softmax(logits, { axis: -1 }), logits, distance: undefined },
    framing: { size: side, crop: 1, keepProportions: false, interpolation: "bilinear" },
    standardization: { bgr: false, scale: [1 / 255, 1 / 255, 1 / 255], offset: [0, 0, 0] },
  };
}

const maps = globalAveragePool(relu(conv(normalized, weights(6, 3, 3, 3), weights(6))));
const logits = gemm(flatten(maps), weights(6, 3), weights(3));
const network = classifierOf(logits);
const before = network.standardization;
const same = { scale: 1, offset: 0 };
const layersOf = ({ probabilities }: ClassifierNetwork): LayerGraph =>
  layersOfGraph({ picture: normalized, output: probabilities, side, before }, "keras");
const layers = layersOf(network);

/** Layers with other numbers in some of their weights. */
function changed(
  graph: LayerGraph,
  name: string,
  change: (value: number, index: number, all: ArrayLike<number>) => number,
): LayerGraph {
  return graph.map((layer) => ({
    ...layer,
    weights: layer.weights.map((weight) => {
      const { data, dims } = weight.tensor;
      if (weight.name !== name || layer.className !== "Conv2D") return weight;
      const numbers = Float32Array.from(data, (value, index) => change(value, index, data));
      return { ...weight, tensor: float32(numbers, dims) };
    }),
  }));
}

/** Twice the same convolution, but for a little of each weight, and the difference of the two as many times as large. */
function differenceOf(times: number): ClassifierNetwork {
  const draw = (size: number): Float32Array => Float32Array.from({ length: size }, () => random.uniform(-0.7, 0.7));
  const kernel = draw(6 * 27);
  const other = kernel.map((value) => value + random.uniform(-1, 1) / times);
  const features = [kernel, other].map((data) =>
    flatten(globalAveragePool(relu(conv(normalized, constant(float32(data, [6, 3, 3, 3])))))),
  );
  const signs = draw(6 * 3);
  const both = Float32Array.from([...signs.map((sign) => sign * times), ...signs.map((sign) => -sign * times)]);
  return classifierOf(gemm(concat(features, { axis: 1 }), constant(float32(both, [12, 3])), weights(3)));
}

test("layers that say what the classifier says pass, in [0, 255] and as others feed them", async () => {
  const { runtime } = platform();
  await checkLayers(runtime, network, layers, same);
  const scaled = { bgr: false, scale: [127 / 255, 127 / 255, 127 / 255], offset: [127 / 255, 127 / 255, 127 / 255] };
  const output = network.probabilities;
  const others = layersOfGraph({ picture: normalized, output, side, before: scaled }, "tfjs");
  await checkLayers(runtime, network, others, { scale: 1 / 127, offset: -1 });
});

test.each([
  ["a kernel in another order", changed(layers, "kernel", (_, index, all) => all[all.length - 1 - index] ?? 0)],
  [
    "two weights in each other's place",
    changed(layers, "kernel", (value, index, all) => (index < 2 ? (all[1 - index] ?? 0) : value)),
  ],
  ["a bias that is a thousandth off", changed(layers, "bias", (value) => value * 1.001)],
  ["one weight that is missing", changed(layers, "kernel", (value, index) => (index === 0 ? 0 : value))],
  [
    "another activation",
    layers.map((layer) => (layer.className === "ReLU" ? { ...layer, config: { negative_slope: 0.001 } } : layer)),
  ],
] as const)("%s does not pass", async (_name, wrong) => {
  await expect(checkLayers(platform().runtime, network, wrong, same)).rejects.toThrow(
    /Layers do not say what the run's model\.onnx says/,
  );
});

test("probabilities of 0 and 1 hide nothing", async () => {
  const sure = classifierOf(mul(logits, scalarLike(logits, 1e4)));
  const right = layersOf(sure);
  await checkLayers(platform().runtime, sure, right, same);
  const wrong = changed(right, "bias", (value) => value * 1.001);
  await expect(checkLayers(platform().runtime, sure, wrong, same)).rejects.toThrow(/Layers do not say/);
});

test("a network that rounding moves is measured by how far", async () => {
  const moved = differenceOf(3e3);
  const right = layersOf(moved);
  const { noise, spread } = await compareLayers(platform().runtime, moved, right, same);
  expect(noise / spread).toBeGreaterThan(1e-4);
  await checkLayers(platform().runtime, moved, right, same);
  const wrong = changed(right, "kernel", (value, index) => (index === 0 ? 0 : value));
  await expect(checkLayers(platform().runtime, moved, wrong, same)).rejects.toThrow(/Layers do not say/);
});

test("a network whose answers are nothing but rounding is refused as such", async () => {
  const chance = differenceOf(3e6);
  await expect(checkLayers(platform().runtime, chance, layersOf(chance), same)).rejects.toThrow(
    /^It cannot be told .* rounding moves by at most 0\.05/,
  );
});

test("weights that are computed from others are weights of layers", async () => {
  const kernel = weights(6, 3, 3, 3);
  const centredKernel = sub(kernel, reduceMean(kernel, [1, 2, 3], { keepdims: 1 }));
  const features = flatten(globalAveragePool(relu(conv(normalized, centredKernel, weights(6)))));
  const centredWeights = classifierOf(gemm(features, weights(6, 3), weights(3)));
  for (const dialect of ["keras", "tfjs"] as const) {
    const made = await checkedLayers(platform().runtime, centredWeights, { before, fed: same }, dialect);
    expect(made.map(({ className }) => className)).toContain("Conv2D");
  }
});

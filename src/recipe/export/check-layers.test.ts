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
import { mul } from "../../ops/elementwise.js";
import { scalarLike } from "../../ops/constants.js";
import { flatten } from "../../ops/layout.js";
import { gemm } from "../../ops/matmul.js";
import { globalAveragePool } from "../../ops/pooling.js";
import { softmax } from "../../ops/softmax.js";
import { Generator } from "../../random/generator.js";
import { checkLayers } from "./check-layers.js";
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
const maps = globalAveragePool(relu(conv(normalized, weights(6, 3, 3, 3), weights(6))));
const probabilities = softmax(gemm(flatten(maps), weights(6, 3), weights(3)), { axis: -1 });
const network: ClassifierNetwork = {
  ...{ pixels, normalized, probabilities, logits: undefined, distance: undefined },
  framing: { size: side, crop: 1, keepProportions: false, interpolation: "bilinear" },
  standardization: { bgr: false, scale: [1 / 255, 1 / 255, 1 / 255], offset: [0, 0, 0] },
};
const before = network.standardization;
const layers = layersOfGraph({ picture: normalized, output: probabilities, side, before }, "keras");

test("layers that say what the classifier says pass, in [0, 255] and as others feed them", async () => {
  const { runtime } = platform();
  await checkLayers(runtime, network, layers, { scale: 1, offset: 0 });
  const scaled = { bgr: false, scale: [127 / 255, 127 / 255, 127 / 255], offset: [127 / 255, 127 / 255, 127 / 255] };
  const others = layersOfGraph({ picture: normalized, output: probabilities, side, before: scaled }, "tfjs");
  await checkLayers(runtime, network, others, { scale: 1 / 127, offset: -1 });
});

test("a kernel whose numbers stand in another order does not", async () => {
  const wrong: LayerGraph = layers.map((layer) => ({
    ...layer,
    weights: layer.weights.map((weight) => {
      const { data, dims } = weight.tensor;
      return weight.name.includes("kernel") && dims.length === 4
        ? { ...weight, tensor: float32(Float32Array.from(data).reverse(), dims) }
        : weight;
    }),
  }));
  await expect(checkLayers(platform().runtime, network, wrong, { scale: 1, offset: 0 })).rejects.toThrow(
    /Layers do not say what the run's model\.onnx says/,
  );
});

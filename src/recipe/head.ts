import { BatchNormalization, Dense, Dropout, Input } from "../nn/layers/index.js";
import type { BaseModel } from "../models/base-model.js";
import { Sequential } from "../models/sequential.js";
import { makeWith, type RandomStreams } from "../random/seed.js";
import { float32, type TensorData } from "../onnx/tensor-data.js";

/** Share of the features that is left out at each step, against memorizing a small folder. */
const dropout = 0.2;

/** Mean and variance of each feature over the samples, `[samples, features]`. */
function statistics({ dims, data }: TensorData<"float32">): { mean: Float32Array; variance: Float32Array } {
  const [samples = 0, features = 0] = dims;
  const sums = new Float64Array(features);
  const squares = new Float64Array(features);
  for (let index = 0; index < data.length; index++) {
    const value = data[index] ?? 0;
    const feature = index % features;
    sums[feature] = (sums[feature] ?? 0) + value;
    squares[feature] = (squares[feature] ?? 0) + value * value;
  }
  const mean = Float32Array.from(sums, (sum) => sum / samples);
  const variance = Float32Array.from(squares, (sum, feature) => Math.max(sum / samples - (mean[feature] ?? 0) ** 2, 0));
  return { mean, variance };
}

/**
 * The new classifier: features are brought to mean 0 and deviation 1, as they were in the training photos, then one dense
 * layer with softmax. Without the first step the scale of a network's features would decide how fast the second learns. Features that hardly
 * vary among the training photos stay small: a photo that comes later may show them for the first time.
 *
 * @param features of the training photos, `[samples, features]`
 * @param classes number of classes
 * @param random where its initial weights are drawn from
 * @returns a model from features to probabilities
 */
export function createHead(features: TensorData<"float32">, classes: number, random: RandomStreams): Sequential {
  const [, width = 1] = features.dims;
  const normalization = new BatchNormalization({
    center: false,
    scale: false,
    name: "normalization",
    trainable: false,
  });
  const row = [
    Input({ shape: [width], name: "features" }),
    normalization,
    new Dropout(dropout, { name: "dropout" }),
    new Dense(classes, { activation: "softmax", name: "probabilities" }),
  ];
  const head = makeWith(random, () => new Sequential(row, { name: "head" }));
  for (const weight of head.weights) weight.initialize(random);
  const { mean, variance } = statistics(features);
  normalization.setWeights([float32(mean, [width]), float32(variance, [width])]);
  return head;
}

/**
 * The whole classifier: a head grafted onto a network. They share their layers with it.
 *
 * @param network a model from images to features
 * @param head a model from features to probabilities
 * @returns a model from images to probabilities
 */
export function graftHead(network: Sequential, head: Sequential): Sequential {
  return new Sequential([...network.layers, ...head.layers], { name: "classifier" });
}

/**
 * The head of a classifier: the inverse of {@link graftHead}.
 *
 * @param classifier a model from images to probabilities
 * @param network the model that it was grafted onto, or one with the same layers
 * @returns a model from features to probabilities, which shares its layers with the classifier
 */
export function headOf(classifier: BaseModel, network: Sequential): Sequential {
  const entrance = Input({ shape: network.outputShape.slice(1), name: "features" });
  return new Sequential([entrance, ...classifier.layers.slice(network.layers.length)], { name: "head" });
}

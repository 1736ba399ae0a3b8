import { Dense, Input, UnitNormalization } from "../nn/layers/index.js";
import type { BaseModel } from "../models/base-model.js";
import { Sequential } from "../models/sequential.js";
import { makeWith, type RandomStreams } from "../random/seed.js";
import type { LinearClassifier } from "../training/regression/softmax-regression.js";

/**
 * The new classifier: features are brought to length 1, then one dense layer with softmax.
 *
 * @param classifier what that layer has learned
 * @param random of the job: what is made draws from it, not from the process's streams
 * @returns a model from features to probabilities
 */
export function createHead({ kernel, bias }: LinearClassifier, random: RandomStreams): Sequential {
  const [width = 1, classes = 1] = kernel.dims;
  const head = makeWith(random, () => {
    const dense = new Dense(classes, { activation: "softmax", name: "probabilities" });
    const row = [Input({ shape: [width], name: "features" }), new UnitNormalization({ name: "unit_length" }), dense];
    return new Sequential(row, { name: "head" });
  });
  for (const weight of head.weights) weight.initialize(random);
  head.setWeights([kernel, bias]);
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

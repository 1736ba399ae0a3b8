import type { BaseModel } from "../models/base-model.js";
import { Sequential } from "../models/sequential.js";
import { Dense, Input, Rescaling } from "../nn/layers/index.js";
import { float32 } from "../onnx/tensor-data.js";
import { makeWith, type RandomStreams } from "../random/seed.js";
import type { UnitClassifier } from "./fit-head.js";

/**
 * The new classifier: features are brought to mean 0 and a common deviation of 1, so that a step of a training moves its weights as much
 * as those of the network; then one dense layer with softmax.
 *
 * @param classifier what that layer has learned
 * @param random of the job: what is made draws from it, not from the process's streams
 * @param temperature what the logits are divided by; default 1
 * @returns a model from features to probabilities
 */
export function createHead(
  { kernel, bias, mean, deviation }: UnitClassifier,
  random: RandomStreams,
  temperature = 1,
): Sequential {
  const [width = 1, classes = 1] = kernel.dims;
  const head = makeWith(random, () => {
    const scale = Array.from(deviation, (value) => 1 / value);
    const offset = Array.from(mean, (value, index) => -value * (scale[index] ?? 1));
    return new Sequential(
      [
        Input({ shape: [width], name: "features" }),
        new Rescaling(scale, { offset, name: "unit_deviation" }),
        new Dense(classes, { activation: "softmax", name: "probabilities" }),
      ],
      { name: "head" },
    );
  });
  for (const weight of head.weights) weight.initialize(random);
  head.setWeights([kernel, bias]);
  divideLogits(head, temperature);
  return head;
}

/**
 * Divides the logits of a classifier by a temperature: the weights of its last layer are.
 *
 * @param classifier ends in what {@link createHead} gave
 */
export function divideLogits(classifier: BaseModel, temperature: number): void {
  for (const weight of classifier.layers.at(-1)?.weights ?? []) {
    const { data, dims } = weight.value;
    weight.assign(
      float32(
        data.map((value) => value / temperature),
        dims,
      ),
    );
  }
}

/**
 * The whole classifier: a head grafted onto a network. They share their layers with it.
 *
 * @param network a model from images to features; becomes the first layer
 * @param head a model from features to probabilities
 * @returns a model from images to probabilities
 */
export function graftHead(network: BaseModel, head: Sequential): Sequential {
  return new Sequential([network, ...head.layers], { name: "classifier" });
}

/**
 * The head of a classifier: the inverse of {@link graftHead}.
 *
 * @param classifier a model from images to probabilities
 * @param network the model that it was grafted onto, or one like it
 * @returns a model from features to probabilities, which shares its layers with the classifier
 */
export function headOf(classifier: BaseModel, network: BaseModel): Sequential {
  const entrance = Input({ shape: network.outputShape.slice(1), name: "features" });
  return new Sequential([entrance, ...classifier.layers.slice(1)], { name: "head" });
}

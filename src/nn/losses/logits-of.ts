import { producer, type Value } from "../../graph/value.js";
import { graphAxis } from "../channels.js";

/**
 * What the activation at the end of a network was applied to, when it is a sigmoid, or a softmax over the channels.
 *
 * As Keras does on TensorFlow, crossentropies look behind the activation: the loss of a logit is exact where the logarithm
 * of a probability that is nearly 0 or 1 is not.
 *
 * @param activation ONNX's name
 * @returns the logits, or `undefined` when the prediction was not made in this way
 */
export function logitsOf(prediction: Value, activation: "Sigmoid" | "Softmax"): Value | undefined {
  const node = producer(prediction);
  if (node?.op !== activation) return undefined;
  if (activation === "Softmax") {
    const axis = node.attributes["axis"]?.value ?? -1;
    const channels = graphAxis(-1, prediction.rank, activation);
    if (axis !== channels && axis !== channels - prediction.rank) return undefined;
  }
  return node.inputs[0];
}

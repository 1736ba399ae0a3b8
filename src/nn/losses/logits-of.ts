import { warnOnce } from "../../errors/warn.js";
import { producer, type Value } from "../../graph/value.js";
import { graphAxis } from "../channels.js";
import type { Loss } from "./loss.js";

/**
 * What the activation at the end of a network was applied to, when it is a sigmoid, or a softmax over the channels.
 *
 * As Keras does on TensorFlow, crossentropies look behind the activation: the loss of a logit is exact where the logarithm
 * of a probability that is nearly 0 or 1 is not.
 *
 * @param prediction the model's output
 * @param activation ONNX's name
 * @param loss which loss asks, and whether it was told that predictions are logits: behind an activation they are not, of
 * which is warned
 * @returns the logits, or `undefined` when the prediction is no logits and was not made in this way
 */
export function logitsOf(
  prediction: Value,
  activation: "Sigmoid" | "Softmax",
  loss: { readonly owner: Loss; readonly fromLogits: boolean },
): Value | undefined {
  const { owner, fromLogits } = loss;
  const logits = behind(prediction, activation);
  if (logits !== undefined) {
    if (fromLogits) {
      warnOnce(
        owner,
        `${owner.name} was given fromLogits: true, but the output comes out of a ${activation.toLowerCase()} and holds ` +
          "no logits. As in Keras, the loss is taken of what goes into it; leave fromLogits or the activation away.",
      );
    }
    return logits;
  }
  if (fromLogits) return prediction;
  if (isLinear(prediction)) {
    warnOnce(
      owner,
      `${owner.name} expects probabilities, but the output has no activation. Give the last layer ` +
        `activation: "${activation.toLowerCase()}", or the loss fromLogits: true.`,
    );
  }
  return undefined;
}

function behind(prediction: Value, activation: "Sigmoid" | "Softmax"): Value | undefined {
  const node = producer(prediction);
  if (node?.op !== activation) return undefined;
  if (activation === "Softmax") {
    const axis = node.attributes["axis"]?.value ?? -1;
    const channels = graphAxis(-1, prediction.rank, activation);
    if (axis !== channels && axis !== channels - prediction.rank) return undefined;
  }
  return node.inputs[0];
}

/** Whether a value surely is a weighted sum without bounds: that of a dense layer or a convolution, with its bias. */
function isLinear(value: Value): boolean {
  const sums = ["MatMul", "Gemm", "Conv"];
  const node = producer(value);
  if (node === undefined) return false;
  const inner = node.op === "Add" ? node.inputs.map((input) => input && producer(input)?.op) : [];
  return [node.op, ...inner].some((op) => op !== undefined && sums.includes(op));
}

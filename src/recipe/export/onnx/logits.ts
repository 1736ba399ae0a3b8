import type { Value } from "../../../graph/value.js";
import { scalarLike } from "../../../ops/constants.js";
import { log, max } from "../../../ops/elementwise.js";
import type { ClassifierNetwork } from "../exportable.js";

/** Of a probability of 0 there is no logarithm; the smallest that float32 has in full precision. */
const smallest = 2 ** -126;

/** Numbers whose softmax are the probabilities: where there are none in the network, the logarithms of the probabilities. */
export function logitsOf({ logits, probabilities }: ClassifierNetwork): Value {
  return logits ?? log(max([probabilities, scalarLike(probabilities, smallest)]));
}

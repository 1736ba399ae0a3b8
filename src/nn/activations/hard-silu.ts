import { type Value } from "../../graph/value.js";
import { hardSwish } from "../../ops/activations.js";

/**
 * `x · hardSigmoid(x)`, also called hardSwish.
 *
 * @see https://arxiv.org/abs/1905.02244
 */
export function hardSilu(x: Value): Value {
  return hardSwish(x);
}

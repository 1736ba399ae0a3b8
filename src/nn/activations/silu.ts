import { type Value } from "../../graph/value.js";
import { sigmoid } from "../../ops/activations.js";
import { mul } from "../../ops/elementwise.js";

/**
 * `x · sigmoid(x)`, also called swish.
 *
 * @see https://arxiv.org/abs/1710.05941
 */
export function silu(x: Value): Value {
  return mul(x, sigmoid(x));
}

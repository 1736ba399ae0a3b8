import { type Value } from "../../graph/value.js";
import { softplus, tanh } from "../../ops/activations.js";
import { mul } from "../../ops/elementwise.js";

/**
 * `x · tanh(softplus(x))`.
 *
 * @see https://arxiv.org/abs/1908.08681
 */
export function mish(x: Value): Value {
  return mul(x, tanh(softplus(x)));
}

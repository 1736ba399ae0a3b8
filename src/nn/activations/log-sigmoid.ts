import { type Value } from "../../graph/value.js";
import { softplus } from "../../ops/activations.js";
import { neg } from "../../ops/elementwise.js";

/**
 * `log(sigmoid(x))`, without overflow: `−softplus(−x)`.
 *
 * @see https://keras.io/api/layers/activations/
 */
export function logSigmoid(x: Value): Value {
  return neg(softplus(neg(x)));
}

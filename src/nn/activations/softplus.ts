import { type Value } from "../../graph/value.js";
import { softplus as softplusOp } from "../../ops/activations.js";

/**
 * `log(eˣ + 1)`, without overflow.
 *
 * @see https://keras.io/api/layers/activations/
 */
export function softplus(x: Value): Value {
  return softplusOp(x);
}

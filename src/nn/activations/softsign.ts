import { type Value } from "../../graph/value.js";
import { softsign as softsignOp } from "../../ops/activations.js";

/**
 * `x / (|x| + 1)`.
 *
 * @see https://keras.io/api/layers/activations/
 */
export function softsign(x: Value): Value {
  return softsignOp(x);
}

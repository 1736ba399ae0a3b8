import { type Value } from "../../graph/value.js";
import { exp } from "../../ops/elementwise.js";

/**
 * `eˣ`.
 *
 * @see https://keras.io/api/layers/activations/
 */
export function exponential(x: Value): Value {
  return exp(x);
}

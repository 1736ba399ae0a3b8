import { type Value } from "../../graph/value.js";

/**
 * The input, unchanged.
 *
 * @see https://keras.io/api/layers/activations/
 */
export function linear(x: Value): Value {
  return x;
}

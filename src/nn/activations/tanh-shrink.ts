import { type Value } from "../../graph/value.js";
import { tanh } from "../../ops/activations.js";
import { sub } from "../../ops/elementwise.js";

/**
 * `x − tanh(x)`.
 *
 * @see https://keras.io/api/layers/activations/
 */
export function tanhShrink(x: Value): Value {
  return sub(x, tanh(x));
}

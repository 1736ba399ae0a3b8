import { type Value } from "../../graph/value.js";
import { tanh as tanhOp } from "../../ops/activations.js";

/**
 * `(eˣ − e⁻ˣ) / (eˣ + e⁻ˣ)`.
 *
 * @see https://keras.io/api/layers/activations/
 */
export function tanh(x: Value): Value {
  return tanhOp(x);
}

import { type Value } from "../../graph/value.js";
import { sigmoid as sigmoidOp } from "../../ops/activations.js";

/**
 * `1 / (1 + e⁻ˣ)`.
 *
 * @see https://keras.io/api/layers/activations/
 */
export function sigmoid(x: Value): Value {
  return sigmoidOp(x);
}

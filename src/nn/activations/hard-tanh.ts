import { type Value } from "../../graph/value.js";
import { clip } from "../../ops/elementwise.js";

/**
 * `min(max(x, −1), 1)`.
 *
 * @see https://keras.io/api/layers/activations/
 */
export function hardTanh(x: Value): Value {
  return clip(x, -1, 1);
}

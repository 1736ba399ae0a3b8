import { type Value } from "../../graph/value.js";
import { clip } from "../../ops/elementwise.js";

/**
 * `min(max(x, 0), 6)`.
 *
 * @see https://keras.io/api/layers/activations/
 */
export function relu6(x: Value): Value {
  return clip(x, 0, 6);
}

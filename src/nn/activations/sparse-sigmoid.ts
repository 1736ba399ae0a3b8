import { type Value } from "../../graph/value.js";
import { hardSigmoid } from "../../ops/activations.js";

/**
 * `min(max((x + 1) / 2, 0), 1)`.
 *
 * @see https://keras.io/api/layers/activations/
 */
export function sparseSigmoid(x: Value): Value {
  return hardSigmoid(x, { alpha: 0.5, beta: 0.5 });
}

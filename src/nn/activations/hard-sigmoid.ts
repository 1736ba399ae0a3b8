import { type Value } from "../../graph/value.js";
import { hardSigmoid as hardSigmoidOp } from "../../ops/activations.js";

/**
 * `min(max(x + 3, 0), 6) / 6`.
 *
 * @see https://keras.io/api/layers/activations/
 */
export function hardSigmoid(x: Value): Value {
  return hardSigmoidOp(x, { alpha: 1 / 6, beta: 0.5 });
}

import { type Value } from "../../graph/value.js";
import { hardSigmoid } from "../../ops/activations.js";

/**
 * What Keras 1, Keras 2 and TensorFlow.js call `hard_sigmoid`: `min(max(0.2 x + 0.5, 0), 1)`. Keras 3 has `x / 6` under this
 * name.
 *
 * @see https://github.com/keras-team/tf-keras/blob/master/tf_keras/activations.py
 */
export function oldHardSigmoid(x: Value): Value {
  return hardSigmoid(x, { alpha: 0.2, beta: 0.5 });
}

import { checkOptionNames } from "../../errors/check.js";
import { type Value } from "../../graph/value.js";
import { softmax as softmaxOp } from "../../ops/softmax.js";
import { graphAxis } from "../channels.js";

/** Options of {@link softmax}. */
export interface SoftmaxOptions {
  /** Axis in Keras's order; default -1, the channels. */
  readonly axis?: number;
}

/**
 * `eˣ / Σ eˣ` along an axis.
 *
 * @see https://keras.io/api/layers/activations/
 */
export function softmax(x: Value, options: SoftmaxOptions = {}): Value {
  checkOptionNames("softmax", options, ["axis"]);
  const { axis = -1 } = options;
  return softmaxOp(x, { axis: graphAxis(axis, x.rank, "softmax") });
}

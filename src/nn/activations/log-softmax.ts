import { checkOptionNames } from "../../errors/check.js";
import { type Value } from "../../graph/value.js";
import { logSoftmax as logSoftmaxOp } from "../../ops/softmax.js";
import { graphAxis } from "../channels.js";

/** Options of {@link logSoftmax}. */
export interface LogSoftmaxOptions {
  /** Axis in Keras's order; default -1, the channels. */
  readonly axis?: number;
}

/**
 * `x − log Σ eˣ` along an axis.
 *
 * @see https://keras.io/api/layers/activations/
 */
export function logSoftmax(x: Value, options: LogSoftmaxOptions = {}): Value {
  checkOptionNames("logSoftmax", options, ["axis"]);
  const { axis = -1 } = options;
  return logSoftmaxOp(x, { axis: graphAxis(axis, x.rank, "log_softmax") });
}

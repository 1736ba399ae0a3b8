import type { Value } from "../../graph/value.js";
import { scalarLike } from "../../ops/constants.js";
import { add, log, max, square, sub } from "../../ops/elementwise.js";
import { ElementwiseLoss } from "./elementwise-loss.js";
import type { LossOptions } from "./loss.js";
import { type ByPosition, byName } from "../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["reduction", "name"] as const;

/** `(log(max(p, 1e-7) + 1) − log(max(t, 1e-7) + 1))²`, averaged over the last axis. @see https://keras.io/api/losses/regression_losses/#meansquaredlogarithmicerror-class */
export class MeanSquaredLogarithmicError extends ElementwiseLoss {
  static readonly className: string = "MeanSquaredLogarithmicError";
  static readonly following: readonly string[] = following;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<LossOptions, typeof following>);
  constructor(options?: LossOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<LossOptions>(MeanSquaredLogarithmicError, given);
    super("mean_squared_logarithmic_error", options);
  }

  protected between(truth: Value, prediction: Value): Value {
    const logarithm = (x: Value): Value => log(add(max([x, scalarLike(x, 1e-7)]), scalarLike(x, 1)));
    return square(sub(logarithm(prediction), logarithm(truth)));
  }
}

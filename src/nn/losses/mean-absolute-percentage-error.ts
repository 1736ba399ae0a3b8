import type { Value } from "../../graph/value.js";
import { scalarLike } from "../../ops/constants.js";
import { abs, div, max, mul, sub } from "../../ops/elementwise.js";
import { ElementwiseLoss } from "./elementwise-loss.js";
import type { LossOptions } from "./loss.js";
import { type ByPosition, byName } from "../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["reduction", "name"] as const;

/** `100 · |t − p| / max(|t|, 1e-7)`, averaged over the last axis. @see https://keras.io/api/losses/regression_losses/#meanabsolutepercentageerror-class */
export class MeanAbsolutePercentageError extends ElementwiseLoss {
  static readonly className: string = "MeanAbsolutePercentageError";
  static readonly following: readonly string[] = following;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<LossOptions, typeof following>);
  constructor(options?: LossOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<LossOptions>(MeanAbsolutePercentageError, given);
    super("mean_absolute_percentage_error", options);
  }

  protected between(truth: Value, prediction: Value): Value {
    const size = max([abs(truth), scalarLike(truth, 1e-7)]);
    return mul(abs(div(sub(truth, prediction), size)), scalarLike(truth, 100));
  }
}

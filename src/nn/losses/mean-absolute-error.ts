import type { Value } from "../../graph/value.js";
import { abs, sub } from "../../ops/elementwise.js";
import { ElementwiseLoss } from "./elementwise-loss.js";
import type { LossOptions } from "./loss.js";
import { type ByPosition, byName } from "../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["reduction", "name"] as const;

/** `|t − p|`, averaged over the last axis. @see https://keras.io/api/losses/regression_losses/#meanabsoluteerror-class */
export class MeanAbsoluteError extends ElementwiseLoss {
  static readonly className: string = "MeanAbsoluteError";
  static readonly following: readonly string[] = following;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<LossOptions, typeof following>);
  constructor(options?: LossOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<LossOptions>(MeanAbsoluteError, given);
    super("mean_absolute_error", options);
  }

  protected between(truth: Value, prediction: Value): Value {
    return abs(sub(truth, prediction));
  }
}

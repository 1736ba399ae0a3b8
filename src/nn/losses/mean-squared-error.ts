import type { Value } from "../../graph/value.js";
import { square, sub } from "../../ops/elementwise.js";
import { ElementwiseLoss } from "./elementwise-loss.js";
import type { LossOptions } from "./loss.js";
import { type ByPosition, byName } from "../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["reduction", "name"] as const;

/** `(t − p)²`, averaged over the last axis. @see https://keras.io/api/losses/regression_losses/#meansquarederror-class */
export class MeanSquaredError extends ElementwiseLoss {
  static readonly className: string = "MeanSquaredError";
  static readonly following: readonly string[] = following;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<LossOptions, typeof following>);
  constructor(options?: LossOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<LossOptions>(MeanSquaredError, given);
    super("mean_squared_error", options);
  }

  protected between(truth: Value, prediction: Value): Value {
    return square(sub(truth, prediction));
  }
}

import type { Value } from "../../graph/value.js";
import { softplus } from "../../ops/activations.js";
import { scalarLike } from "../../ops/constants.js";
import { add, mul, sub } from "../../ops/elementwise.js";
import { ElementwiseLoss } from "./elementwise-loss.js";
import type { LossOptions } from "./loss.js";
import { type ByPosition, byName } from "../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["reduction", "name"] as const;

/** `log cosh(p − t)`, without overflow: `x + softplus(−2x) − log 2`, averaged over the last axis. @see https://keras.io/api/losses/regression_losses/#logcosh-class */
export class LogCosh extends ElementwiseLoss {
  static readonly className: string = "LogCosh";
  static readonly following: readonly string[] = following;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<LossOptions, typeof following>);
  constructor(options?: LossOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<LossOptions>(LogCosh, given);
    super("log_cosh", options);
  }

  protected between(truth: Value, prediction: Value): Value {
    const x = sub(prediction, truth);
    return sub(add(x, softplus(mul(x, scalarLike(x, -2)))), scalarLike(x, Math.LN2));
  }
}

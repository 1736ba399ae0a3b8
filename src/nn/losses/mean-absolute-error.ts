import type { Value } from "../../graph/value.js";
import { abs, sub } from "../../ops/elementwise.js";
import { ElementwiseLoss } from "./elementwise-loss.js";
import type { LossOptions } from "./loss.js";

/** `|t − p|`, averaged over the last axis. @see https://keras.io/api/losses/regression_losses/#meanabsoluteerror-class */
export class MeanAbsoluteError extends ElementwiseLoss {
  static readonly className: string = "MeanAbsoluteError";

  constructor(options: LossOptions = {}) {
    super("mean_absolute_error", options);
  }

  protected between(truth: Value, prediction: Value): Value {
    return abs(sub(truth, prediction));
  }
}

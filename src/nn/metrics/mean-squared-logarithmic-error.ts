import type { LossOptions } from "../losses/loss.js";
import { MeanSquaredLogarithmicError as MeanSquaredLogarithmicErrorLoss } from "../losses/mean-squared-logarithmic-error.js";
import { LossMetric } from "./loss-metric.js";

/** The loss of this name as a metric: its mean over all samples. @see https://keras.io/api/metrics/ */
export class MeanSquaredLogarithmicError extends LossMetric {
  static override readonly className: string = "MeanSquaredLogarithmicError";
  static override readonly options: readonly string[] = ["name"];

  /** @param options those of the loss; `name` is the key in logs, default `"mean_squared_logarithmic_error"` */
  constructor(options: Omit<LossOptions, "reduction"> = {}) {
    super("mean_squared_logarithmic_error", options, MeanSquaredLogarithmicErrorLoss);
  }
}

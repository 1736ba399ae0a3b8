import type { LossOptions } from "../losses/loss.js";
import { MeanSquaredLogarithmicError as MeanSquaredLogarithmicErrorLoss } from "../losses/mean-squared-logarithmic-error.js";
import { LossMetric } from "./loss-metric.js";

/** The loss of this name as a metric: its mean over all samples. @see https://keras.io/api/metrics/ */
export class MeanSquaredLogarithmicError extends LossMetric {
  static override readonly className: string = "MeanSquaredLogarithmicError";

  /** @param options those of the loss; `name` is the key in logs, default `"mean_squared_logarithmic_error"` */
  constructor(options: Omit<LossOptions, "reduction"> = {}) {
    super(new MeanSquaredLogarithmicErrorLoss(options), options.name ?? "mean_squared_logarithmic_error");
  }
}

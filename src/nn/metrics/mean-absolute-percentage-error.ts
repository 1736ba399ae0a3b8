import type { LossOptions } from "../losses/loss.js";
import { MeanAbsolutePercentageError as MeanAbsolutePercentageErrorLoss } from "../losses/mean-absolute-percentage-error.js";
import { LossMetric } from "./loss-metric.js";

/** The loss of this name as a metric: its mean over all samples. @see https://keras.io/api/metrics/ */
export class MeanAbsolutePercentageError extends LossMetric {
  static override readonly className: string = "MeanAbsolutePercentageError";
  static override readonly options: readonly string[] = ["name"];

  /** @param options those of the loss; `name` is the key in logs, default `"mean_absolute_percentage_error"` */
  constructor(options: Omit<LossOptions, "reduction"> = {}) {
    super("mean_absolute_percentage_error", options, MeanAbsolutePercentageErrorLoss);
  }
}

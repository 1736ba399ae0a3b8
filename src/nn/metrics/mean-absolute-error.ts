import type { LossOptions } from "../losses/loss.js";
import { MeanAbsoluteError as MeanAbsoluteErrorLoss } from "../losses/mean-absolute-error.js";
import { LossMetric } from "./loss-metric.js";

/** The loss of this name as a metric: its mean over all samples. @see https://keras.io/api/metrics/ */
export class MeanAbsoluteError extends LossMetric {
  static override readonly className: string = "MeanAbsoluteError";
  static override readonly options: readonly string[] = ["name"];

  /** @param options those of the loss; `name` is the key in logs, default `"mean_absolute_error"` */
  constructor(options: Omit<LossOptions, "reduction"> = {}) {
    super("mean_absolute_error", options, MeanAbsoluteErrorLoss);
  }
}

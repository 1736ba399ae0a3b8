import type { LossOptions } from "../losses/loss.js";
import { LogCosh as LogCoshLoss } from "../losses/log-cosh.js";
import { LossMetric } from "./loss-metric.js";

/** The loss of this name as a metric: its mean over all samples. @see https://keras.io/api/metrics/ */
export class LogCoshError extends LossMetric {
  static override readonly className: string = "LogCoshError";
  static override readonly options: readonly string[] = ["name"];

  /** @param options those of the loss; `name` is the key in logs, default `"logcosh"` */
  constructor(options: Omit<LossOptions, "reduction"> = {}) {
    super("logcosh", options, LogCoshLoss);
  }
}

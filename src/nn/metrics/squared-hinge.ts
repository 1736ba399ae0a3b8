import type { LossOptions } from "../losses/loss.js";
import { SquaredHinge as SquaredHingeLoss } from "../losses/squared-hinge.js";
import { LossMetric } from "./loss-metric.js";

/** The loss of this name as a metric: its mean over all samples. @see https://keras.io/api/metrics/ */
export class SquaredHinge extends LossMetric {
  static override readonly className: string = "SquaredHinge";
  static override readonly options: readonly string[] = ["name"];

  /** @param options those of the loss; `name` is the key in logs, default `"squared_hinge"` */
  constructor(options: Omit<LossOptions, "reduction"> = {}) {
    super("squared_hinge", options, SquaredHingeLoss);
  }
}

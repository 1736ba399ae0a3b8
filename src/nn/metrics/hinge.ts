import type { LossOptions } from "../losses/loss.js";
import { Hinge as HingeLoss } from "../losses/hinge.js";
import { LossMetric } from "./loss-metric.js";

/** The loss of this name as a metric: its mean over all samples. @see https://keras.io/api/metrics/ */
export class Hinge extends LossMetric {
  static override readonly className: string = "Hinge";
  static override readonly options: readonly string[] = ["name"];

  /** @param options those of the loss; `name` is the key in logs, default `"hinge"` */
  constructor(options: Omit<LossOptions, "reduction"> = {}) {
    super("hinge", options, HingeLoss);
  }
}

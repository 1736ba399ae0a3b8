import type { LossOptions } from "../losses/loss.js";
import { CategoricalHinge as CategoricalHingeLoss } from "../losses/categorical-hinge.js";
import { LossMetric } from "./loss-metric.js";

/** The loss of this name as a metric: its mean over all samples. @see https://keras.io/api/metrics/ */
export class CategoricalHinge extends LossMetric {
  static override readonly className: string = "CategoricalHinge";
  static override readonly options: readonly string[] = ["name"];

  /** @param options those of the loss; `name` is the key in logs, default `"categorical_hinge"` */
  constructor(options: Omit<LossOptions, "reduction"> = {}) {
    super("categorical_hinge", options, CategoricalHingeLoss);
  }
}

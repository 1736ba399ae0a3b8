import type { LossOptions } from "../losses/loss.js";
import { Poisson as PoissonLoss } from "../losses/poisson.js";
import { LossMetric } from "./loss-metric.js";

/** The loss of this name as a metric: its mean over all samples. @see https://keras.io/api/metrics/ */
export class Poisson extends LossMetric {
  static override readonly className: string = "Poisson";
  static override readonly options: readonly string[] = ["name"];

  /** @param options those of the loss; `name` is the key in logs, default `"poisson"` */
  constructor(options: Omit<LossOptions, "reduction"> = {}) {
    super("poisson", options, PoissonLoss);
  }
}

import type { LossOptions } from "../losses/loss.js";
import { KLDivergence as KLDivergenceLoss } from "../losses/kl-divergence.js";
import { LossMetric } from "./loss-metric.js";

/** The loss of this name as a metric: its mean over all samples. @see https://keras.io/api/metrics/ */
export class KLDivergence extends LossMetric {
  static override readonly className: string = "KLDivergence";
  static override readonly options: readonly string[] = ["name"];

  /** @param options those of the loss; `name` is the key in logs, default `"kl_divergence"` */
  constructor(options: Omit<LossOptions, "reduction"> = {}) {
    super("kl_divergence", options, KLDivergenceLoss);
  }
}

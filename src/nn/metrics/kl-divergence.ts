import type { LossOptions } from "../losses/loss.js";
import { KLDivergence as KLDivergenceLoss } from "../losses/kl-divergence.js";
import { LossMetric } from "./loss-metric.js";
import { type ByPosition, byName } from "../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["name"] as const;

/** The loss of this name as a metric: its mean over all samples. @see https://keras.io/api/metrics/ */
export class KLDivergence extends LossMetric {
  static override readonly className: string = "KLDivergence";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = ["name"];

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<Omit<LossOptions, "reduction">, typeof following>);
  /** @param options those of the loss; `name` is the key in logs, default `"kl_divergence"` */
  constructor(options?: Omit<LossOptions, "reduction">);
  constructor(...given: readonly unknown[]) {
    const options = byName<Omit<LossOptions, "reduction">>(KLDivergence, given);
    super("kl_divergence", options, KLDivergenceLoss);
  }
}

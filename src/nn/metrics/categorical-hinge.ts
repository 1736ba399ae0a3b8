import type { LossOptions } from "../losses/loss.js";
import { CategoricalHinge as CategoricalHingeLoss } from "../losses/categorical-hinge.js";
import { LossMetric } from "./loss-metric.js";
import { type ByPosition, byName } from "../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["name"] as const;

/** The loss of this name as a metric: its mean over all samples. @see https://keras.io/api/metrics/ */
export class CategoricalHinge extends LossMetric {
  static override readonly className: string = "CategoricalHinge";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = ["name"];

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<Omit<LossOptions, "reduction">, typeof following>);
  /** @param options those of the loss; `name` is the key in logs, default `"categorical_hinge"` */
  constructor(options?: Omit<LossOptions, "reduction">);
  constructor(...given: readonly unknown[]) {
    const options = byName<Omit<LossOptions, "reduction">>(CategoricalHinge, given);
    super("categorical_hinge", options, CategoricalHingeLoss);
  }
}

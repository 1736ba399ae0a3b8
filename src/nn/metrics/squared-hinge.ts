import type { LossOptions } from "../losses/loss.js";
import { SquaredHinge as SquaredHingeLoss } from "../losses/squared-hinge.js";
import { LossMetric } from "./loss-metric.js";
import { type ByPosition, byName } from "../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["name"] as const;

/** The loss of this name as a metric: its mean over all samples. @see https://keras.io/api/metrics/ */
export class SquaredHinge extends LossMetric {
  static override readonly className: string = "SquaredHinge";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = ["name"];

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<Omit<LossOptions, "reduction">, typeof following>);
  /** @param options those of the loss; `name` is the key in logs, default `"squared_hinge"` */
  constructor(options?: Omit<LossOptions, "reduction">);
  constructor(...given: readonly unknown[]) {
    const options = byName<Omit<LossOptions, "reduction">>(SquaredHinge, given);
    super("squared_hinge", options, SquaredHingeLoss);
  }
}

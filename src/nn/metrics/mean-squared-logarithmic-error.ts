import type { LossOptions } from "../losses/loss.js";
import { MeanSquaredLogarithmicError as MeanSquaredLogarithmicErrorLoss } from "../losses/mean-squared-logarithmic-error.js";
import { LossMetric } from "./loss-metric.js";
import { type ByPosition, byName } from "../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["name"] as const;

/** The loss of this name as a metric: its mean over all samples. @see https://keras.io/api/metrics/ */
export class MeanSquaredLogarithmicError extends LossMetric {
  static override readonly className: string = "MeanSquaredLogarithmicError";
  static readonly following: readonly string[] = following;
  static override readonly options: readonly string[] = ["name"];

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<Omit<LossOptions, "reduction">, typeof following>);
  /** @param options those of the loss; `name` is the key in logs, default `"mean_squared_logarithmic_error"` */
  constructor(options?: Omit<LossOptions, "reduction">);
  constructor(...given: readonly unknown[]) {
    const options = byName<Omit<LossOptions, "reduction">>(MeanSquaredLogarithmicError, given);
    super("mean_squared_logarithmic_error", options, MeanSquaredLogarithmicErrorLoss);
  }
}

import type { Value } from "../../graph/value.js";
import { mul } from "../../ops/elementwise.js";
import { reduceSum } from "../../ops/reduction.js";
import { type MetricSums } from "./metric.js";
import { ToldMetric } from "./told-metric.js";
import { type ByPosition, byName } from "../named.js";

/** Options of {@link Mean}. */
export interface MeanOptions {
  /** Default `"mean"`. */
  readonly name?: string | undefined;
}

/** Options that may follow by position, in Keras's order. */
const following = ["name"] as const;

/**
 * The mean of numbers that it is told, such as the losses of the steps of a loop of one's own.
 *
 * @see https://keras.io/api/metrics/reduction_metrics/#mean-class
 *
 * @example
 * ```ts
 * import { metrics } from "graft-ml";
 *
 * const mean = new metrics.Mean({ name: "loss" });
 * await mean.updateState(1);
 * await mean.updateState([3, 5]);
 * console.log(mean.result()); // → 3
 * ```
 */
export class Mean extends ToldMetric {
  static readonly className: string = "Mean";
  static readonly following: readonly string[] = following;
  protected override readonly reduction = "mean";

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<MeanOptions, typeof following>);
  /** @throws UsageError for an option that it does not have */
  constructor(options?: MeanOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<MeanOptions>(Mean, given);
    super(options);
  }

  /** Followed in `fit`, it is the mean of the model's outputs. */
  override state(_truth: Value, prediction: Value, sampleWeight: Value): Readonly<Record<string, Value>> {
    return {
      total: reduceSum(mul(prediction, sampleWeight), undefined, { keepdims: 0 }),
      count: reduceSum(sampleWeight, undefined, { keepdims: 0 }),
    };
  }

  override figure({ total, count }: MetricSums): number {
    const counted = count?.[0] ?? 0;
    return counted === 0 ? 0 : (total?.[0] ?? 0) / counted;
  }
}

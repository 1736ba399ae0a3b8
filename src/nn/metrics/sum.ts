import type { Value } from "../../graph/value.js";
import { mul } from "../../ops/elementwise.js";
import { reduceSum } from "../../ops/reduction.js";
import { type MetricSums } from "./metric.js";
import { ToldMetric } from "./told-metric.js";
import { type ByPosition, byName } from "../named.js";

/** Options of {@link Sum}. */
export interface SumOptions {
  /** Default `"sum"`. */
  readonly name?: string | undefined;
}

/** Options that may follow by position, in Keras's order. */
const following = ["name"] as const;

/**
 * The sum of numbers that it is told.
 *
 * @see https://keras.io/api/metrics/reduction_metrics/#sum-class
 *
 * @example
 * ```ts
 * import { metrics } from "graft-ml";
 *
 * const sum = new metrics.Sum();
 * await sum.updateState([1, 3, 5, 7]);
 * console.log(sum.result()); // → 16
 * ```
 */
export class Sum extends ToldMetric {
  static readonly className: string = "Sum";
  static readonly following: readonly string[] = following;
  protected override readonly reduction = "sum";

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<SumOptions, typeof following>);
  /** @throws UsageError for an option that it does not have */
  constructor(options?: SumOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<SumOptions>(Sum, given);
    super(options);
  }

  /** Followed in `fit`, it is the sum of the model's outputs. */
  override state(_truth: Value, prediction: Value, sampleWeight: Value): Readonly<Record<string, Value>> {
    return { total: reduceSum(mul(prediction, sampleWeight), undefined, { keepdims: 0 }) };
  }

  override figure({ total }: MetricSums): number {
    return total?.[0] ?? 0;
  }
}

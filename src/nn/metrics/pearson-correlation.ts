import type { Value } from "../../graph/value.js";
import { div, mul, sqrt, square, sub } from "../../ops/elementwise.js";
import { reduceMean } from "../../ops/reduction.js";
import { BaseCorrelation, type CorrelationOptions } from "./base-correlation.js";
import { type ByPosition, byName } from "../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["name", "dtype", "axis"] as const;

/**
 * Pearson's correlation along an axis; not a number where labels or predictions are all alike.
 *
 * @see https://keras.io/api/metrics/regression_metrics/
 */
export class PearsonCorrelation extends BaseCorrelation {
  static readonly className: string = "PearsonCorrelation";
  static readonly following: readonly string[] = following;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<CorrelationOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: CorrelationOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<CorrelationOptions>(PearsonCorrelation, given);
    super("pearson_correlation", options);
  }

  protected correlation(truth: Value, prediction: Value, axis: number): Value {
    const normal = (x: Value): Value => {
      const centered = sub(x, reduceMean(x, [axis], { keepdims: 1 }));
      return div(centered, sqrt(reduceMean(square(centered), [axis], { keepdims: 1 })));
    };
    return reduceMean(mul(normal(truth), normal(prediction)), [axis], { keepdims: 0 });
  }
}

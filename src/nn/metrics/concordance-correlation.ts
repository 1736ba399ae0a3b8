import type { Value } from "../../graph/value.js";
import { scalarLike } from "../../ops/constants.js";
import { add, div, mul, square, sub } from "../../ops/elementwise.js";
import { reduceMean } from "../../ops/reduction.js";
import { BaseCorrelation, type CorrelationOptions } from "./base-correlation.js";
import { type ByPosition, byName } from "../named.js";

/** Options that may follow by position, in Keras's order. */
const following = ["name", "dtype", "axis"] as const;

/**
 * How well predictions agree with labels along an axis, in position and scale:
 * `2 · mean of (t − p̄)(p − p̄) / (Var t + Var p + (t̄ − p̄)²)`, as Keras writes it.
 *
 * @see https://keras.io/api/metrics/regression_metrics/
 */
export class ConcordanceCorrelation extends BaseCorrelation {
  static readonly className: string = "ConcordanceCorrelation";
  static readonly following: readonly string[] = following;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<CorrelationOptions, typeof following>);
  /** @throws UsageError when an option is not usable */
  constructor(options?: CorrelationOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<CorrelationOptions>(ConcordanceCorrelation, given);
    super("concordance_correlation", options);
  }

  protected correlation(truth: Value, prediction: Value, axis: number): Value {
    const mean = (x: Value): Value => reduceMean(x, [axis], { keepdims: 1 });
    const [ofTruth, ofPrediction] = [mean(truth), mean(prediction)];
    const variance = (x: Value, center: Value): Value => mean(square(sub(x, center)));
    const together = mul(sub(truth, ofPrediction), sub(prediction, ofPrediction));
    const norm = add(
      add(variance(truth, ofTruth), variance(prediction, ofPrediction)),
      square(sub(ofTruth, ofPrediction)),
    );
    const parts = div(mul(together, scalarLike(together, 2)), add(norm, scalarLike(norm, 1e-7)));
    return reduceMean(parts, [axis], { keepdims: 0 });
  }
}

import { checkOptionNames, numberWithin } from "../../errors/check.js";
import { type Value } from "../../graph/value.js";
import { greater, where } from "../../ops/comparison.js";
import { scalarLike } from "../../ops/constants.js";

/** Options of {@link threshold}. */
export interface ThresholdOptions {
  /** Where the function jumps. */
  readonly threshold: number;
  /** The value up to there. */
  readonly defaultValue: number;
}

/**
 * `x` above the threshold, `defaultValue` elsewhere.
 *
 * @see https://keras.io/api/layers/activations/
 */
export function threshold(x: Value, options: ThresholdOptions): Value {
  checkOptionNames("threshold", options, ["threshold", "defaultValue"]);
  const { threshold, defaultValue } = options;
  numberWithin("threshold", "threshold", threshold);
  numberWithin("threshold", "defaultValue", defaultValue);
  return where(greater(x, scalarLike(x, threshold)), x, scalarLike(x, defaultValue));
}

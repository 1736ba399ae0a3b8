import { checkOptionNames, numberWithin } from "../../errors/check.js";
import { type Value } from "../../graph/value.js";
import { greater, where } from "../../ops/comparison.js";
import { scalarLike } from "../../ops/constants.js";
import { abs } from "../../ops/elementwise.js";

/** Options of {@link hardShrink}. */
export interface HardShrinkOptions {
  /** Half the width of the flat part; default 0.5. */
  readonly threshold?: number;
}

/**
 * `x` where `|x| > threshold`, 0 elsewhere.
 *
 * @see https://keras.io/api/layers/activations/
 */
export function hardShrink(x: Value, options: HardShrinkOptions = {}): Value {
  checkOptionNames("hardShrink", options, ["threshold"]);
  const { threshold = 0.5 } = options;
  numberWithin("hardShrink", "threshold", threshold);
  return where(greater(abs(x), scalarLike(x, threshold)), x, scalarLike(x, 0));
}

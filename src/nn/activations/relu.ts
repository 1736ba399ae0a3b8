import { checkOptionNames, numberWithin } from "../../errors/check.js";
import { type Value } from "../../graph/value.js";
import { relu as reluOp } from "../../ops/activations.js";
import { greater, where } from "../../ops/comparison.js";
import { scalarLike } from "../../ops/constants.js";
import { clip, min, mul, sub } from "../../ops/elementwise.js";

/** Options of {@link relu}. */
export interface ReluOptions {
  /** Slope below the threshold; default 0. */
  readonly negativeSlope?: number;
  /** Upper bound; default none. */
  readonly maxValue?: number | undefined;
  /** Where the function begins to rise; default 0. */
  readonly threshold?: number;
}

/**
 * `max(x, 0)`; with options: `min(x, maxValue)` from the threshold on, `negativeSlope · (x − threshold)` below.
 *
 * @see https://keras.io/api/layers/activations/
 */
export function relu(x: Value, options: ReluOptions = {}): Value {
  checkOptionNames("relu", options, ["negativeSlope", "maxValue", "threshold"]);
  const { negativeSlope = 0, maxValue, threshold = 0 } = options;
  numberWithin("relu", "negativeSlope", negativeSlope);
  if (maxValue !== undefined) numberWithin("relu", "maxValue", maxValue);
  numberWithin("relu", "threshold", threshold);
  const number = (value: number): Value => scalarLike(x, value);
  if (threshold === 0 && negativeSlope === 0) {
    return maxValue === undefined ? reluOp(x) : clip(x, 0, maxValue);
  }
  const capped = maxValue === undefined ? x : min([x, number(maxValue)]);
  const below = mul(number(negativeSlope), sub(x, number(threshold)));
  return where(greater(x, number(threshold)), capped, below);
}

import { checkOptionNames, numberWithin } from "../../errors/check.js";
import { type Value } from "../../graph/value.js";
import { clip, sub } from "../../ops/elementwise.js";

/** Options of {@link softShrink}. */
export interface SoftShrinkOptions {
  /** Half the width of the flat part; default 0.5. */
  readonly threshold?: number;
}

/**
 * `x − threshold` above the threshold, `x + threshold` below its negative, 0 between.
 *
 * @see https://keras.io/api/layers/activations/
 */
export function softShrink(x: Value, options: SoftShrinkOptions = {}): Value {
  checkOptionNames("softShrink", options, ["threshold"]);
  const { threshold = 0.5 } = options;
  numberWithin("softShrink", "threshold", threshold);
  // Without branches: what the clipped part takes away.
  return sub(x, clip(x, -threshold, threshold));
}

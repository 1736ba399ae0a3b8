import { checkOptionNames, numberWithin } from "../../errors/check.js";
import { type Value } from "../../graph/value.js";
import { leakyRelu as leakyReluOp } from "../../ops/activations.js";

/** Options of {@link leakyRelu}. */
export interface LeakyReluOptions {
  /** Slope below 0; default 0.2. */
  readonly negativeSlope?: number;
}

/**
 * `x` above 0, `negativeSlope · x` below.
 *
 * @see https://keras.io/api/layers/activations/
 */
export function leakyRelu(x: Value, options: LeakyReluOptions = {}): Value {
  checkOptionNames("leakyRelu", options, ["negativeSlope"]);
  const { negativeSlope = 0.2 } = options;
  numberWithin("leakyRelu", "negativeSlope", negativeSlope);
  return leakyReluOp(x, { alpha: negativeSlope });
}

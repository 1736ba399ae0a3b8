import { checkOptionNames, numberWithin } from "../../errors/check.js";
import { type Value } from "../../graph/value.js";
import { elu } from "../../ops/activations.js";
import { scalarLike } from "../../ops/constants.js";
import { div, mul } from "../../ops/elementwise.js";

/** Options of {@link celu}. */
export interface CeluOptions {
  /** Minus the limit for small inputs; default 1. */
  readonly alpha?: number;
}

/**
 * `max(x, 0) + alpha · (e^(min(x, 0) / alpha) − 1)`.
 *
 * @see https://arxiv.org/abs/1704.07483
 */
export function celu(x: Value, options: CeluOptions = {}): Value {
  checkOptionNames("celu", options, ["alpha"]);
  const { alpha = 1 } = options;
  numberWithin("celu", "alpha", alpha);
  // elu(x / α) · α: the same function, with one operator of the runtime.
  const factor = scalarLike(x, alpha);
  return mul(elu(div(x, factor)), factor);
}

import { checkOptionNames, numberWithin } from "../../errors/check.js";
import { type Value } from "../../graph/value.js";
import { elu as eluOp } from "../../ops/activations.js";

/** Options of {@link elu}. */
export interface EluOptions {
  /** Minus the limit for small inputs; default 1. */
  readonly alpha?: number;
}

/**
 * `x` above 0, `alpha · (eˣ − 1)` below.
 *
 * @see https://arxiv.org/abs/1511.07289
 */
export function elu(x: Value, options: EluOptions = {}): Value {
  checkOptionNames("elu", options, ["alpha"]);
  const { alpha = 1 } = options;
  numberWithin("elu", "alpha", alpha);
  return eluOp(x, { alpha });
}

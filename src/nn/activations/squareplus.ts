import { checkOptionNames, numberWithin } from "../../errors/check.js";
import { type Value } from "../../graph/value.js";
import { scalarLike } from "../../ops/constants.js";
import { add, mul, sqrt, square } from "../../ops/elementwise.js";

/** Options of {@link squareplus}. */
export interface SquareplusOptions {
  /** Smoothness; default 4. */
  readonly b?: number;
}

/**
 * `(x + √(x² + b)) / 2`.
 *
 * @see https://arxiv.org/abs/2112.11687
 */
export function squareplus(x: Value, options: SquareplusOptions = {}): Value {
  checkOptionNames("squareplus", options, ["b"]);
  const { b = 4 } = options;
  numberWithin("squareplus", "b", b);
  const root = sqrt(add(square(x), scalarLike(x, b)));
  return mul(add(x, root), scalarLike(x, 0.5));
}

import { checkOptionNames } from "../../errors/check.js";
import { type Value } from "../../graph/value.js";
import { tanh } from "../../ops/activations.js";
import { scalarLike } from "../../ops/constants.js";
import { add, erf, mul, square } from "../../ops/elementwise.js";

/** Options of {@link gelu}. */
export interface GeluOptions {
  /** Whether to use tanh in place of erf; default `false`. */
  readonly approximate?: boolean;
}

/**
 * `x · Φ(x)` with the normal distribution's Φ: `x / 2 · (1 + erf(x / √2))`; approximate: `x / 2 · (1 + tanh(√(2/π) · (x + 0.044715 x³)))`.
 *
 * @see https://arxiv.org/abs/1606.08415
 */
export function gelu(x: Value, options: GeluOptions = {}): Value {
  checkOptionNames("gelu", options, ["approximate"]);
  const { approximate = false } = options;
  const number = (value: number): Value => scalarLike(x, value);
  const bent = approximate
    ? tanh(mul(number(Math.sqrt(2 / Math.PI)), add(x, mul(number(0.044715), mul(x, square(x))))))
    : erf(mul(x, number(Math.SQRT1_2)));
  return mul(mul(x, number(0.5)), add(bent, number(1)));
}

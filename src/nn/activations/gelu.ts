import { checkOptionNames } from "../../errors/check.js";
import type { Value } from "../../graph/value.js";
import { gelu as geluOp } from "../../ops/activations.js";

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
  return geluOp(x, { approximate: options.approximate === true ? "tanh" : "none" });
}

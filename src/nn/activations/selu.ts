import { type Value } from "../../graph/value.js";
import { selu as seluOp } from "../../ops/activations.js";

/**
 * `scale · x` above 0, `scale · α · (eˣ − 1)` below, with α = 1.6733 and scale = 1.0507.
 *
 * @see https://arxiv.org/abs/1706.02515
 */
export function selu(x: Value): Value {
  return seluOp(x);
}

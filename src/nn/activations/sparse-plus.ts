import { type Value } from "../../graph/value.js";
import { less, lessOrEqual, where } from "../../ops/comparison.js";
import { scalarLike } from "../../ops/constants.js";
import { add, mul, square } from "../../ops/elementwise.js";

/**
 * 0 below −1, `(x + 1)² / 4` up to 1, `x` above.
 *
 * @see https://keras.io/api/layers/activations/
 */
export function sparsePlus(x: Value): Value {
  const bent = mul(square(add(x, scalarLike(x, 1))), scalarLike(x, 0.25));
  return where(lessOrEqual(x, scalarLike(x, -1)), scalarLike(x, 0), where(less(x, scalarLike(x, 1)), bent, x));
}

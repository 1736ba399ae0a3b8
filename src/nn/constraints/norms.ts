import { normalizeAxis } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { scalarLike } from "../../ops/constants.js";
import { add, sqrt } from "../../ops/elementwise.js";
import { reduceSumSquare } from "../../ops/reduction.js";

/** One axis or several. */
export type Axes = number | readonly number[];

/** Euclidean norms along axes, which stay with extent 1, and the same with Keras's 1e-7 added for division. */
export function norms(weight: Value, axis: Axes): { readonly norm: Value; readonly divisor: Value } {
  const axes = (typeof axis === "number" ? [axis] : axis).map((one) => normalizeAxis(one, weight.rank, "constraint"));
  const norm = sqrt(reduceSumSquare(weight, axes, { keepdims: 1 }));
  return { norm, divisor: add(norm, scalarLike(weight, 1e-7)) };
}

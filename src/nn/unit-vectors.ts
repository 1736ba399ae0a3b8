import type { Value } from "../graph/value.js";
import { scalarLike } from "../ops/constants.js";
import { div, max, sqrt } from "../ops/elementwise.js";
import { reduceSumSquare } from "../ops/reduction.js";

/** Vectors along some axes of the graph, scaled to Euclidean length 1; those shorter than `least` are divided by that. */
export function unitVectors(x: Value, axes: readonly number[], least = 1e-7): Value {
  const squares = reduceSumSquare(x, axes, { keepdims: 1 });
  return div(x, sqrt(max([squares, scalarLike(x, least * least)])));
}

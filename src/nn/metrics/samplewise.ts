import type { Value } from "../../graph/value.js";
import { scalarLike } from "../../ops/constants.js";
import { mul } from "../../ops/elementwise.js";
import { reduceMean, reduceSum } from "../../ops/reduction.js";
import { expandTo } from "../../ops/shape-of.js";
import { matched } from "../own-figures.js";

/** Sums of numbers that a metric is told, and of what counts. */
export interface SamplewiseSums {
  /** Scalar. */
  readonly total: Value;
  /** Scalar: the weights, or the number of samples. */
  readonly count: Value;
}

/**
 * Sums of numbers over samples, as Keras's reduction metrics form them: axes that weights do not have are reduced first, and then
 * all but the first.
 *
 * @param values in Keras's order of axes
 * @param weights of the same shape, of its first axes, or of one that broadcasts to it; default: all samples count alike
 * @param reduction how the axes of a sample are reduced
 * @see https://keras.io/api/metrics/reduction_metrics/
 */
export function samplewiseSums(values: Value, weights: Value | undefined, reduction: "mean" | "sum"): SamplewiseSums {
  const reduced = (x: Value, from: number): Value => {
    const axes = x.shape.map((_, axis) => axis).slice(from);
    if (axes.length === 0) return x;
    return reduction === "mean" ? reduceMean(x, axes, { keepdims: 0 }) : reduceSum(x, axes, { keepdims: 0 });
  };
  const sum = (x: Value): Value => (x.rank === 0 ? x : reduceSum(x, undefined, { keepdims: 0 }));
  if (weights === undefined) {
    const samples = reduced(values, 1);
    return { total: sum(samples), count: sum(expandTo(scalarLike(samples, 1), samples)) };
  }
  const [numbers, counts] = matched(values, weights);
  const like = reduced(numbers, counts.rank);
  const each = expandTo(counts, like);
  return { total: sum(reduced(mul(like, each), 1)), count: sum(reduced(each, 1)) };
}

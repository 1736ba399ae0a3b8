import { normalizeAxis } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { expandTo } from "../../ops/shape-of.js";
import { reduceMean, reduceSum } from "../../ops/reduction.js";

/**
 * A sum over some axes in Keras's order, or all of them, for losses of overlap.
 *
 * @returns without the axes
 */
export function overlapSum(x: Value, axis: readonly number[] | undefined, owner: string): Value {
  const axes = axis?.map((one) => normalizeAxis(one, x.rank, owner));
  return reduceSum(x, axes, { keepdims: 0 });
}

/** A loss of the whole batch as the loss of each sample. */
export function forEachSample(loss: Value, prediction: Value): Value {
  if (loss.rank > 0) return loss;
  const others = prediction.shape.map((_, axis) => axis).slice(1);
  return expandTo(loss, reduceMean(prediction, others, { keepdims: 0 }));
}

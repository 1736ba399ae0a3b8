import type { Shape } from "../graph/shape.js";
import { sameShape } from "../graph/shape.js";
import type { Value } from "../graph/value.js";
import { reduceSum } from "../ops/reduction.js";
import { reshapeTo } from "../ops/reshape.js";

/**
 * Undoes broadcasting: sums a cotangent over the axes along which a value of the given shape was repeated.
 *
 * @param cotangent of a shape to which `shape` broadcasts
 * @param shape the shape of the value before it was broadcast
 */
export function sumToShape(cotangent: Value, shape: Shape): Value {
  if (sameShape(cotangent.shape, shape)) return cotangent;
  const added = cotangent.rank - shape.length;
  const axes = cotangent.shape.flatMap((dim, axis) =>
    axis < added || (shape[axis - added] === 1 && dim !== 1) ? [axis] : [],
  );
  if (axes.length === 0) return cotangent;
  const summed = reduceSum(cotangent, axes, { keepdims: 1 });
  return added === 0 ? summed : reshapeTo(summed, shape);
}

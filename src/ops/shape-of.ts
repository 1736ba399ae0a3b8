import { sameShape } from "../graph/shape.js";
import { staticShape, type Value } from "../graph/value.js";
import { integers, scalar, scalarLike } from "./constants.js";
import { mul } from "./elementwise.js";
import { expand, shapeOp } from "./layout.js";
import { reshape } from "./reshape.js";

/** The shape of a value as an int64 value: a constant where it is known, otherwise taken when the graph runs. */
export function shapeOf(value: Value): Value {
  const dims = staticShape(value);
  return dims === undefined ? shapeOp(value) : integers(dims);
}

/** Repeats `x` along axes of extent 1 to the shape of `target`. */
export function expandTo(x: Value, target: Value): Value {
  return sameShape(x.shape, target.shape) ? x : expand(x, shapeOf(target));
}

/** How many elements the given axes span when the graph runs: a scalar int64. */
export function sizeOf(value: Value, axes: readonly number[]): Value {
  const extents = axes.map((axis) => shapeOp(value, { start: axis, end: axis + 1 }));
  const product = extents.reduce<Value | undefined>(
    (total, extent) => (total ? mul(total, extent) : extent),
    undefined,
  );
  return product === undefined ? scalar("int64", 1) : reshape(product, integers([]));
}

/** Zeros of the type and shape of a value. */
export function zerosLike(value: Value): Value {
  return value.rank === 0 ? scalarLike(value, 0) : expand(scalarLike(value, 0), shapeOf(value));
}

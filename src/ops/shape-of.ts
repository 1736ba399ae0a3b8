import { ShapeError } from "../errors/errors.js";
import { dimProduct, dimQuotient, formatShape, sameShape, type Shape } from "../graph/shape.js";
import { staticShape, type Value } from "../graph/value.js";
import { integers, scalar, scalarLike } from "./constants.js";
import { mul } from "./elementwise.js";
import { expand, reshape, shapeOp } from "./layout.js";

/** The shape of a value as an int64 value: a constant where it is known, otherwise taken when the graph runs. */
export function shapeOf(value: Value): Value {
  const dims = staticShape(value);
  return dims === undefined ? shapeOp(value) : integers(dims);
}

/**
 * What Reshape must be told to make `shape` of `from`, or `undefined` where too little is known or the number of elements
 * differs. In ONNX 0 copies the extent of the input at the same place, and -1 is what is left.
 */
function reshapeTarget(from: Shape, shape: Shape): readonly number[] | undefined {
  const target = shape.map((dim, axis) => (typeof dim === "number" ? dim : dim === from[axis] ? 0 : -1));
  const unknown = target.filter((extent) => extent === -1).length;
  return unknown > 1 || dimQuotient(dimProduct(from), dimProduct(shape)) !== 1 ? undefined : target;
}

/** Whether {@link reshapeTo} can make `shape` of a value of shape `from`. */
export function canReshape(from: Shape, shape: Shape): boolean {
  return sameShape(from, shape) || reshapeTarget(from, shape) !== undefined;
}

/**
 * Reshapes to extents of which some may be known only when the graph runs.
 *
 * @throws ShapeError when two or more extents are unknown and differ from those of `x` at the same place
 */
export function reshapeTo(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  const target = reshapeTarget(x.shape, shape);
  if (target === undefined) {
    throw new ShapeError(
      "Reshape: the shapes do not hold the same number of elements, or too little is known of them.",
      {
        subject: "Reshape",
        expected: `as many elements as ${formatShape(x.shape)}`,
        received: formatShape(shape),
      },
    );
  }
  return reshape(x, integers(target));
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

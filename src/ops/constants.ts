import { allocate, type ElementType, int64 } from "../onnx/tensor-data.js";
import { constant, type Value } from "../graph/value.js";

/** A scalar constant. */
export function scalar(type: ElementType, number: number): Value {
  const data = allocate(type, 1);
  if (data instanceof BigInt64Array) data[0] = BigInt(number);
  else data[0] = number;
  return constant({ type, dims: [], data });
}

/** A scalar constant of the element type of `value`. */
export function scalarLike(value: Value, number: number): Value {
  return scalar(value.type, number);
}

/** A one-dimensional int64 constant: axes, shapes, pads. */
export function integers(values: readonly number[]): Value {
  return constant(int64(values));
}

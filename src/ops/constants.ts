import { ShapeError, UsageError } from "../errors/errors.js";
import { constant, constantData, type Value } from "../graph/value.js";
import { allocate, type ElementType, int64 } from "../onnx/tensor-data.js";

/**
 * A scalar constant.
 *
 * @throws UsageError for float16, in which graphs do not compute: files in it are widened when they are read
 */
export function scalar(type: ElementType, number: number): Value {
  if (type === "float16") {
    throw new UsageError("Formulas are not written in float16.", {
      subject: "float16",
      expected: "float32",
      received: type,
      advice: "Cast the values to float32 first.",
    });
  }
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

/**
 * The numbers of an input that must be constant: axes, pads, repeats.
 *
 * @param operator whose input it is, for messages
 * @param name the input's name, for messages
 * @throws ShapeError when the value is computed or fed when the graph runs
 */
export function constantIntegers(value: Value, operator: string, name: string): readonly number[] {
  const data = constantData(value);
  if (data === undefined) {
    throw new ShapeError(`${operator}: the input "${name}" must be known when the graph is built.`, {
      subject: operator,
      expected: "a constant",
      received: value.source.kind === "node" ? `the result of ${value.source.node.op}` : "an input of the graph",
    });
  }
  return Array.from(data.data as BigInt64Array | Int32Array, Number);
}

import { refuse, show } from "../../errors/check.js";
import { ShapeError } from "../../errors/errors.js";
import { constant, Value } from "../../graph/value.js";
import { elementCount, type ElementType, float32 } from "../../onnx/tensor-data.js";
import { cast } from "../../ops/layout.js";
import { asFloat, asType, promoted } from "./operand.js";
import type { Computable, OperationRow } from "./operation.js";

/* Shorter ways to write rows. */

/** A tensor or a single number. */
export type Numeric = Value | number | boolean;

/** An argument that must be a tensor or a number. */
export function numeric(argument: Computable | undefined): Numeric {
  if (argument instanceof Value || typeof argument === "number" || typeof argument === "boolean") return argument;
  const list = Array.isArray(argument) ? arrayOf(argument as readonly Computable[]) : undefined;
  if (list !== undefined) return list;
  throw new ShapeError("an argument is missing, or none to compute with.", {
    subject: "argument",
    expected: "a tensor or a number",
    received: show(argument ?? null),
  });
}

/** Nested lists of numbers as an array, of int32 where all are whole, as in Keras; `undefined` for other lists. */
function arrayOf(list: readonly Computable[]): Value | undefined {
  const dims: number[] = [];
  for (let part: Computable | undefined = list; Array.isArray(part); part = (part as readonly Computable[])[0]) {
    dims.push((part as readonly Computable[]).length);
  }
  const elements = (list as readonly unknown[]).flat(Infinity as 1);
  const fits =
    elements.every((one): one is number => typeof one === "number") && elements.length === elementCount(dims);
  if (!fits) return undefined;
  const isWhole = elements.every((one) => Number.isInteger(one));
  return constant(isWhole ? { type: "int32", dims, data: Int32Array.from(elements) } : float32(elements, dims));
}

/** An argument as a value; numbers become float32, or int32 where they are whole and `whole` is so. */
export function value(argument: Computable | undefined): Value {
  const given = numeric(argument);
  if (given instanceof Value) return given;
  return asType(given, typeof given === "boolean" ? "bool" : "float32");
}

/** An argument as a value that holds fractions. */
export function float(argument: Computable | undefined): Value {
  return asFloat(numeric(argument));
}

/** An argument that must be a list of tensors. */
export function values(argument: Computable | undefined): readonly Value[] {
  if (!Array.isArray(argument) || argument.length === 0) {
    throw new ShapeError("the first argument is no list of tensors.", {
      subject: "argument",
      expected: "a list of one tensor or more",
      received: argument instanceof Value ? "a tensor" : show(argument ?? null),
    });
  }
  return promoted((argument as readonly Computable[]).map(numeric));
}

/** Several arguments in their common type. */
export function together(args: readonly (Computable | undefined)[]): readonly [Value, Value, ...Value[]] {
  return promoted(args.map(numeric)) as [Value, Value, ...Value[]];
}

/** A row of a function of the elements of one tensor. */
export function ofElements(
  name: string,
  className: string,
  module: string,
  compute: (x: Value) => Value,
  convert: (argument: Computable | undefined) => Value = float,
): OperationRow {
  return {
    name,
    className,
    module,
    call: ["x"],
    options: {},
    isElementwise: true,
    compute: ([x]) => compute(convert(x)),
  };
}

/** A row of a function of the elements of two tensors, in their common type. */
export function ofPairs(name: string, className: string, compute: (a: Value, b: Value) => Value): OperationRow {
  return {
    name,
    className,
    module: "numpy",
    call: ["x1", "x2"],
    options: {},
    isElementwise: true,
    compute: (args) => {
      const [a, b] = together(args);
      return compute(a, b);
    },
  };
}

const types: Readonly<Record<string, ElementType>> = {
  float32: "float32",
  float64: "float64",
  int64: "int64",
  int32: "int32",
  int8: "int8",
  uint8: "uint8",
  bool: "bool",
};

/** An element type by its name in Keras. */
export function elementType(owner: string, name: unknown): ElementType {
  const known = typeof name === "string" && Object.hasOwn(types, name) ? types[name] : undefined;
  if (known !== undefined) return known;
  return refuse(owner, "dtype", Object.keys(types).join(", "), name);
}

/** Axes as a list; `undefined` for all of them. */
export function axesOf(owner: string, axis: unknown): readonly number[] | undefined {
  if (axis === null || axis === undefined) return undefined;
  const list: readonly unknown[] = Array.isArray(axis) ? axis : [axis];
  if (list.every((one): one is number => Number.isSafeInteger(one))) return list;
  return refuse(owner, "axis", "a whole number, a list of them, or nothing for all axes", axis);
}

/** One axis. */
export function axisOf(owner: string, axis: unknown): number {
  if (Number.isSafeInteger(axis)) return axis as number;
  return refuse(owner, "axis", "a whole number", axis);
}

/** Numbers as truth values: all but 0 are true. */
export function truth(x: Value): Value {
  return x.type === "bool" ? x : cast(x, "bool");
}

import { checkOptionNames, isPlainObject, isWhole, refuse, show } from "../../errors/check.js";
import type { Shape } from "../../graph/shape.js";
import { allocate, elementCount, float32, type TensorData, toFloat32 } from "../../onnx/tensor-data.js";
import { fromTensor, isTensor, type Tensor, toTensor } from "../../runtime/runtime.js";
import { SymbolicTensor } from "../symbolic-tensor.js";
import { Variable } from "../variable.js";
import { elementType } from "./rows.js";

/* Arrays that are known at once; inside of `call` they count as constants. */

/** An array of one number. */
function filled(owner: string, shape: unknown, number: unknown, dtype: unknown): Tensor {
  const dims: readonly unknown[] = [shape].flat();
  if (!dims.every((extent): extent is number => isWhole(extent, 0))) {
    return refuse(owner, "shape", "a list of whole numbers", shape);
  }
  if (typeof number !== "number") return refuse(owner, "fillValue", "a number", number);
  const type = elementType(owner, dtype);
  const data = allocate(type, elementCount(dims));
  if (data instanceof BigInt64Array) data.fill(BigInt(number));
  else data.fill(number);
  return toTensor({ type, dims, data });
}

/** The arguments of a function in their order, where they were given by name, or the last of them were. */
function inOrder(owner: string, names: readonly string[], given: readonly unknown[]): readonly unknown[] {
  const last = given.at(-1);
  if (!isPlainObject(last)) return given;
  checkOptionNames(`ops.${owner}`, last, names.slice(given.length - 1));
  return names.map((name, index) => (index < given.length - 1 ? given[index] : last[name]));
}

/** A list of extents, or a single one. */
type GivenShape = Shape | number;

/** An element type by name, as functions that make arrays take it at their end. */
type Dtype = string | { readonly dtype?: string | undefined };

/** A shape and an element type by name. */
interface ShapeOptions {
  readonly shape: GivenShape;
  readonly dtype?: string | undefined;
}

/** An array of zeros, of float32 unless it is said. */
export function zeros(shape: GivenShape | ShapeOptions, dtype?: Dtype): Tensor;
export function zeros(...given: readonly unknown[]): Tensor {
  const [shape, dtype = "float32"] = inOrder("zeros", ["shape", "dtype"], given);
  return filled("zeros", shape, 0, dtype);
}

/** An array of ones, of float32 unless it is said. */
export function ones(shape: GivenShape | ShapeOptions, dtype?: Dtype): Tensor;
export function ones(...given: readonly unknown[]): Tensor {
  const [shape, dtype = "float32"] = inOrder("ones", ["shape", "dtype"], given);
  return filled("ones", shape, 1, dtype);
}

/** An array of one number, of float32 unless it is said. */
export function full(shape: GivenShape, fillValue: number, dtype?: Dtype): Tensor;
export function full(options: ShapeOptions & { readonly fillValue: number }): Tensor;
export function full(...given: readonly unknown[]): Tensor {
  const [shape, fillValue, dtype = "float32"] = inOrder("full", ["shape", "fillValue", "dtype"], given);
  return filled("full", shape, fillValue, dtype);
}

/**
 * Numbers at equal distances: from `start` (default 0), without `stop`.
 *
 * @param dtype default `"int32"` where all are whole, `"float32"` elsewhere
 */
export function arange(start: number, stop?: number, step?: number, dtype?: Dtype): Tensor;
export function arange(
  start: number,
  stop: number,
  options: { readonly step?: number; readonly dtype?: string },
): Tensor;
export function arange(options: {
  readonly start?: number;
  readonly stop: number;
  readonly step?: number;
  readonly dtype?: string;
}): Tensor;
export function arange(...given: readonly unknown[]): Tensor {
  const names = ["start", "stop", "step", "dtype"];
  const [start, stop, step = 1, dtype] = inOrder("arange", names, given);
  const [from = 0, to] = stop === undefined || stop === null ? [0, start] : [start, stop];
  const numbers = [from, to, step].filter((one): one is number => Number.isFinite(one));
  const [first, end, stride = 0] = numbers;
  if (first === undefined || end === undefined || stride === 0) {
    return refuse("arange", "step", "finite numbers, and a step other than 0", [from, to, step].map(show).join(", "));
  }
  const count = Math.max(0, Math.ceil((end - first) / stride));
  const whole = numbers.every(Number.isInteger);
  const values = Array.from({ length: count }, (_, index) => first + index * stride);
  return typed("arange", values, [count], dtype ?? (whole ? "int32" : "float32"));
}

/** Numbers at equal distances from `start` to `stop`, both among them: 50 unless it is said; float32. */
export function linspace(start: number, stop: number, num?: number | { readonly num?: number }): Tensor;
export function linspace(...given: readonly unknown[]): Tensor {
  const [start, stop, num = 50] = inOrder("linspace", ["start", "stop", "num"], given);
  const ends = [start, stop].filter((one): one is number => Number.isFinite(one));
  const [first = 0, last = 0] = ends;
  if (ends.length < 2) return refuse("linspace", "stop", "two finite numbers", [start, stop]);
  if (!isWhole(num, 0)) return refuse("linspace", "num", "a whole number", num);
  const step = num > 1 ? (last - first) / (num - 1) : 0;
  return toTensor(
    float32(
      Array.from({ length: num }, (_, index) => first + index * step),
      [num],
    ),
  );
}

/** A matrix with ones on the diagonal. */
export function eye(rows: number, columns: number = rows, dtype = "float32"): Tensor {
  if (!isWhole(rows, 0) || !isWhole(columns, 0)) return refuse("eye", "rows", "whole numbers", [rows, columns]);
  const values = Array.from({ length: rows * columns }, (_, index) =>
    Math.floor(index / columns) === index % columns ? 1 : 0,
  );
  return typed("eye", values, [rows, columns], dtype);
}

function typed(owner: string, values: readonly number[], dims: readonly number[], dtype: unknown): Tensor {
  const type = elementType(owner, dtype);
  const data = allocate(type, values.length);
  values.forEach((value, index) => {
    if (data instanceof BigInt64Array) data[index] = BigInt(value);
    else data[index] = value;
  });
  return toTensor({ type, dims, data });
}

/** Lists in lists of numbers. */
export type NestedNumbers = number | boolean | readonly NestedNumbers[];

/**
 * Numbers in nested lists, or the present values of a weight, as an array.
 *
 * @param dtype default: as Keras, `"int32"` for whole numbers, `"float32"` for others
 * @throws UsageError when the lists are not of the same length
 */
export function convertToTensor(x: NestedNumbers | Variable | Tensor, dtype?: Dtype): Tensor;
export function convertToTensor(...given: readonly unknown[]): Tensor {
  const [x, dtype] = inOrder("convertToTensor", ["x", "dtype"], given);
  if (isTensor(x)) return dtype === undefined || dtype === x.type ? x : retyped(fromTensor(x), dtype);
  if (x instanceof Variable) return dtype === undefined ? toTensor(x.value) : retyped(x.value, dtype);
  const lists = x as NestedNumbers;
  const dims: number[] = [];
  for (let part: NestedNumbers | undefined = lists; Array.isArray(part); part = (part as readonly NestedNumbers[])[0]) {
    dims.push((part as readonly NestedNumbers[]).length);
  }
  const elements = [lists as unknown].flat(Infinity as 1) as readonly unknown[];
  if (elements.length !== elementCount(dims) || !elements.every((one) => ["number", "boolean"].includes(typeof one))) {
    return refuse("convertToTensor", "x", "numbers in lists of equal lengths", x);
  }
  const flags = elements.length > 0 && elements.every((one) => typeof one === "boolean");
  const whole = elements.length > 0 && elements.every((one) => Number.isInteger(Number(one)));
  return typed("convertToTensor", elements.map(Number), dims, dtype ?? (flags ? "bool" : whole ? "int32" : "float32"));
}

/** An array in another element type; fractions are cut off where the type has none. */
function retyped({ data: given, dims }: TensorData, dtype: unknown): Tensor {
  const type = elementType("convertToTensor", dtype);
  if (type === "float32") return toTensor({ type, dims, data: toFloat32(given) });
  const data = allocate(type, given.length);
  // No lists of all numbers, which do not fit into memory; typed arrays cut fractions off themselves.
  if (type !== "bool" && !(data instanceof BigInt64Array) && !(given instanceof BigInt64Array)) data.set(given);
  else {
    given.forEach((one: number | bigint, index: number) => {
      const value = Number(one);
      if (!(data instanceof BigInt64Array)) data[index] = type === "bool" ? Number(value !== 0) : value;
      else if (Number.isFinite(value)) data[index] = BigInt(Math.trunc(value));
      else refuse("convertToTensor", "x", `finite numbers for ${type}`, value);
    });
  }
  return toTensor({ type, dims, data });
}

/** The extents of a tensor in Keras's order; a name for each that varies. */
export function shape(x: SymbolicTensor | Variable | Tensor): Shape {
  if (isTensor(x)) return x.dims;
  if (x instanceof SymbolicTensor || x instanceof Variable) return x.shape;
  return refuse("shape", "x", "a tensor", x);
}

/** The number of axes of a tensor. */
export function ndim(x: SymbolicTensor | Variable | Tensor): number {
  return shape(x).length;
}

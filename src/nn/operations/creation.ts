import { isWhole, refuse } from "../../errors/check.js";
import type { Shape } from "../../graph/shape.js";
import { allocate, elementCount, float32 } from "../../onnx/tensor-data.js";
import { isTensor, type Tensor, toTensor } from "../../runtime/runtime.js";
import { SymbolicTensor } from "../symbolic-tensor.js";
import { Variable } from "../variable.js";
import { elementType } from "./rows.js";

/* Arrays that are known at once; inside of `call` they count as constants. */

/** An array of one number. */
function filled(owner: string, shape: readonly number[] | number, number: number, dtype: string): Tensor {
  const dims = typeof shape === "number" ? [shape] : shape;
  if (!Array.isArray(dims) || !dims.every((extent) => isWhole(extent, 0))) {
    return refuse(owner, "shape", "a list of whole numbers", shape);
  }
  if (typeof number !== "number") return refuse(owner, "fillValue", "a number", number);
  const type = elementType(owner, dtype);
  const data = allocate(type, elementCount(dims));
  if (data instanceof BigInt64Array) data.fill(BigInt(number));
  else data.fill(number);
  return toTensor({ type, dims, data });
}

/** An array of zeros. */
export function zeros(shape: readonly number[] | number, dtype = "float32"): Tensor {
  return filled("zeros", shape, 0, dtype);
}

/** An array of ones. */
export function ones(shape: readonly number[] | number, dtype = "float32"): Tensor {
  return filled("ones", shape, 1, dtype);
}

/** An array of one number. */
export function full(shape: readonly number[] | number, fillValue: number, dtype = "float32"): Tensor {
  return filled("full", shape, fillValue, dtype);
}

/**
 * Numbers at equal distances: from `start` (default 0), without `stop`.
 *
 * @param dtype default `"int32"` where all are whole, `"float32"` elsewhere
 */
export function arange(start: number, stop?: number, step = 1, dtype?: string): Tensor {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  if (![from, to, step].every(Number.isFinite) || step === 0) {
    return refuse("arange", "step", "finite numbers, and a step other than 0", [from, to, step].join(", "));
  }
  const count = Math.max(0, Math.ceil((to - from) / step));
  const whole = [from, to, step].every(Number.isInteger);
  const values = Array.from({ length: count }, (_, index) => from + index * step);
  return typed("arange", values, [count], dtype ?? (whole ? "int32" : "float32"));
}

/** Numbers at equal distances from `start` to `stop`, both among them; float32. */
export function linspace(start: number, stop: number, num = 50): Tensor {
  if (![start, stop].every(Number.isFinite)) return refuse("linspace", "stop", "two finite numbers", [start, stop]);
  if (!isWhole(num, 0)) return refuse("linspace", "num", "a whole number", num);
  const step = num > 1 ? (stop - start) / (num - 1) : 0;
  return toTensor(
    float32(
      Array.from({ length: num }, (_, index) => start + index * step),
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

function typed(owner: string, values: readonly number[], dims: readonly number[], dtype: string): Tensor {
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
export function convertToTensor(x: NestedNumbers | Variable | Tensor, dtype?: string): Tensor {
  if (isTensor(x)) return x;
  if (x instanceof Variable) return toTensor(x.value);
  const lists = x;
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

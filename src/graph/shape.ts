import type { Dim } from "../onnx/model.js";
import { ShapeError } from "../errors/errors.js";

export type { Dim } from "../onnx/model.js";

/** Extents of a value's axes; a string stands for an extent known only when the graph runs, such as `"N"` or `"81*N"`. */
export type Shape = readonly Dim[];

/** `[N, 3, 224, 224]`, for messages. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** Whether every extent is a number. */
export function isStatic(shape: Shape): shape is readonly number[] {
  return shape.every((dim) => typeof dim === "number");
}

function factors(dim: Dim): { coefficient: number; symbols: string[] } {
  if (typeof dim === "number") return { coefficient: dim, symbols: [] };
  const parts = dim.split("*");
  const symbols = parts.filter((part) => !/^\d+$/.test(part));
  const coefficient = parts.filter((part) => /^\d+$/.test(part)).reduce((product, part) => product * Number(part), 1);
  return { coefficient, symbols };
}

function fromFactors(coefficient: number, symbols: readonly string[]): Dim {
  if (symbols.length === 0 || coefficient === 0) return coefficient;
  const sorted = [...symbols].sort();
  return (coefficient === 1 ? sorted : [String(coefficient), ...sorted]).join("*");
}

/** Product of extents, in a form in which equal products are equal: `dimProduct(["N", 9, 9])` is `"81*N"`. */
export function dimProduct(dims: Shape): Dim {
  const all = dims.map(factors);
  return fromFactors(
    all.reduce((product, { coefficient }) => product * coefficient, 1),
    all.flatMap(({ symbols }) => symbols),
  );
}

/** `total / part`, or `undefined` when it is not known to be whole. */
export function dimQuotient(total: Dim, part: Dim): Dim | undefined {
  const numerator = factors(total);
  const denominator = factors(part);
  const symbols = [...numerator.symbols];
  for (const symbol of denominator.symbols) {
    const index = symbols.indexOf(symbol);
    if (index < 0) return undefined;
    symbols.splice(index, 1);
  }
  if (denominator.coefficient === 0 || numerator.coefficient % denominator.coefficient !== 0) return undefined;
  return fromFactors(numerator.coefficient / denominator.coefficient, symbols);
}

/** Whether two shapes are the same, extent by extent. */
export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

/**
 * The shape that NumPy's broadcasting gives.
 *
 * @throws ShapeError when two extents differ and neither is 1
 */
export function broadcastShapes(a: Shape, b: Shape, operator: string): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis): Dim => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left === 1) return right;
    if (right === 1 || left === right) return left;
    throw new ShapeError(`${operator}: the shapes of the inputs do not broadcast.`, {
      subject: operator,
      expected: "extents that are equal or 1, counted from the last axis",
      received: `${formatShape(a)} and ${formatShape(b)}`,
    });
  });
}

/**
 * An axis counted from the front, for one that may be counted from the back as -1, -2, …
 *
 * @throws ShapeError when there is no such axis
 */
export function normalizeAxis(axis: number, rank: number, operator: string): number {
  const normalized = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || normalized < 0 || normalized >= rank) {
    throw new ShapeError(`${operator}: there is no axis ${axis}.`, {
      subject: operator,
      expected: `an axis from ${-rank} to ${rank - 1}`,
      received: String(axis),
    });
  }
  return normalized;
}

/** The extent of an axis; `axis` must be one that the shape has. */
export function dimAt(shape: Shape, axis: number): Dim {
  const dim = shape[axis];
  if (dim === undefined) {
    throw new ShapeError(`A value has no axis ${axis}.`, {
      subject: "shape",
      expected: `a shape of rank ${axis + 1} or more`,
      received: formatShape(shape),
    });
  }
  return dim;
}

/** The extent of an axis that must be a number. */
export function staticDim(shape: Shape, axis: number, operator: string): number {
  const dim = dimAt(shape, axis);
  if (typeof dim !== "number") {
    throw new ShapeError(`${operator}: the extent of axis ${axis} must be known when the graph is built.`, {
      subject: operator,
      expected: "a number",
      received: formatShape(shape),
      advice: "Give the network a fixed image size.",
    });
  }
  return dim;
}

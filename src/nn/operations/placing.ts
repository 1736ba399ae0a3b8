import { refuse } from "../../errors/check.js";
import { ShapeError } from "../../errors/errors.js";
import { formatShape, isStatic, normalizeAxis, staticDim } from "../../graph/shape.js";
import { constant, type Value } from "../../graph/value.js";
import { allocate, elementCount } from "../../onnx/tensor-data.js";
import { where } from "../../ops/comparison.js";
import { integers, scalarLike } from "../../ops/constants.js";
import * as index from "../../ops/indexing.js";
import * as joining from "../../ops/joining.js";
import { cast, expand, unsqueeze } from "../../ops/layout.js";
import { reduceSum } from "../../ops/reduction.js";
import { reshapeTo } from "../../ops/reshape.js";
import { pad, slice } from "../../ops/slicing.js";
import { type Answer, type Operand, promoted } from "./operand.js";
import { type Computable, listOperation, operation, type OperationRow } from "./operation.js";
import { axesOf, axisOf, value, values } from "./rows.js";
import type { ListAnswer } from "./shapes.js";

/* Tensors with something at some places. */

/** Whole numbers of places, in a list or a tensor, as int64. */
function placesOf(owner: string, argument: Computable | undefined): Value {
  const x = value(argument);
  if (x.type === "int64") return x;
  if (x.type === "int32" || x.type === "float32") return cast(x, "int64");
  return refuse(owner, "indices", "whole numbers", x.type);
}

function zerosOf(type: Value["type"], dims: readonly number[]): Value {
  if (dims.some((extent) => extent < 0)) return refuse("scatter", "shape", "extents of at least 0", dims);
  return constant({ type, dims, data: allocate(type, elementCount(dims)) });
}

/** What {@link sliceUpdate} is. */
export type SliceUpdate = <X extends Operand, U extends Operand>(
  inputs: X,
  startIndices: readonly number[],
  updates: U,
) => Answer<X | U>;

/** A tensor in which another one stands from some place on: one start for each axis, in Keras's order. */
export const sliceUpdate = operation<SliceUpdate>({
  name: "sliceUpdate",
  className: "SliceUpdate",
  module: "core",
  call: ["inputs", "startIndices", "updates"],
  options: {},
  compute: ([given, from = null, part]) => {
    const [x, updates] = promoted([value(given), value(part)]);
    if (x === undefined || updates === undefined) throw new TypeError("There is nothing to update.");
    const starts = axesOf("sliceUpdate", from) ?? [];
    const behind = x.shape.map((dim, axis) => {
      const own = updates.shape[axis];
      if (dim === own && starts[axis] === 0) return 0;
      return typeof dim === "number" && typeof own === "number" ? dim - own - (starts[axis] ?? NaN) : NaN;
    });
    if (starts.length !== x.rank || updates.rank !== x.rank || behind.some((margin) => !(margin >= 0))) {
      throw new ShapeError("sliceUpdate: the part does not lie in the tensor.", {
        subject: "startIndices",
        expected: `a place for each axis of ${formatShape(x.shape)}, where the part fits`,
        received: `${formatShape(updates.shape)} at ${JSON.stringify(starts)}`,
      });
    }
    // The mask has extent 1 along axes that are filled, so that the batch need not be known.
    const open = x.shape.flatMap((_, axis) => (starts[axis] === 0 && behind[axis] === 0 ? [] : [axis]));
    if (open.length === 0) return updates;
    const inner = x.shape.map((_, axis) => (open.includes(axis) ? staticDim(updates.shape, axis, "sliceUpdate") : 1));
    const ones = constant({
      type: "float32",
      dims: inner,
      data: new Float32Array(elementCount(inner)).fill(1),
    });
    const margins = [...open.map((axis) => starts[axis] ?? 0), ...open.map((axis) => behind[axis] ?? 0)];
    const mask = cast(pad(ones, margins, { axes: open }), "bool");
    return where(mask, pad(updates, margins, { axes: open }), x);
  },
});

/** What {@link scatter} is. */
export type Scatter = <I extends Operand | readonly (readonly number[])[], V extends Operand>(
  indices: I,
  values: V,
  shape: readonly number[] | { readonly shape: readonly number[] },
) => Answer<I | V>;

/** Zeros of a shape with values added at places: `indices` `[K, axes]`, `values` `[K, …]`. */
export const scatter = operation<Scatter>({
  name: "scatter",
  className: "Scatter",
  module: "core",
  call: ["indices", "values"],
  options: { shape: undefined },
  compute: ([indices, given], { shape }) => {
    const updates = value(given);
    const dims = axesOf("scatter", shape) ?? [];
    return index.scatterNd(zerosOf(updates.type, dims), placesOf("scatter", indices), updates, { reduction: "add" });
  },
});

/** What {@link scatterUpdate} is. */
export type ScatterUpdate = <X extends Operand, U extends Operand>(
  inputs: X,
  indices: Operand | readonly (readonly number[])[],
  updates: U,
  reduction?: "add" | null | { readonly reduction?: "add" | null },
) => Answer<X | U>;

/** A tensor with other values at places: `indices` `[K, axes]`, `updates` `[K, …]`; with `"add"` they are added. */
export const scatterUpdate = operation<ScatterUpdate>({
  name: "scatterUpdate",
  className: "ScatterUpdate",
  module: "core",
  call: ["inputs", "indices", "updates"],
  options: { reduction: null },
  compute: ([given, indices, part], { reduction }) => {
    if (reduction !== null && reduction !== "add")
      return refuse("scatterUpdate", "reduction", '"add" or null', reduction);
    const [x, updates] = promoted([value(given), value(part)]);
    if (x === undefined || updates === undefined) throw new TypeError("There is nothing to update.");
    const places = placesOf("scatterUpdate", indices);
    return index.scatterNd(x, places, updates, reduction === "add" ? { reduction } : {});
  },
});

/** What {@link segmentSum} is. */
export type SegmentSum = <X extends Operand, I extends Operand | readonly number[]>(
  data: X,
  segmentIds: I,
  numSegments: number | { readonly numSegments: number; readonly sorted?: boolean },
) => Answer<X | I>;

/** The sums of the rows `[K, …]` that have the same number: `[numSegments, …]`. */
export const segmentSum = operation<SegmentSum>({
  name: "segmentSum",
  className: "SegmentSum",
  module: "math",
  call: ["data", "segmentIds"],
  options: { numSegments: undefined, sorted: false },
  compute: ([given, ids], { numSegments }) => {
    const data = value(given);
    const dims = [
      axisOf("segmentSum", numSegments),
      ...data.shape.slice(1).map((_, at) => staticDim(data.shape, at + 1, "segmentSum")),
    ];
    const places = unsqueeze(placesOf("segmentSum", ids), [1]);
    return index.scatterNd(zerosOf(data.type, dims), places, data, { reduction: "add" });
  },
});

/** A part of matrices beside their diagonal. */
export type Triangle = <X extends Operand>(x: X, k?: number | { readonly k?: number }) => Answer<X>;

function triangle(name: string, className: string, keeps: (column: number, row: number) => boolean): OperationRow {
  return {
    name,
    className,
    module: "numpy",
    call: ["x"],
    options: { k: 0 },
    compute: ([given], { k }) => {
      const x = value(given);
      if (x.rank < 2) throw new ShapeError("this is no matrix.", { subject: "x", received: formatShape(x.shape) });
      const [rows, columns] = [staticDim(x.shape, x.rank - 2, name), staticDim(x.shape, x.rank - 1, name)];
      const shift = axisOf(name, k);
      const data = Uint8Array.from({ length: rows * columns }, (_, place) =>
        keeps((place % columns) - shift, Math.floor(place / columns)) ? 1 : 0,
      );
      return where(constant({ type: "bool", dims: [rows, columns], data }), x, scalarLike(x, 0));
    },
  };
}

/** Matrices with 0 above the diagonal, or above the `k`-th one over it. */
export const tril = operation<Triangle>(triangle("tril", "Tril", (column, row) => column <= row));

/** Matrices with 0 below the diagonal, or below the `k`-th one over it. */
export const triu = operation<Triangle>(triangle("triu", "Triu", (column, row) => column >= row));

/** Options of {@link diagonal} and {@link trace}. */
export interface DiagonalOptions {
  /** How far above the main diagonal; default 0. */
  readonly offset?: number;
  /** Rows; default 0. */
  readonly axis1?: number;
  /** Columns; default 1. */
  readonly axis2?: number;
}

/** What {@link diagonal} is. */
export type Diagonal = <X extends Operand>(
  x: X,
  offset?: number | DiagonalOptions,
  axis1?: number,
  axis2?: number,
) => Answer<X>;

function diagonalOf(owner: string, x: Value, { offset, axis1, axis2 }: Readonly<Record<string, unknown>>): Value {
  const rows = normalizeAxis(axisOf(owner, axis1), x.rank, owner);
  const columns = normalizeAxis(axisOf(owner, axis2), x.rank, owner);
  if (rows === columns) return refuse(owner, "axis2", "another axis than axis1", axis2);
  const shift = axisOf(owner, offset);
  const [top, left] = [Math.max(0, -shift), Math.max(0, shift)];
  const count = Math.min(staticDim(x.shape, rows, owner) - top, staticDim(x.shape, columns, owner) - left);
  if (count < 1) return refuse(owner, "offset", "a diagonal of the matrices", offset);
  const parts = Array.from({ length: count }, (_, at) =>
    slice(x, { starts: [top + at, left + at], ends: [top + at + 1, left + at + 1], axes: [rows, columns] }),
  );
  const rest = x.shape.filter((_, axis) => axis !== rows && axis !== columns);
  // Each has one element along both axes, which go; the diagonal is the last axis.
  return joining.concat(
    parts.map((part) => reshapeTo(part, [...rest, 1])),
    { axis: rest.length },
  );
}

/** The diagonals of matrices along a last axis. */
export const diagonal = operation<Diagonal>({
  name: "diagonal",
  className: "Diagonal",
  module: "numpy",
  call: ["x"],
  options: { offset: 0, axis1: 0, axis2: 1 },
  compute: ([x], options) => diagonalOf("diagonal", value(x), options),
});

/** The sums of the diagonals of matrices. */
export const trace = operation<Diagonal>({
  name: "trace",
  className: "Trace",
  module: "numpy",
  call: ["x"],
  options: { offset: 0, axis1: 0, axis2: 1 },
  compute: ([x], options) => {
    const found = diagonalOf("trace", value(x), options);
    return reduceSum(found, [found.rank - 1], { keepdims: 0 });
  },
});

/** What {@link meshgrid} is. */
export type Meshgrid = <X extends Operand>(...x: readonly (X | { readonly indexing?: "xy" | "ij" })[]) => ListAnswer<X>;

const meshgridOfList = listOperation<(x: readonly Operand[], options: object) => unknown>({
  name: "meshgrid",
  className: "Meshgrid",
  module: "numpy",
  call: ["x"],
  options: { indexing: "xy" },
  isVariadic: true,
  compute: ([xs], { indexing }) => {
    if (indexing !== "xy" && indexing !== "ij") return refuse("meshgrid", "indexing", '"xy" or "ij"', indexing);
    const list = values(xs);
    // With "xy" the first two axes are those of pictures: rows are the second one's.
    const places = list.map((_, at) => (indexing === "xy" && list.length > 1 && at < 2 ? 1 - at : at));
    const flat = list.map((x) => reshapeTo(x, [elementCountOf(x)]));
    const shape = places.flatMap((place) => list.slice(place, place + 1).map(elementCountOf));
    return flat.map((x, at) =>
      expand(
        reshapeTo(
          x,
          shape.map((extent, axis) => (axis === places[at] ? extent : 1)),
        ),
        integers(shape),
      ),
    );
  },
});

function elementCountOf({ shape }: Value): number {
  if (isStatic(shape)) return elementCount(shape);
  throw new ShapeError("meshgrid: a list's length is not known.", {
    subject: "x",
    expected: "lists of known length",
    received: formatShape(shape),
  });
}

/** Coordinates of a grid, an array for each list: `ops.meshgrid(x, y, { indexing: "ij" })`. */
export const meshgrid = Object.assign(
  ((...given: readonly unknown[]) => {
    const last = given.at(-1);
    const isOptions = typeof last === "object" && last !== null && Object.getPrototypeOf(last) === Object.prototype;
    const lists = (isOptions ? given.slice(0, -1) : given) as readonly Operand[];
    return meshgridOfList(lists.length === 1 && Array.isArray(lists[0]) ? lists[0] : lists, isOptions ? last : {});
  }) as Meshgrid,
  { row: meshgridOfList.row },
);

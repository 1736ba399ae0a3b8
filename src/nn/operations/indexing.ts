import { refuse, show } from "../../errors/check.js";
import { ShapeError } from "../../errors/errors.js";
import { formatShape, normalizeAxis } from "../../graph/shape.js";
import { Value } from "../../graph/value.js";
import { integers, scalarLike } from "../../ops/constants.js";
import { less, where } from "../../ops/comparison.js";
import { add } from "../../ops/elementwise.js";
import * as index from "../../ops/indexing.js";
import { cast, squeeze, transpose, unsqueeze } from "../../ops/layout.js";
import { reshape } from "../../ops/reshape.js";
import { slice as sliceOp } from "../../ops/slicing.js";
import type { Tensor } from "../../runtime/runtime.js";
import type { SymbolicTensor } from "../symbolic-tensor.js";
import type { EllipsisArgument, SliceArgument } from "./argument.js";
import { type Answer, type Operand } from "./operand.js";
import { type Computable, listOperation, operation } from "./operation.js";
import { axesOf, axisOf, elementType, value } from "./rows.js";
import type { ListAnswer } from "./shapes.js";

/** Part of an axis for {@link getItem}: Python's `start:stop:step`; `null` as nothing is there. */
export function range(
  start: number | null = null,
  stop: number | null = null,
  step: number | null = null,
): SliceArgument {
  return { kind: "slice", start, stop, step };
}

/** All axes that are not named, for {@link getItem}: Python's `...`. */
export const ellipsis: EllipsisArgument = { kind: "ellipsis" };

/**
 * What an index of {@link getItem} is made of; `null` is a new axis, as in Python, and a tensor holds numbers of places, of which one
 * index may be made.
 */
export type Index = number | SliceArgument | EllipsisArgument | Tensor | SymbolicTensor | null;

/** What {@link getItem} is. */
export type GetItem = <X extends Operand>(x: X, key: Index | readonly Index[]) => Answer<X>;

/** Whether a part of an index was computed. */
function isPlaces(part: Computable | undefined): part is Value {
  return part instanceof Value;
}

/**
 * On which axis of what the other parts give a tensor's numbers stand for places.
 *
 * @throws ShapeError where NumPy would move the axis to the front: behind a number that a slice parts from the tensor
 */
function axisOfPlaces(parts: readonly Computable[]): number {
  const at = parts.findIndex(isPlaces);
  const places = parts[at];
  const numbers = parts.flatMap((part, index) => (typeof part === "number" ? [index] : []));
  const isParted = (number: number): boolean =>
    parts.slice(Math.min(number, at) + 1, Math.max(number, at)).some((part) => typeof part !== "number");
  if (parts.filter(isPlaces).length > 1 || (isPlaces(places) && places.rank > 0 && numbers.some(isParted))) {
    throw new ShapeError("getItem: the index does not fit.", {
      subject: "key",
      expected: "one tensor at most, and numbers only right beside it",
      received: `${parts.filter(isPlaces).length} tensors and ${numbers.length} numbers`,
      advice: "Index in two steps, or use ops.take(x, indices, { axis }).",
    });
  }
  return parts.slice(0, at).filter((part) => typeof part !== "number").length;
}

function isKind(part: Computable, kind: "slice" | "ellipsis"): boolean {
  return typeof part === "object" && part !== null && "kind" in part && part.kind === kind;
}

/**
 * Part of a tensor, as Python's `x[key]` gives it: `x[:, 0]` is `ops.getItem(x, [ops.range(), 0])`, `x[..., ::2]` is
 * `ops.getItem(x, [ops.ellipsis, ops.range(null, null, 2)])`, and `x[:, best]` with a tensor `best` of whole numbers
 * `ops.getItem(x, [ops.range(), best])`.
 */
export const getItem = operation<GetItem>({
  name: "getItem",
  className: "GetItem",
  module: "numpy",
  call: ["x", "key"],
  options: {},
  compute: ([from, key = null]) => {
    let x = value(from);
    const parts: readonly Computable[] = Array.isArray(key) ? (key as readonly Computable[]) : [key];
    const named = parts.filter((part) => part !== null && !isKind(part, "ellipsis")).length;
    if (named > x.rank || parts.filter((part) => isKind(part, "ellipsis")).length > 1) {
      throw new ShapeError("getItem: the index does not fit.", {
        subject: "key",
        expected: `at most ${x.rank} entries, one of which may be ops.ellipsis, for ${formatShape(x.shape)}`,
        received: show(key),
      });
    }
    const whole: SliceArgument = range();
    const given = parts.flatMap((part) =>
      isKind(part, "ellipsis") ? Array.from({ length: x.rank - named }, () => whole) : [part],
    );
    const places = given.find(isPlaces);
    const filled = given.map((part) => (isPlaces(part) ? whole : part));
    const cut: { axis: number; start: number; end: number; step: number }[] = [];
    const dropped: number[] = [];
    const added: number[] = [];
    let axis = 0;
    let place = 0;
    for (const part of filled) {
      if (part === null) {
        added.push(place++);
        continue;
      }
      if (typeof part === "number") {
        checkPlace(x, axis, part);
        if (typeof x.shape[axis] === "number") {
          cut.push({ axis, start: part, end: part === -1 ? 2 ** 31 - 1 : part + 1, step: 1 });
        } else {
          // What is there shows only when the graph runs, as for one photo of a batch.
          x = index.gather(x, integers([part]), { axis });
        }
        dropped.push(axis++);
        continue;
      }
      const { start, stop, step } = sliceOf(part);
      const by = step ?? 1;
      if (by === 0 || !Number.isSafeInteger(by)) refuse("getItem", "step", "a whole number other than 0", by);
      if (start !== null || stop !== null || by !== 1) {
        const begin = start ?? (by > 0 ? 0 : 2 ** 31 - 1);
        cut.push({ axis, start: begin, end: stop ?? (by > 0 ? 2 ** 31 - 1 : -(2 ** 31)), step: by });
      }
      axis++;
      place++;
    }
    const sliced =
      cut.length === 0
        ? x
        : sliceOp(x, {
            starts: cut.map(({ start }) => start),
            ends: cut.map(({ end }) => end),
            axes: cut.map((one) => one.axis),
            steps: cut.map(({ step }) => step),
          });
    const narrow = dropped.length === 0 ? sliced : squeeze(sliced, dropped);
    const cutOut = added.length === 0 ? narrow : unsqueeze(narrow, added);
    if (places === undefined) return cutOut;
    const along = axisOfPlaces(given);
    return index.gather(cutOut, placesOf(places, cutOut, along), { axis: along });
  },
});

function sliceOf(part: Computable): SliceArgument {
  if (isKind(part, "slice")) return part as SliceArgument;
  return refuse("getItem", "key", "whole numbers, ops.range(), ops.ellipsis or null", part);
}

function checkPlace(x: Value, axis: number, place: number): void {
  const extent = x.shape[axis];
  const fits = Number.isSafeInteger(place) && (typeof extent !== "number" || (place < extent && place >= -extent));
  if (fits) return;
  throw new ShapeError("getItem: there is no such place.", {
    subject: "key",
    expected: `a whole number that fits axis ${axis} of ${formatShape(x.shape)}`,
    received: String(place),
  });
}

/** What {@link slice} is. */
export type Slice = <X extends Operand>(x: X, startIndices: readonly number[], shape: readonly number[]) => Answer<X>;

/** A part that begins at `startIndices` and has the given shape, in Keras's order. */
export const slice = operation<Slice>({
  name: "slice",
  className: "Slice",
  module: "core",
  call: ["inputs", "startIndices"],
  options: { shape: undefined },
  compute: ([given, start = null], { shape }) => {
    const x = value(given);
    const starts = axesOf("slice", start) ?? [];
    const extents = axesOf("slice", shape) ?? [];
    return sliceOp(x, { starts, ends: starts.map((from, axis) => from + (extents[axis] ?? 0)) });
  },
});

/** Places as int64, negative ones counted from the end. */
function placesOf(argument: Computable | undefined, x: Value, axis: number): Value {
  const flat = Array.isArray(argument) ? integers(axesOf("take", argument) ?? []) : value(argument);
  const places = flat.type === "int64" ? flat : cast(flat, "int64");
  const extent = x.shape[axis];
  if (typeof extent !== "number") return places;
  return where(less(places, scalarLike(places, 0)), add(places, scalarLike(places, extent)), places);
}

/** What {@link take} is. */
export type Take = <X extends Operand, I extends Operand | readonly number[]>(
  x: X,
  indices: I,
  axis?: number | null | { readonly axis?: number | null },
) => Answer<X | I>;

/** What lies at some places along an axis; without an axis, of all elements as one row. */
export const take = operation<Take>({
  name: "take",
  className: "Take",
  module: "numpy",
  call: ["x", "indices"],
  options: { axis: null },
  compute: ([given, indices], { axis }) => {
    const all = value(given);
    const x = axis === null ? reshape(all, integers([-1])) : all;
    const place = axis === null ? 0 : normalizeAxis(axisOf("take", axis), x.rank, "take");
    return index.gather(x, placesOf(indices, x, place), { axis: place });
  },
});

/** What {@link takeAlongAxis} is. */
export type TakeAlongAxis = <X extends Operand, I extends Operand>(
  x: X,
  indices: I,
  axis: number | { readonly axis: number },
) => Answer<X | I>;

/** What lies at a place of its own for each row. */
export const takeAlongAxis = operation<TakeAlongAxis>({
  name: "takeAlongAxis",
  className: "TakeAlongAxis",
  module: "numpy",
  call: ["x", "indices"],
  options: { axis: undefined },
  compute: ([given, indices], { axis }) => {
    const x = value(given);
    const place = normalizeAxis(axisOf("takeAlongAxis", axis), x.rank, "takeAlongAxis");
    return index.gatherElements(x, placesOf(indices, x, place), { axis: place });
  },
});

/** What {@link topK} is. */
export type TopK = <X extends Operand>(
  x: X,
  k: number,
  sorted?: boolean,
) => [Extract<X, SymbolicTensor>] extends [never] ? Promise<readonly Tensor[]> : ListAnswer<X>;

/** The greatest `k` along the last axis, and their places (int32). */
export const topK = listOperation<TopK>({
  name: "topK",
  className: "TopK",
  module: "math",
  call: ["x"],
  options: { k: undefined, sorted: true },
  compute: ([given], { k }) => {
    const x = value(given);
    const { y, indices } = index.topK(x, integers([axisOf("topK", k)]), { axis: x.rank - 1 });
    return [y, cast(indices, "int32")];
  },
});

/** Options of {@link oneHot}. */
export interface OneHotOptions {
  /** Where the classes stand; default -1. */
  readonly axis?: number;
  /** Default `"float32"`. */
  readonly dtype?: string;
}

/** What {@link oneHot} is. */
export type OneHot = <X extends Operand>(x: X, numClasses: number, options?: OneHotOptions) => Answer<X>;

/** 1 at the number of the class, 0 elsewhere; no gradient. */
export const oneHot = operation<OneHot>({
  name: "oneHot",
  className: "OneHot",
  module: "nn",
  call: ["x"],
  options: { numClasses: undefined, axis: -1, dtype: "float32", sparse: false },
  compute: ([given], { numClasses, axis, dtype, sparse }) => {
    if (sparse === true) return refuse("oneHot", "sparse", "false", sparse);
    const x = value(given);
    const classes = axisOf("oneHot", numClasses);
    const place = normalizeAxis(axisOf("oneHot", axis), x.rank + 1, "oneHot");
    const whole = x.type === "int64" ? x : cast(x, "int64");
    // ONNX wants an axis at least: a single number is a list of one.
    const listed = index.oneHot(x.rank === 0 ? reshape(whole, integers([1])) : whole, classes);
    const last = x.rank === 0 ? reshape(listed, integers([classes])) : listed;
    const order = x.shape.map((_, one) => one);
    order.splice(place, 0, x.rank);
    const moved = place === x.rank ? last : transpose(last, { perm: order });
    return cast(moved, elementType("oneHot", dtype));
  },
});

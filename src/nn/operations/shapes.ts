import { refuse } from "../../errors/check.js";
import { ShapeError } from "../../errors/errors.js";
import { type Dim, dimProduct, formatShape, normalizeAxis, type Shape, staticDim } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { integers, scalar, scalarLike } from "../../ops/constants.js";
import * as joining from "../../ops/joining.js";
import * as layout from "../../ops/layout.js";
import { reshape as reshapeOp, reshapeTo } from "../../ops/reshape.js";
import { expandTo } from "../../ops/shape-of.js";
import { pad as padOp, type PadMode, slice as sliceOp } from "../../ops/slicing.js";
import type { Tensor } from "../../runtime/runtime.js";
import type { SymbolicTensor } from "../symbolic-tensor.js";
import type { Variable } from "../variable.js";
import type { Elementwise } from "./arithmetic.js";
import { type Answer, type Operand } from "./operand.js";
import { listOperation, operation } from "./operation.js";
import { axesOf, axisOf, elementType, value, values } from "./rows.js";

/** What functions of lists of tensors give. */
export type ListAnswer<Given> = [Extract<Given, SymbolicTensor | Variable>] extends [never]
  ? Promise<readonly Tensor[]>
  : readonly SymbolicTensor[];

/** A list of extents; -1 (or, as shapes of placeholders say it, a name or `null`) for what is left. */
export type TargetShape = readonly (number | string | null)[];

/** What {@link reshape} is. */
export type Reshape = <X extends Operand>(
  x: X,
  newshape: TargetShape | { readonly newshape: TargetShape },
) => Answer<X>;

function target(x: Value, given: unknown): Shape {
  const list = typeof given === "number" ? [given] : given;
  if (!Array.isArray(list)) return refuse("reshape", "newshape", "a list of extents", given);
  const extents = (list as readonly unknown[]).map((extent, axis): Dim | null => {
    if (extent === -1 || extent === null) return null;
    if (typeof extent === "string") return extent;
    if (Number.isSafeInteger(extent) && Number(extent) >= 0) return extent as number;
    return refuse("reshape", "newshape", "whole numbers, one of which may be -1", list[axis]);
  });
  return extents.map((extent) => extent ?? -1);
}

/** The same elements in another shape, in Keras's order of axes; -1 is what is left. */
export const reshape = operation<Reshape>({
  name: "reshape",
  className: "Reshape",
  module: "numpy",
  call: ["x"],
  options: { newshape: undefined },
  compute: ([given], { newshape }) => {
    const x = value(given);
    const shape = target(x, newshape);
    if (!shape.includes(-1)) return reshapeTo(x, shape);
    // In ONNX 0 would copy an extent; a name says the same where it stands at its place.
    const numbers = shape.map((dim, axis) => (typeof dim === "number" ? dim : dim === x.shape[axis] ? 0 : -1));
    if (numbers.filter((extent) => extent === -1).length > 1) {
      throw new ShapeError("Reshape: more than one extent is not known.", {
        subject: "newshape",
        expected: "one -1 at most",
        received: formatShape(shape),
      });
    }
    return reshapeOp(x, integers(numbers));
  },
});

/** What {@link transpose} is. */
export type Transpose = <X extends Operand>(
  x: X,
  axes?: readonly number[] | null | { readonly axes?: readonly number[] | null },
) => Answer<X>;

/** The axes in another order; default the reverse. */
export const transpose = operation<Transpose>({
  name: "transpose",
  className: "Transpose",
  module: "numpy",
  call: ["x"],
  options: { axes: null },
  compute: ([given], { axes }) => {
    const x = value(given);
    const reverse = x.shape.map((_, axis) => x.rank - 1 - axis);
    const perm = axesOf("transpose", axes)?.map((axis) => normalizeAxis(axis, x.rank, "transpose")) ?? reverse;
    return permuted(x, perm);
  },
});

function permuted(x: Value, perm: readonly number[]): Value {
  if (perm.length !== x.rank || new Set(perm).size !== x.rank) {
    throw new ShapeError("Transpose: the axes are no order of those of the input.", {
      subject: "axes",
      expected: `each of the ${x.rank} axes once`,
      received: `[${perm.join(", ")}]`,
    });
  }
  return perm.every((from, to) => from === to) ? x : layout.transpose(x, { perm });
}

/** What {@link swapaxes} is. */
export type Swapaxes = <X extends Operand>(x: X, axis1: number, axis2: number) => Answer<X>;

/** Two axes change places. */
export const swapaxes = operation<Swapaxes>({
  name: "swapaxes",
  className: "Swapaxes",
  module: "numpy",
  call: ["x"],
  options: { axis1: undefined, axis2: undefined },
  compute: ([given], { axis1, axis2 }) => {
    const x = value(given);
    const a = normalizeAxis(axisOf("swapaxes", axis1), x.rank, "swapaxes");
    const b = normalizeAxis(axisOf("swapaxes", axis2), x.rank, "swapaxes");
    return permuted(
      x,
      x.shape.map((_, axis) => (axis === a ? b : axis === b ? a : axis)),
    );
  },
});

/** What {@link moveaxis} is. */
export type Moveaxis = <X extends Operand>(
  x: X,
  source: number | readonly number[],
  destination: number | readonly number[],
) => Answer<X>;

/** Axes at other places; the others keep their order. */
export const moveaxis = operation<Moveaxis>({
  name: "moveaxis",
  className: "Moveaxis",
  module: "numpy",
  call: ["x"],
  options: { source: undefined, destination: undefined },
  compute: ([given], { source, destination }) => {
    const x = value(given);
    const places = (axis: unknown): number[] =>
      (axesOf("moveaxis", axis) ?? []).map((one) => normalizeAxis(one, x.rank, "moveaxis"));
    const [from, to] = [places(source), places(destination)];
    const rest = x.shape.flatMap((_, axis) => (from.includes(axis) ? [] : [axis]));
    const perm = x.shape.map((_, axis) => {
      const place = to.indexOf(axis);
      return place >= 0 ? (from[place] ?? 0) : (rest.shift() ?? 0);
    });
    return permuted(x, perm);
  },
});

/** What {@link expandDims} is. */
export type ExpandDims = <X extends Operand>(
  x: X,
  axis: number | readonly number[] | { readonly axis: number | readonly number[] },
) => Answer<X>;

/** A new axis of extent 1 at a place of the result. */
export const expandDims = operation<ExpandDims>({
  name: "expandDims",
  className: "ExpandDims",
  module: "numpy",
  call: ["x"],
  options: { axis: undefined },
  compute: ([given], { axis }) => {
    const x = value(given);
    const axes = axesOf("expandDims", axis) ?? [];
    const rank = x.rank + axes.length;
    const places = axes.map((one) => normalizeAxis(one, rank, "expandDims"));
    return layout.unsqueeze(x, places);
  },
});

/** What {@link squeeze} is. */
export type Squeeze = <X extends Operand>(
  x: X,
  axis?: number | readonly number[] | null | { readonly axis?: number | readonly number[] | null },
) => Answer<X>;

/** Without axes of extent 1: the given ones, or all. */
export const squeeze = operation<Squeeze>({
  name: "squeeze",
  className: "Squeeze",
  module: "numpy",
  call: ["x"],
  options: { axis: null },
  compute: ([given], { axis }) => {
    const x = value(given);
    const ones = x.shape.flatMap((dim, place) => (dim === 1 ? [place] : []));
    const axes = axesOf("squeeze", axis)?.map((one) => normalizeAxis(one, x.rank, "squeeze")) ?? ones;
    const wide = axes.find((one) => !ones.includes(one));
    if (wide !== undefined) {
      throw new ShapeError("Squeeze: an axis has not extent 1.", {
        subject: "axis",
        expected: "axes of extent 1",
        received: `axis ${wide} of ${formatShape(x.shape)}`,
      });
    }
    return axes.length === 0 ? x : layout.squeeze(x, axes);
  },
});

/** All elements as one row. */
export const ravel = operation<Elementwise>({
  name: "ravel",
  className: "Ravel",
  module: "numpy",
  call: ["x"],
  options: {},
  compute: ([x]) => reshapeOp(value(x), integers([-1])),
});

/** What {@link concatenate} is. */
export type Joining = <X extends Operand>(xs: readonly X[], axis?: number | { readonly axis?: number }) => Answer<X>;

/** One behind the other along an axis; default 0, as in Keras. */
export const concatenate = operation<Joining>({
  name: "concatenate",
  className: "Concatenate",
  module: "numpy",
  call: ["xs"],
  options: { axis: 0 },
  compute: ([xs], { axis }) => joining.concat(values(xs), { axis: joinAxis(values(xs), axis) }),
});

function joinAxis([first]: readonly Value[], axis: unknown): number {
  return normalizeAxis(axisOf("concatenate", axis), first?.rank ?? 0, "concatenate");
}

/** Side by side along a new axis; default 0. */
export const stack = operation<Joining>({
  name: "stack",
  className: "Stack",
  module: "numpy",
  call: ["x"],
  options: { axis: 0 },
  compute: ([xs], { axis }) => {
    const list = values(xs);
    const place = normalizeAxis(axisOf("stack", axis), (list[0]?.rank ?? 0) + 1, "stack");
    return joining.concat(
      list.map((x) => layout.unsqueeze(x, [place])),
      { axis: place },
    );
  },
});

/** What {@link split} is. */
export type Split = <X extends Operand>(
  x: X,
  indicesOrSections: number | readonly number[],
  axis?: number | { readonly axis?: number },
) => ListAnswer<X>;

/** Equal parts along an axis, or parts that begin at the given places. */
export const split = listOperation<Split>({
  name: "split",
  className: "Split",
  module: "numpy",
  call: ["x"],
  options: { indicesOrSections: undefined, axis: 0 },
  compute: ([given], { indicesOrSections, axis }) => {
    const x = value(given);
    const place = normalizeAxis(axisOf("split", axis), x.rank, "split");
    const extent = staticDim(x.shape, place, "split");
    const starts =
      typeof indicesOrSections === "number" ? sections(extent, indicesOrSections) : places(indicesOrSections);
    return [0, ...starts].map((start, index) =>
      sliceOp(x, { starts: [start], ends: [starts[index] ?? extent], axes: [place] }),
    );
  },
});

function sections(extent: number, count: number): readonly number[] {
  if (!Number.isSafeInteger(count) || count < 1 || extent % count !== 0) {
    throw new ShapeError("Split: the axis does not fall into equal parts.", {
      subject: "indicesOrSections",
      expected: `a number that divides ${extent}`,
      received: String(count),
    });
  }
  return Array.from({ length: count - 1 }, (_, index) => ((index + 1) * extent) / count);
}

function places(given: unknown): readonly number[] {
  if (Array.isArray(given) && given.every((one): one is number => Number.isSafeInteger(one))) return given;
  return refuse("split", "indicesOrSections", "a whole number, or a list of places", given);
}

/** What {@link unstack} is. */
export type Unstack = <X extends Operand>(x: X, options?: { readonly axis?: number }) => ListAnswer<X>;

/** What lies along an axis, each without it. */
export const unstack = listOperation<Unstack>({
  name: "unstack",
  className: "Unstack",
  module: "core",
  call: ["x"],
  options: { num: null, axis: 0 },
  compute: ([given], { axis }) => {
    const x = value(given);
    const place = normalizeAxis(axisOf("unstack", axis), x.rank, "unstack");
    const extent = staticDim(x.shape, place, "unstack");
    return Array.from({ length: extent }, (_, index) =>
      layout.squeeze(sliceOp(x, { starts: [index], ends: [index + 1], axes: [place] }), [place]),
    );
  },
});

/** What {@link tile} is. */
export type Tile = <X extends Operand>(x: X, repeats: number | readonly number[]) => Answer<X>;

/** The whole several times along each axis. */
export const tile = operation<Tile>({
  name: "tile",
  className: "Tile",
  module: "numpy",
  call: ["x"],
  options: { repeats: undefined },
  compute: ([given], { repeats }) => {
    const x = value(given);
    const list = axesOf("tile", repeats) ?? [];
    const rank = Math.max(x.rank, list.length);
    const padded = [...Array.from({ length: rank - list.length }, () => 1), ...list];
    const wide = layout.unsqueeze(
      x,
      Array.from({ length: rank - x.rank }, (_, axis) => axis),
    );
    return joining.tile(wide, padded);
  },
});

/** What {@link repeat} is. */
export type Repeat = <X extends Operand>(
  x: X,
  repeats: number,
  axis?: number | null | { readonly axis?: number | null },
) => Answer<X>;

/** Each element several times, one behind the other. */
export const repeat = operation<Repeat>({
  name: "repeat",
  className: "Repeat",
  module: "numpy",
  call: ["x"],
  options: { repeats: undefined, axis: null },
  compute: ([given], { repeats, axis }) => {
    const all = value(given);
    const x = axis === null ? reshapeOp(all, integers([-1])) : all;
    const place = axis === null ? 0 : normalizeAxis(axisOf("repeat", axis), x.rank, "repeat");
    const times = axisOf("repeat", repeats);
    const wide = joining.tile(layout.unsqueeze(x, [place + 1]), [
      ...x.shape.slice(0, place + 1).map(() => 1),
      times,
      ...x.shape.slice(place + 1).map(() => 1),
    ]);
    const shape = x.shape.map((dim, at) => (at === place ? dimProduct([dim, times]) : dim));
    return reshapeTo(wide, shape);
  },
});

/** Options of {@link pad}. */
export interface PadOptions {
  /** Default `"constant"`. */
  readonly mode?: "constant" | "reflect" | "edge";
  /** What stands in the margin with `"constant"`; default 0. */
  readonly constantValues?: number;
}

/** What {@link pad} is. */
export type Pad = <X extends Operand>(
  x: X,
  padWidth: number | readonly number[] | readonly (readonly number[])[],
  mode?: "constant" | "reflect" | "edge" | PadOptions,
) => Answer<X>;

/** With a margin: `padWidth` is `[before, after]` for each axis, in Keras's order. */
export const pad = operation<Pad>({
  name: "pad",
  className: "Pad",
  module: "numpy",
  call: ["x"],
  options: { padWidth: undefined, mode: "constant", constantValues: null },
  namedInCall: ["constantValues"],
  compute: ([given], { padWidth, mode, constantValues }) => {
    const x = value(given);
    const margins = marginsOf(x, padWidth);
    const wanted = (["constant", "reflect", "edge"] as const).find((one) => one === mode);
    if (wanted === undefined) return refuse("pad", "mode", '"constant", "reflect" or "edge"', mode);
    const options: { readonly mode: PadMode; readonly value?: number } =
      typeof constantValues === "number" ? { mode: wanted, value: constantValues } : { mode: wanted };
    // Axes of no known extent stay out of it.
    const axes = x.shape.flatMap((_, axis) => (margins[axis]?.some((count) => count !== 0) === true ? [axis] : []));
    if (axes.length === 0) return x;
    const side = (at: 0 | 1): number[] => axes.map((axis) => margins[axis]?.[at] ?? 0);
    return padOp(x, [...side(0), ...side(1)], { ...options, axes });
  },
});

function marginsOf(x: Value, given: unknown): readonly (readonly [number, number])[] {
  const list: readonly unknown[] = typeof given === "number" ? [given] : Array.isArray(given) ? given : [];
  const pairs = list.map((one): readonly [number, number] | undefined => {
    const margins: readonly unknown[] = Array.isArray(one) ? (one as readonly unknown[]) : [one, one];
    const [before, after, ...others] = margins;
    const fits = Number.isSafeInteger(before) && others.length === 0;
    return fits ? [Number(before), Number(after ?? before)] : undefined;
  });
  const [first] = pairs;
  // NumPy's short forms: one number, or one pair, for all axes.
  const isPair = list.length === 2 && x.rank !== 2 && list.every((one) => typeof one === "number");
  const short = isPair ? ([list[0], list[1]] as [number, number]) : pairs.length === 1 ? first : undefined;
  if (short !== undefined) return x.shape.map(() => short);
  const all = pairs.flatMap((pair) => (pair === undefined ? [] : [pair]));
  if (all.length === x.rank) return all;
  return refuse("pad", "padWidth", `[before, after] for each of the ${x.rank} axes`, given);
}

/** What {@link flip} is. */
export type Flip = <X extends Operand>(
  x: X,
  axis?: number | readonly number[] | null | { readonly axis?: number | readonly number[] | null },
) => Answer<X>;

/** Backwards along axes; default all. */
export const flip = operation<Flip>({
  name: "flip",
  className: "Flip",
  module: "numpy",
  call: ["x"],
  options: { axis: null },
  compute: ([given], { axis }) => {
    const x = value(given);
    const axes =
      axesOf("flip", axis)?.map((one) => normalizeAxis(one, x.rank, "flip")) ?? x.shape.map((_, place) => place);
    return sliceOp(x, {
      starts: axes.map(() => -1),
      ends: axes.map(() => -(2 ** 31)),
      axes,
      steps: axes.map(() => -1),
    });
  },
});

/** What {@link roll} is. */
export type Roll = <X extends Operand>(x: X, shift: number, options: { readonly axis: number }) => Answer<X>;

/** Elements moved along an axis; what falls out comes in at the other end. */
export const roll = operation<Roll>({
  name: "roll",
  className: "Roll",
  module: "numpy",
  call: ["x"],
  options: { shift: undefined, axis: undefined },
  compute: ([given], { shift, axis }) => {
    const x = value(given);
    const place = normalizeAxis(axisOf("roll", axis), x.rank, "roll");
    const extent = staticDim(x.shape, place, "roll");
    const by = ((axisOf("roll", shift) % extent) + extent) % extent;
    if (by === 0) return x;
    const part = (start: number, end: number): Value => sliceOp(x, { starts: [start], ends: [end], axes: [place] });
    return joining.concat([part(extent - by, extent), part(0, extent - by)], { axis: place });
  },
});

/** What {@link broadcastTo} is. */
export type BroadcastTo = <X extends Operand>(x: X, shape: readonly number[]) => Answer<X>;

/** Repeated along axes of extent 1 to a shape. */
export const broadcastTo = operation<BroadcastTo>({
  name: "broadcastTo",
  className: "BroadcastTo",
  module: "numpy",
  call: ["x"],
  options: { shape: undefined },
  compute: ([given], { shape }) => layout.expand(value(given), integers(axesOf("broadcastTo", shape) ?? [])),
});

/** What {@link cast} is. */
export type Cast = <X extends Operand>(x: X, dtype: string) => Answer<X>;

/** In another element type: `ops.cast(x, "float32")`. */
export const cast = operation<Cast>({
  name: "cast",
  className: "Cast",
  module: "core",
  call: ["x"],
  options: { dtype: undefined },
  isElementwise: true,
  compute: ([given], { dtype }) => {
    const x = value(given);
    const type = elementType("cast", dtype);
    return x.type === type ? layout.identity(x) : layout.cast(x, type);
  },
});

/** The same, through which no gradient flows. */
export const stopGradient = operation<Elementwise>({
  name: "stopGradient",
  className: "StopGradient",
  module: "core",
  call: ["variable"],
  options: {},
  isElementwise: true,
  compute: ([x]) => layout.stopGradient(value(x)),
});

/** What {@link zerosLike} is. */
export type Like = <X extends Operand>(x: X, dtype?: string | null) => Answer<X>;

function filledLike(x: Value, number: number, dtype: unknown = null): Value {
  const one = dtype === null ? scalarLike(x, number) : scalar(elementType("like", dtype), number);
  return x.rank === 0 ? layout.identity(one) : expandTo(one, x);
}

/** Zeros of the shape of a tensor. */
export const zerosLike = operation<Like>({
  name: "zerosLike",
  className: "ZerosLike",
  module: "numpy",
  call: ["x"],
  options: { dtype: null },
  isElementwise: true,
  compute: ([x], { dtype }) => filledLike(value(x), 0, dtype),
});

/** Ones of the shape of a tensor. */
export const onesLike = operation<Like>({
  name: "onesLike",
  className: "OnesLike",
  module: "numpy",
  call: ["x"],
  options: { dtype: null },
  isElementwise: true,
  compute: ([x], { dtype }) => filledLike(value(x), 1, dtype),
});

/** What {@link fullLike} is. */
export type FullLike = <X extends Operand>(x: X, fillValue: number, dtype?: string | null) => Answer<X>;

/** One number in the shape of a tensor. */
export const fullLike = operation<FullLike>({
  name: "fullLike",
  className: "FullLike",
  module: "numpy",
  call: ["x", "fillValue"],
  options: { dtype: null },
  compute: ([x, fill], { dtype }) => filledLike(value(x), Number(fill), dtype),
});

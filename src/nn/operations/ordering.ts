import { refuse } from "../../errors/check.js";
import { ShapeError } from "../../errors/errors.js";
import { formatShape, normalizeAxis, staticDim } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { greater, less } from "../../ops/comparison.js";
import { integers, scalarLike } from "../../ops/constants.js";
import { add, mul, neg, sub } from "../../ops/elementwise.js";
import * as index from "../../ops/indexing.js";
import { cast, squeeze, stopGradient, unsqueeze } from "../../ops/layout.js";
import { reduceMax, reduceMean, reduceSum } from "../../ops/reduction.js";
import { reshape } from "../../ops/reshape.js";
import { pad, slice } from "../../ops/slicing.js";
import { type Answer, type Operand } from "./operand.js";
import { type Computable, operation, type OperationRow } from "./operation.js";
import type { Axes } from "./reductions.js";
import { axisOf, elementType, float, value } from "./rows.js";

/* Elements in an order, and sums along one. */

/** A function along one axis: `ops.sort(x)`, `ops.sort(x, { axis: 1 })`; default the last one. */
export type AlongOneAxis = <X extends Operand>(
  x: X,
  axis?: number | null | { readonly axis?: number | null },
) => Answer<X>;

/** A tensor, and the axis along which it is treated: of all elements as one row where none is said. */
function rowsOf(owner: string, x: Value, axis: unknown): readonly [x: Value, axis: number] {
  if (axis === null) return [reshape(x, integers([-1])), 0];
  return [x, normalizeAxis(axisOf(owner, axis), x.rank, owner)];
}

/** All elements along an axis from the smallest to the greatest; of equal ones the first comes first. */
function ordered(owner: string, given: Value, axis: unknown): { readonly y: Value; readonly indices: Value } {
  const [x, place] = rowsOf(owner, given, axis);
  const numbers = x.type === "bool" || x.type === "uint8" || x.type === "int8" ? cast(x, "int32") : x;
  const { y, indices } = index.topK(numbers, integers([staticDim(x.shape, place, owner)]), { axis: place, largest: 0 });
  return { y: y.type === x.type ? y : cast(y, x.type), indices };
}

/** From the smallest to the greatest along an axis; default the last one. */
export const sort = operation<AlongOneAxis>({
  name: "sort",
  className: "Sort",
  module: "numpy",
  call: ["x"],
  options: { axis: -1 },
  compute: ([x], { axis }) => ordered("sort", value(x), axis).y,
});

/** The places of the elements in the order of {@link sort}; int32, no gradient. */
export const argsort = operation<AlongOneAxis>({
  name: "argsort",
  className: "Argsort",
  module: "numpy",
  call: ["x"],
  options: { axis: -1 },
  compute: ([x], { axis }) => cast(ordered("argsort", value(x), axis).indices, "int32"),
});

/** What {@link median} is. */
export type Median = <X extends Operand>(
  x: X,
  axis?: number | null | { readonly axis?: number | null; readonly keepdims?: boolean },
  keepdims?: boolean,
) => Answer<X>;

/** The element in the middle of their order along an axis, or the mean of the two in the middle; default of all elements. */
export const median = operation<Median>({
  name: "median",
  className: "Median",
  module: "numpy",
  call: ["x"],
  options: { axis: null, keepdims: false },
  compute: ([given], { axis, keepdims }) => {
    const all = float(given);
    const [x, place] = rowsOf("median", all, axis);
    const extent = staticDim(x.shape, place, "median");
    const first = Math.floor((extent - 1) / 2);
    const last = Math.floor(extent / 2);
    const middle = slice(ordered("median", x, place).y, { starts: [first], ends: [last + 1], axes: [place] });
    const found = reduceMean(middle, [place], { keepdims: keepdims === true && axis !== null ? 1 : 0 });
    return keepdims === true && axis === null ? reshape(found, integers(all.shape.map(() => 1))) : found;
  },
});

/** Each element combined with all before it along an axis, in as many steps as the extent has binary digits. */
function running(x: Value, axis: number, neutral: number, combine: (a: Value, b: Value) => Value): Value {
  const extent = staticDim(x.shape, axis, "cumsum");
  let sums = x;
  for (let by = 1; by < extent; by *= 2) {
    const before = slice(sums, { starts: [0], ends: [extent - by], axes: [axis] });
    sums = combine(sums, pad(before, [by, 0], { axes: [axis], value: neutral }));
  }
  return sums;
}

/** A function of all elements up to each: `ops.cumsum(x, { axis: 1 })`; default of all elements as one row. */
export type Running = <X extends Operand>(
  x: X,
  axis?: number | null | { readonly axis?: number | null; readonly dtype?: string | null },
  dtype?: string | null,
) => Answer<X>;

function runningRow(
  name: string,
  className: string,
  neutral: number,
  combine: (a: Value, b: Value) => Value,
): OperationRow {
  return {
    name,
    className,
    module: "numpy",
    call: ["x"],
    options: { axis: null, dtype: null },
    compute: ([given], { axis, dtype }) => {
      const all = value(given);
      const wanted = dtype === null ? (all.type === "bool" ? "int32" : all.type) : elementType(name, dtype);
      const [x, place] = rowsOf(name, all.type === wanted ? all : cast(all, wanted), axis);
      return running(x, place, neutral, combine);
    },
  };
}

/** The sum of the elements up to each. */
export const cumsum = operation<Running>(runningRow("cumsum", "Cumsum", 0, add));

/** The product of the elements up to each. */
export const cumprod = operation<Running>(runningRow("cumprod", "Cumprod", 1, mul));

/** What {@link diff} is. */
export type Difference = <X extends Operand>(
  a: X,
  n?: number | { readonly n?: number; readonly axis?: number },
  axis?: number,
) => Answer<X>;

/** What each element is more than the one before it along an axis (default the last one), `n` times (default once). */
export const diff = operation<Difference>({
  name: "diff",
  className: "Diff",
  module: "numpy",
  call: ["a"],
  options: { n: 1, axis: -1 },
  compute: ([given], { n, axis }) => {
    let x = value(given);
    const times = axisOf("diff", n);
    const place = normalizeAxis(axisOf("diff", axis), x.rank, "diff");
    const extent = staticDim(x.shape, place, "diff");
    if (times < 0 || times >= extent) refuse("diff", "n", `a whole number from 0 to ${extent - 1}`, n);
    for (let left = times, size = extent; left > 0; left--, size--) {
      const part = (from: number): Value => slice(x, { starts: [from], ends: [from + size - 1], axes: [place] });
      x = sub(part(1), part(0));
    }
    return x;
  },
});

/** What {@link inTopK} is. */
export type InTopK = <T extends Operand, P extends Operand>(
  targets: T,
  predictions: P,
  k: number | { readonly k: number },
) => Answer<T | P>;

/** Whether the prediction `[N, classes]` of each target `[N]` is among the greatest `k`; bool. */
export const inTopK = operation<InTopK>({
  name: "inTopK",
  className: "InTopK",
  module: "math",
  call: ["targets", "predictions"],
  options: { k: undefined },
  compute: ([given, scores], { k }) => {
    const predictions = float(scores);
    const targets = cast(value(given), "int64");
    if (predictions.rank !== 2 || targets.rank !== 1) {
      throw new ShapeError("inTopK: the shapes do not fit.", {
        subject: "targets",
        expected: "targets [N] and predictions [N, classes]",
        received: `${formatShape(targets.shape)} and ${formatShape(predictions.shape)}`,
      });
    }
    const own = index.gatherElements(predictions, unsqueeze(targets, [1]), { axis: 1 });
    const before = reduceSum(cast(greater(predictions, own), "float32"), [1], { keepdims: 0 });
    return less(before, scalarLike(before, axisOf("inTopK", k)));
  },
});

/** What {@link multiHot} is. */
export type MultiHot = <X extends Operand>(
  inputs: X,
  numClasses: number | { readonly numClasses: number; readonly axis?: number; readonly dtype?: string | null },
  axis?: number,
) => Answer<X>;

/** 1 at each of the numbers of classes of a sample, `[N, numbers]` → `[N, numClasses]`; no gradient. */
export const multiHot = operation<MultiHot>({
  name: "multiHot",
  className: "MultiHot",
  module: "nn",
  call: ["inputs"],
  options: { numClasses: undefined, axis: -1, dtype: null, sparse: false },
  compute: ([given], { numClasses, axis, dtype, sparse }) => {
    if (sparse === true) return refuse("multiHot", "sparse", "false", sparse);
    const x = value(given);
    if (axisOf("multiHot", axis) !== -1 || x.rank === 0)
      return refuse("multiHot", "axis", "-1, of a list of numbers", axis);
    const classes = stopGradient(index.oneHot(cast(x, "int64"), axisOf("multiHot", numClasses)));
    const hot = reduceMax(cast(classes, "float32"), [x.rank > 1 ? 1 : 0], { keepdims: 0 });
    const type = elementType("multiHot", dtype ?? "float32");
    return type === "float32" ? hot : cast(hot, type);
  },
});

/** What {@link quantile} is. */
export type Quantile = <X extends Operand>(
  x: X,
  q: number | { readonly q: number; readonly axis?: Axes },
  axis?: number | null,
) => Answer<X>;

/** The element before which a share `q` of them lies along an axis, or the mean of two by their distance; default of all. */
export const quantile = operation<Quantile>({
  name: "quantile",
  className: "Quantile",
  module: "numpy",
  call: ["x", "q"],
  options: { axis: null, method: "linear", keepdims: false },
  compute: ([given, share], { axis, method, keepdims }) => {
    if (method !== "linear") return refuse("quantile", "method", '"linear"', method);
    if (keepdims !== false) return refuse("quantile", "keepdims", "false", keepdims);
    const q = shareOf(share);
    const [x, place] = rowsOf("quantile", float(given), axis);
    const position = q * (staticDim(x.shape, place, "quantile") - 1);
    const { y } = ordered("quantile", x, place);
    const at = (one: number): Value => squeeze(slice(y, { starts: [one], ends: [one + 1], axes: [place] }), [place]);
    const [low, high] = [at(Math.floor(position)), at(Math.ceil(position))];
    return add(low, mul(add(high, neg(low)), scalarLike(low, position - Math.floor(position))));
  },
});

function shareOf(share: Computable | undefined): number {
  if (typeof share === "number" && share >= 0 && share <= 1) return share;
  return refuse("quantile", "q", "a number from 0 to 1", share);
}

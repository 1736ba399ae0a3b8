import { refuse } from "../../errors/check.js";
import { ShapeError } from "../../errors/errors.js";
import { normalizeAxis } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { integers, scalarLike } from "../../ops/constants.js";
import * as math from "../../ops/elementwise.js";
import { cast } from "../../ops/layout.js";
import * as reduce from "../../ops/reduction.js";
import { reshape, reshapeTo } from "../../ops/reshape.js";
import { type Answer, asFloat, type Operand } from "./operand.js";
import { type OperationOptions, operation, type OperationRow } from "./operation.js";
import { axesOf, axisOf, float, truth, value } from "./rows.js";

/** Axes in Keras's order; negative ones count from the end; `null`: all. */
export type Axes = number | readonly number[] | null;

/** Options of reductions. */
export interface ReductionOptions {
  /** Axes that are reduced, in Keras's order; default all. */
  readonly axis?: Axes;
  /** Whether they stay, with extent 1; default `false`. */
  readonly keepdims?: boolean;
}

/** A reduction over some axes: `ops.mean(x, 1)`, `ops.mean(x, { axis: [1, 2], keepdims: true })`. */
export type Reduction = <X extends Operand>(x: X, axis?: Axes | ReductionOptions, keepdims?: boolean) => Answer<X>;

function ofAxes(
  name: string,
  className: string,
  module: string,
  compute: (x: Value, axes: readonly number[] | undefined, keepdims: { readonly keepdims: number }) => Value,
  convert: typeof value = value,
  options: OperationOptions = {},
): OperationRow {
  return {
    name,
    className,
    module,
    call: ["x"],
    options: { axis: null, keepdims: false, ...options },
    compute: ([given], { axis, keepdims, ...others }) => {
      const said = Object.entries(others).find(([, value]) => value !== null);
      if (said !== undefined) refuse(name, said[0], "nothing: Graft does not have it", said[1]);
      const x = convert(given);
      const axes = axesOf(name, axis)?.map((one) => normalizeAxis(one, x.rank, name));
      if (x.rank === 0) return compute(x, [], { keepdims: 0 });
      return compute(x, axes, { keepdims: keepdims === true ? 1 : 0 });
    },
  };
}

/** Truth values are counted. */
function countable(argument: Parameters<typeof value>[0]): Value {
  const x = value(argument);
  return x.type === "bool" || x.type === "uint8" || x.type === "int8" ? cast(x, "int32") : x;
}

/** The sum. */
export const sum = operation<Reduction>(ofAxes("sum", "Sum", "numpy", reduce.reduceSum, countable));

/** The mean. */
export const mean = operation<Reduction>(ofAxes("mean", "Mean", "numpy", reduce.reduceMean, float));

/** The product. */
export const prod = operation<Reduction>(
  ofAxes("prod", "Prod", "numpy", reduce.reduceProd, countable, { dtype: null }),
);

/** The greatest. */
export const max = operation<Reduction>(ofAxes("max", "Max", "numpy", reduce.reduceMax, countable, { initial: null }));

/** The smallest. */
export const min = operation<Reduction>(ofAxes("min", "Min", "numpy", reduce.reduceMin, countable, { initial: null }));

/** The greatest. */
export const amax = operation<Reduction>(ofAxes("amax", "Amax", "numpy", reduce.reduceMax, countable));

/** The smallest. */
export const amin = operation<Reduction>(ofAxes("amin", "Amin", "numpy", reduce.reduceMin, countable));

function variance(x: Value, axes: readonly number[] | undefined, options: { readonly keepdims: number }): Value {
  const centered = math.sub(x, reduce.reduceMean(x, axes, { keepdims: 1 }));
  return reduce.reduceMean(math.square(centered), axes, options);
}

/** The mean of the squared distances from the mean. */
const variances = operation<Reduction>(ofAxes("var", "Var", "numpy", variance, float));
export { variances as var };

/** The standard deviation: the root of the variance. */
export const std = operation<Reduction>(
  ofAxes("std", "Std", "numpy", (x, axes, options) => math.sqrt(variance(x, axes, options)), float),
);

/** `ln Σ eˣ`. */
export const logsumexp = operation<Reduction>(ofAxes("logsumexp", "Logsumexp", "math", reduce.reduceLogSumExp, float));

function flags(x: Value): Value {
  return cast(truth(x), "float32");
}

/** Whether one of them is not 0. */
export const any = operation<Reduction>(
  ofAxes("any", "Any", "numpy", (x, axes, options) => cast(reduce.reduceMax(flags(x), axes, options), "bool")),
);

/** Whether none of them is 0. */
export const all = operation<Reduction>(
  ofAxes("all", "All", "numpy", (x, axes, options) => cast(reduce.reduceMin(flags(x), axes, options), "bool")),
);

/** How many are not 0; int32. */
export type Count = <X extends Operand>(x: X, axis?: Axes | { readonly axis?: Axes }) => Answer<X>;

/** How many are not 0; int32. */
export const countNonzero = operation<Count>({
  name: "countNonzero",
  className: "CountNonzero",
  module: "numpy",
  call: ["x"],
  options: { axis: null },
  compute: ([x], { axis }) => {
    const given = value(x);
    const axes = axesOf("countNonzero", axis)?.map((one) => normalizeAxis(one, given.rank, "countNonzero"));
    return cast(reduce.reduceSum(flags(given), axes, { keepdims: 0 }), "int32");
  },
});

/** Options of {@link argmax} and {@link argmin}. */
export interface ArgumentOptions {
  /** Axis in Keras's order; default all elements as one row. */
  readonly axis?: number | null;
  /** Whether the axis stays, with extent 1; default `false`. */
  readonly keepdims?: boolean;
}

/** The place of an element: `ops.argmax(x, -1)`. */
export type ArgumentOf = <X extends Operand>(
  x: X,
  axis?: number | null | ArgumentOptions,
  keepdims?: boolean,
) => Answer<X>;

function placeOf(name: string, className: string, turn: (x: Value) => Value): OperationRow {
  return {
    name,
    className,
    module: "numpy",
    call: ["x"],
    options: { axis: null, keepdims: false },
    compute: ([given], { axis, keepdims }) => {
      const x = turn(value(given));
      const keep = keepdims === true ? 1 : 0;
      if (axis !== null) {
        return cast(reduce.argMax(x, { axis: axisOf(name, axis), keepdims: keep }), "int32");
      }
      const count = x.shape.every((dim) => typeof dim === "number") ? x.shape.reduce<number>((n, d) => n * d, 1) : -1;
      const place = cast(reduce.argMax(row(x, count), { axis: 0, keepdims: 0 }), "int32");
      return keep === 1
        ? reshapeTo(
            place,
            x.shape.map(() => 1),
          )
        : place;
    },
  };
}

/** The greatest place's number, of equal ones the first; int32, no gradient. */
export const argmax = operation<ArgumentOf>(placeOf("argmax", "Argmax", (x) => x));

/** The smallest place's number, of equal ones the first; int32, no gradient. */
export const argmin = operation<ArgumentOf>(
  placeOf("argmin", "Argmin", (x) => math.neg(x.type === "bool" || x.type === "uint8" ? cast(x, "int32") : x)),
);

/** Options of {@link norm}. */
export interface NormOptions extends ReductionOptions {
  /** Default `null`: the Euclidean norm; 1, 2, Infinity, -Infinity, 0 of vectors; `"fro"` of matrices. */
  readonly ord?: number | "fro" | null;
}

/** What {@link norm} is. */
export type Norm = <X extends Operand>(x: X, options?: NormOptions) => Answer<X>;

/** The length of vectors along an axis, or of all elements. */
export const norm = operation<Norm>({
  name: "norm",
  className: "Norm",
  module: "linalg",
  call: ["x"],
  options: { ord: null, axis: null, keepdims: false },
  compute: ([given], { ord, axis, keepdims }) => {
    const x = asFloat(value(given));
    const axes = axesOf("norm", axis)?.map((one) => normalizeAxis(one, x.rank, "norm"));
    const options = { keepdims: keepdims === true ? 1 : 0 };
    const size = axes?.length ?? x.rank;
    if (ord === null || (ord === "fro" && size === 2) || (ord === 2 && size === 1)) {
      return math.sqrt(reduce.reduceSumSquare(x, axes, options));
    }
    if (size !== 1) throw unusable(ord);
    const magnitudes = math.abs(x);
    if (ord === 1) return reduce.reduceSum(magnitudes, axes, options);
    if (ord === Infinity) return reduce.reduceMax(magnitudes, axes, options);
    if (ord === -Infinity) return reduce.reduceMin(magnitudes, axes, options);
    if (ord === 0) return reduce.reduceSum(cast(truth(x), "float32"), axes, options);
    if (typeof ord !== "number") throw unusable(ord);
    const powers = reduce.reduceSum(math.pow(magnitudes, scalarLike(x, ord)), axes, options);
    return math.pow(powers, scalarLike(powers, 1 / ord));
  },
});

function unusable(ord: unknown): ShapeError {
  return new ShapeError("there is no such norm of these axes.", {
    subject: "ord",
    expected: 'null; a number for one axis; "fro" for two',
    received: String(ord),
  });
}

/** All elements as one row. */
function row(x: Value, count: number): Value {
  return reshape(x, integers([count]));
}

/** Options of {@link average}. */
export interface AverageOptions {
  /** Axes that are averaged, in Keras's order; default all. */
  readonly axis?: Axes;
}

/** What {@link average} is. */
export type Average = <X extends Operand>(x: X, axis?: Axes | AverageOptions) => Answer<X>;

/** The mean; without weights here. */
export const average = operation<Average>({
  name: "average",
  className: "Average",
  module: "numpy",
  call: ["x"],
  options: { axis: null },
  compute: ([given], { axis }) => {
    const x = float(given);
    const axes = axesOf("average", axis)?.map((one) => normalizeAxis(one, x.rank, "average"));
    return reduce.reduceMean(x, axes, { keepdims: 0 });
  },
});

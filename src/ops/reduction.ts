import { type Dim, dimProduct, dimQuotient, normalizeAxis, type Shape } from "../graph/shape.js";
import type { Value } from "../graph/value.js";
import { equal } from "./comparison.js";
import { constantIntegers, integers, scalarLike } from "./constants.js";
import { defineOp, type NonDifferentiableOp, type Op } from "./define.js";
import { abs, div, exp, log, mul, sqrt, square, sub } from "./elementwise.js";
import { cast } from "./layout.js";
import { expandTo, sizeOf } from "./shape-of.js";
import { reshapeTo } from "./reshape.js";

/** What every reduction may be told. */
export interface ReductionAttributes {
  /** 1 (default) keeps the reduced axes with extent 1, 0 takes them away. */
  readonly keepdims?: number | undefined;
  /** 1: no axes mean that nothing is reduced; 0 (default): that all of them are. */
  readonly noop_with_empty_axes?: number | undefined;
}
type Reduction<Name extends string> = Op<Name, [x: Value, axes?: Value, attributes?: ReductionAttributes]>;

const attributes = { keepdims: "int", noop_with_empty_axes: "int" } as const;

/** The axes that a reduction runs over: all of them when none is named. */
function reducedAxes(
  operator: string,
  x: Value,
  axes: Value | undefined,
  options: ReductionAttributes,
): readonly number[] {
  const given = axes === undefined ? [] : constantIntegers(axes, operator, "axes");
  if (given.length > 0) return given.map((axis) => normalizeAxis(axis, x.rank, operator));
  return options.noop_with_empty_axes === 1 ? [] : x.shape.map((_, axis) => axis);
}

/** The shape with the reduced axes at 1. */
function keptShape(operator: string, x: Value, axes: Value | undefined, options: ReductionAttributes): Shape {
  const reduced = reducedAxes(operator, x, axes, options);
  return x.shape.map((dim, axis): Dim => (reduced.includes(axis) ? 1 : dim));
}

function reducedType(
  operator: string,
  x: Value,
  axes: Value | undefined,
  options: ReductionAttributes,
): { y: Pick<Value, "type" | "shape"> } {
  const reduced = reducedAxes(operator, x, axes, options);
  const kept = keptShape(operator, x, axes, options);
  return {
    y: { type: x.type, shape: options.keepdims === 0 ? kept.filter((_, axis) => !reduced.includes(axis)) : kept },
  };
}

/** How many elements are reduced to one, as a scalar of the type of `x`. */
function reducedCount(operator: string, x: Value, axes: Value | undefined, options: ReductionAttributes): Value {
  const count = dimQuotient(dimProduct(x.shape), dimProduct(keptShape(operator, x, axes, options)));
  if (typeof count === "number") return scalarLike(x, count);
  const reduced = reducedAxes(operator, x, axes, options);
  return cast(sizeOf(x, reduced), x.type);
}

/** Sum over some axes. @see https://onnx.ai/onnx/operators/onnx__ReduceSum.html */
export const reduceSumOp: Reduction<"ReduceSum"> = defineOp("ReduceSum", {
  since: 13,
  inputs: ["x", "axes?"],
  outputs: ["y"],
  attributes,
  infer: ({ x, axes, attributes: options }) => reducedType("ReduceSum", x, axes, options),
  vjp: {
    x: ({ x, axes, dy, attributes: options }) => expandTo(reshapeTo(dy, keptShape("ReduceSum", x, axes, options)), x),
    axes: "none",
  },
});

/** Mean over some axes. @see https://onnx.ai/onnx/operators/onnx__ReduceMean.html */
export const reduceMeanOp: Reduction<"ReduceMean"> = defineOp("ReduceMean", {
  since: 18,
  inputs: ["x", "axes?"],
  outputs: ["y"],
  attributes,
  infer: ({ x, axes, attributes: options }) => reducedType("ReduceMean", x, axes, options),
  vjp: {
    x: ({ x, axes, dy, attributes: options }) => {
      // Divided before it is repeated: fewer divisions.
      const share = div(dy, reducedCount("ReduceMean", x, axes, options));
      return expandTo(reshapeTo(share, keptShape("ReduceMean", x, axes, options)), x);
    },
    axes: "none",
  },
});

/** The cotangent of a maximum or minimum: equal elements share it equally, as in TensorFlow. */
function sharedByChosen(
  operator: string,
  x: Value,
  axes: Value | undefined,
  y: Value,
  dy: Value,
  options: ReductionAttributes,
): Value {
  const kept = keptShape(operator, x, axes, options);
  const chosen = cast(equal(x, reshapeTo(y, kept)), x.type);
  const count = reduceSumOp(chosen, axes, { ...options, keepdims: 1 });
  return mul(chosen, div(reshapeTo(dy, kept), count));
}

/** Maximum over some axes; equal elements share the derivative equally. @see https://onnx.ai/onnx/operators/onnx__ReduceMax.html */
export const reduceMaxOp: Reduction<"ReduceMax"> = defineOp("ReduceMax", {
  since: 18,
  inputs: ["x", "axes?"],
  outputs: ["y"],
  attributes,
  infer: ({ x, axes, attributes: options }) => reducedType("ReduceMax", x, axes, options),
  vjp: {
    x: ({ x, axes, y, dy, attributes: options }) => sharedByChosen("ReduceMax", x, axes, y, dy, options),
    axes: "none",
  },
});

/** Minimum over some axes; equal elements share the derivative equally. @see https://onnx.ai/onnx/operators/onnx__ReduceMin.html */
export const reduceMinOp: Reduction<"ReduceMin"> = defineOp("ReduceMin", {
  since: 18,
  inputs: ["x", "axes?"],
  outputs: ["y"],
  attributes,
  infer: ({ x, axes, attributes: options }) => reducedType("ReduceMin", x, axes, options),
  vjp: {
    x: ({ x, axes, y, dy, attributes: options }) => sharedByChosen("ReduceMin", x, axes, y, dy, options),
    axes: "none",
  },
});

/** Product over some axes, of which none may be 0 where a derivative is taken. @see https://onnx.ai/onnx/operators/onnx__ReduceProd.html */
export const reduceProdOp: Reduction<"ReduceProd"> = defineOp("ReduceProd", {
  since: 18,
  inputs: ["x", "axes?"],
  outputs: ["y"],
  attributes,
  infer: ({ x, axes, attributes: options }) => reducedType("ReduceProd", x, axes, options),
  vjp: {
    x: ({ x, axes, y, dy, attributes: options }) =>
      div(reshapeTo(mul(dy, y), keptShape("ReduceProd", x, axes, options)), x),
    axes: "none",
  },
});

/** Sum of squares over some axes. @see https://onnx.ai/onnx/operators/onnx__ReduceSumSquare.html */
export const reduceSumSquareOp: Reduction<"ReduceSumSquare"> = defineOp("ReduceSumSquare", {
  since: 18,
  inputs: ["x", "axes?"],
  outputs: ["y"],
  attributes,
  infer: ({ x, axes, attributes: options }) => reducedType("ReduceSumSquare", x, axes, options),
  body: ({ x, axes, attributes: options }) => reduceSumOp(square(x), axes, options),
});

/** Euclidean norm over some axes; its derivative at the origin is not a number. @see https://onnx.ai/onnx/operators/onnx__ReduceL2.html */
export const reduceL2Op: Reduction<"ReduceL2"> = defineOp("ReduceL2", {
  since: 18,
  inputs: ["x", "axes?"],
  outputs: ["y"],
  attributes,
  infer: ({ x, axes, attributes: options }) => reducedType("ReduceL2", x, axes, options),
  body: ({ x, axes, attributes: options }) => sqrt(reduceSumOp(square(x), axes, options)),
});

/** Sum of magnitudes over some axes. @see https://onnx.ai/onnx/operators/onnx__ReduceL1.html */
export const reduceL1Op: Reduction<"ReduceL1"> = defineOp("ReduceL1", {
  since: 18,
  inputs: ["x", "axes?"],
  outputs: ["y"],
  attributes,
  infer: ({ x, axes, attributes: options }) => reducedType("ReduceL1", x, axes, options),
  body: ({ x, axes, attributes: options }) => reduceSumOp(abs(x), axes, options),
});

/** `ln Σ eˣ` over some axes, without overflow. @see https://onnx.ai/onnx/operators/onnx__ReduceLogSumExp.html */
export const reduceLogSumExpOp: Reduction<"ReduceLogSumExp"> = defineOp("ReduceLogSumExp", {
  since: 18,
  inputs: ["x", "axes?"],
  outputs: ["y"],
  attributes,
  infer: ({ x, axes, attributes: options }) => reducedType("ReduceLogSumExp", x, axes, options),
  // dx = dy e^(x - y), in which nothing overflows
  vjp: {
    x: ({ x, axes, y, dy, attributes: options }) => {
      const kept = keptShape("ReduceLogSumExp", x, axes, options);
      return mul(reshapeTo(dy, kept), exp(sub(x, reshapeTo(y, kept))));
    },
    axes: "none",
  },
});

/** `ln Σ x` over some axes. @see https://onnx.ai/onnx/operators/onnx__ReduceLogSum.html */
export const reduceLogSumOp: Reduction<"ReduceLogSum"> = defineOp("ReduceLogSum", {
  since: 18,
  inputs: ["x", "axes?"],
  outputs: ["y"],
  attributes,
  infer: ({ x, axes, attributes: options }) => reducedType("ReduceLogSum", x, axes, options),
  body: ({ x, axes, attributes: options }) => log(reduceSumOp(x, axes, options)),
});

type ReduceBy = (x: Value, axes?: readonly number[], attributes?: { readonly keepdims?: number | undefined }) => Value;

function by(op: Reduction<string>, ofOne: (x: Value) => Value = (x) => x): ReduceBy {
  // An empty list of axes means "all" in ONNX; here it means what it says: each element by itself.
  return (x, axes, options = {}) => (axes?.length === 0 ? ofOne(x) : op(x, axes && integers(axes), options));
}

/** Sum over some axes; all of them when `axes` is absent. */
export const reduceSum: ReduceBy = by(reduceSumOp);
/** Mean over some axes; all of them when `axes` is absent. */
export const reduceMean: ReduceBy = by(reduceMeanOp);
/** Maximum over some axes; all of them when `axes` is absent. */
export const reduceMax: ReduceBy = by(reduceMaxOp);
/** Minimum over some axes; all of them when `axes` is absent. */
export const reduceMin: ReduceBy = by(reduceMinOp);
/** Product over some axes; all of them when `axes` is absent. */
export const reduceProd: ReduceBy = by(reduceProdOp);
/** Sum of squares over some axes; all of them when `axes` is absent. */
export const reduceSumSquare: ReduceBy = by(reduceSumSquareOp, square);
/** Euclidean norm over some axes; all of them when `axes` is absent. */
export const reduceL2: ReduceBy = by(reduceL2Op, abs);
/** Sum of magnitudes over some axes; all of them when `axes` is absent. */
export const reduceL1: ReduceBy = by(reduceL1Op, abs);
/** `ln Σ x` over some axes; all of them when `axes` is absent. */
export const reduceLogSum: ReduceBy = by(reduceLogSumOp, log);
/** `ln Σ eˣ` over some axes; all of them when `axes` is absent. */
export const reduceLogSumExp: ReduceBy = by(reduceLogSumExpOp);

/**
 * Index of the greatest element along an axis, the first of equal ones unless `select_last_index` is 1; int64.
 * Defaults: `axis` 0, `keepdims` 1.
 * @see https://onnx.ai/onnx/operators/onnx__ArgMax.html
 */
export const argMax: NonDifferentiableOp<
  "ArgMax",
  [
    x: Value,
    attributes?: {
      readonly axis?: number | undefined;
      readonly keepdims?: number | undefined;
      readonly select_last_index?: number | undefined;
    },
  ]
> = defineOp("ArgMax", {
  since: 13,
  inputs: ["x"],
  outputs: ["y"],
  attributes: { axis: "int", keepdims: "int", select_last_index: "int" },
  infer: ({ x, attributes: { axis = 0, keepdims = 1 } }) => {
    const reduced = normalizeAxis(axis, x.rank, "ArgMax");
    const shape = x.shape.flatMap((dim, index): Dim[] => (index !== reduced ? [dim] : keepdims === 0 ? [] : [1]));
    return { y: { type: "int64", shape } };
  },
  nonDifferentiable: true,
});

import { scalarLike } from "../../ops/constants.js";
import * as compare from "../../ops/comparison.js";
import * as math from "../../ops/elementwise.js";
import { tanh as tanhOp } from "../../ops/activations.js";
import type { Value } from "../../graph/value.js";
import { type Answer, asFloat, asType, type Operand, promoted } from "./operand.js";
import { compareLabels } from "../met-labels.js";
import { operation, type OperationRow } from "./operation.js";
import { float, numeric, ofElements, ofPairs, together, truth, value } from "./rows.js";

/** A function of the elements of one tensor. */
export type Elementwise = <X extends Operand>(x: X) => Answer<X>;

/** A function of the elements of two tensors, with broadcasting. */
export type Pairwise = <A extends Operand, B extends Operand>(x1: A, x2: B) => Answer<A | B>;

/** `x1 + x2`. */
export const add = operation<Pairwise>(ofPairs("add", "Add", math.add));

/** `x1 − x2`. */
export const subtract = operation<Pairwise>(ofPairs("subtract", "Subtract", math.sub));

/** `x1 · x2`. */
export const multiply = operation<Pairwise>(ofPairs("multiply", "Multiply", math.mul));

function quotient(a: Value, b: Value): Value {
  return math.div(asFloat(a), asFloat(b));
}

/** `x1 / x2`; integers become float32. */
export const divide = operation<Pairwise>(ofPairs("divide", "Divide", quotient));

/** `x1 / x2`; integers become float32. */
export const trueDivide = operation<Pairwise>(ofPairs("trueDivide", "TrueDivide", quotient));

function floored(a: Value, b: Value): Value {
  const whole = math.floor(quotient(a, b));
  return asType(whole, a.type);
}

/** `⌊x1 / x2⌋`. */
export const floorDivide = operation<Pairwise>(ofPairs("floorDivide", "FloorDivide", floored));

/** `x1 − x2 · ⌊x1 / x2⌋`, of the sign of `x2`. */
export const mod = operation<Pairwise>(ofPairs("mod", "Mod", (a, b) => math.sub(a, math.mul(b, floored(a, b)))));

/** `x1` to the power of `x2`. */
export const power = operation<Pairwise>(ofPairs("power", "Power", math.pow));

/** The greater one. */
export const maximum = operation<Pairwise>(ofPairs("maximum", "Maximum", (a, b) => math.max([a, b])));

/** The smaller one. */
export const minimum = operation<Pairwise>(ofPairs("minimum", "Minimum", (a, b) => math.min([a, b])));

/** `(x1 − x2)²`. */
export const squaredDifference = operation<Pairwise>(
  ofPairs("squaredDifference", "SquaredDifference", (a, b) => math.square(math.sub(a, b))),
);

/** `−x`. */
export const negative = operation<Elementwise>(ofElements("negative", "Negative", "numpy", math.neg, value));

/** `|x|`. */
export const absolute = operation<Elementwise>(ofElements("absolute", "Absolute", "numpy", math.abs, value));

/** `|x|`. */
export const abs = operation<Elementwise>(ofElements("abs", "Abs", "numpy", math.abs, value));

/** `x²`. */
export const square = operation<Elementwise>(ofElements("square", "Square", "numpy", math.square, value));

/** The square root. */
export const sqrt = operation<Elementwise>(ofElements("sqrt", "Sqrt", "numpy", math.sqrt));

/** `1 / √x`. */
export const rsqrt = operation<Elementwise>(ofElements("rsqrt", "Rsqrt", "math", (x) => math.reciprocal(math.sqrt(x))));

/** `1 / x`. */
export const reciprocal = operation<Elementwise>(ofElements("reciprocal", "Reciprocal", "numpy", math.reciprocal));

/** `eˣ`. */
export const exp = operation<Elementwise>(ofElements("exp", "Exp", "numpy", math.exp));

/** `eˣ − 1`. */
export const expm1 = operation<Elementwise>(
  ofElements("expm1", "Expm1", "numpy", (x) => math.sub(math.exp(x), scalarLike(x, 1))),
);

/** The natural logarithm. */
export const log = operation<Elementwise>(ofElements("log", "Log", "numpy", math.log));

/** `ln(1 + x)`. */
export const log1p = operation<Elementwise>(
  ofElements("log1p", "Log1p", "numpy", (x) => math.log(math.add(x, scalarLike(x, 1)))),
);

/** The logarithm to the base 2. */
export const log2 = operation<Elementwise>(
  ofElements("log2", "Log2", "numpy", (x) => math.div(math.log(x), scalarLike(x, Math.LN2))),
);

/** The logarithm to the base 10. */
export const log10 = operation<Elementwise>(
  ofElements("log10", "Log10", "numpy", (x) => math.div(math.log(x), scalarLike(x, Math.LN10))),
);

/** The sine of radians. */
export const sin = operation<Elementwise>(ofElements("sin", "Sin", "numpy", math.sin));

/** The cosine of radians. */
export const cos = operation<Elementwise>(ofElements("cos", "Cos", "numpy", math.cos));

/** The tangent of radians. */
export const tan = operation<Elementwise>(ofElements("tan", "Tan", "numpy", (x) => math.div(math.sin(x), math.cos(x))));

/** The hyperbolic tangent. */
export const tanh = operation<Elementwise>(ofElements("tanh", "Tanh", "numpy", tanhOp));

/** The error function. */
export const erf = operation<Elementwise>(ofElements("erf", "Erf", "math", math.erf));

/** −1, 0 or 1; no gradient. */
export const sign = operation<Elementwise>(ofElements("sign", "Sign", "numpy", math.sign, value));

/** The greatest whole number that is not above; no gradient. */
export const floor = operation<Elementwise>(ofElements("floor", "Floor", "numpy", math.floor));

/** The smallest whole number that is not below; no gradient. */
export const ceil = operation<Elementwise>(ofElements("ceil", "Ceil", "numpy", math.ceil));

/** What {@link round} is: `decimals` places behind the point, default 0. */
export type Round = <X extends Operand>(x: X, decimals?: number | { readonly decimals?: number }) => Answer<X>;

/** The nearest whole number, of two the even one; no gradient. */
export const round = operation<Round>({
  name: "round",
  className: "Round",
  module: "numpy",
  call: ["x"],
  options: { decimals: 0 },
  isElementwise: true,
  compute: ([given], { decimals }) => {
    const x = float(given);
    if (decimals === 0) return math.round(x);
    const factor = scalarLike(x, 10 ** Number(decimals));
    return math.div(math.round(math.mul(x, factor)), factor);
  },
});

/** What {@link clip} is. */
export type Clip = <X extends Operand>(x: X, xMin: number, xMax: number) => Answer<X>;

/** `x` within bounds. */
export const clip = operation<Clip>({
  name: "clip",
  className: "Clip",
  module: "numpy",
  call: ["x"],
  options: { xMin: undefined, xMax: undefined },
  isElementwise: true,
  compute: ([given], { xMin, xMax }) => {
    const x = value(given);
    if (x.type === "float32") return math.clip(x, Number(xMin), Number(xMax));
    const [converted, low, high] = promoted([x, Number(xMin), Number(xMax)]);
    return converted === undefined || low === undefined || high === undefined
      ? x
      : math.min([math.max([converted, low]), high]);
  },
});

function ofComparison(name: string, className: string, write: (a: Value, b: Value) => Value): OperationRow {
  return ofPairs(name, className, (a, b) => {
    compareLabels([a, b]);
    return write(a, b);
  });
}

/** Whether `x1 = x2`. */
export const equal = operation<Pairwise>(ofComparison("equal", "Equal", compare.equal));

/** Whether `x1 ≠ x2`. */
export const notEqual = operation<Pairwise>(
  ofComparison("notEqual", "NotEqual", (a, b) => compare.not(compare.equal(a, b))),
);

/** Whether `x1 > x2`. */
export const greater = operation<Pairwise>(ofComparison("greater", "Greater", compare.greater));

/** Whether `x1 ≥ x2`. */
export const greaterEqual = operation<Pairwise>(ofComparison("greaterEqual", "GreaterEqual", compare.greaterOrEqual));

/** Whether `x1 < x2`. */
export const less = operation<Pairwise>(ofComparison("less", "Less", compare.less));

/** Whether `x1 ≤ x2`. */
export const lessEqual = operation<Pairwise>(ofComparison("lessEqual", "LessEqual", compare.lessOrEqual));

/** Whether both are so. */
export const logicalAnd = operation<Pairwise>(
  ofPairs("logicalAnd", "LogicalAnd", (a, b) => compare.and(truth(a), truth(b))),
);

/** Whether one of them is so. */
export const logicalOr = operation<Pairwise>(
  ofPairs("logicalOr", "LogicalOr", (a, b) => compare.or(truth(a), truth(b))),
);

/** Whether just one of them is so. */
export const logicalXor = operation<Pairwise>(
  ofPairs("logicalXor", "LogicalXor", (a, b) =>
    compare.and(compare.or(truth(a), truth(b)), compare.not(compare.and(truth(a), truth(b)))),
  ),
);

/** Whether it is not so. */
export const logicalNot = operation<Elementwise>(
  ofElements("logicalNot", "LogicalNot", "numpy", (x) => compare.not(truth(x)), value),
);

/** Whether it is no number. */
export const isnan = operation<Elementwise>(
  ofElements("isnan", "Isnan", "numpy", (x) => compare.not(compare.equal(x, x))),
);

/** Whether it is an infinity. */
export const isinf = operation<Elementwise>(
  ofElements("isinf", "Isinf", "numpy", (x) => compare.equal(math.abs(x), scalarLike(x, Infinity))),
);

/** Whether it is a number, and no infinity. */
export const isfinite = operation<Elementwise>(
  ofElements("isfinite", "Isfinite", "numpy", (x) => compare.less(math.abs(x), scalarLike(x, Infinity))),
);

/** What {@link where} is. */
export type Where = <C extends Operand, A extends Operand, B extends Operand>(
  condition: C,
  x1: A,
  x2: B,
) => Answer<C | A | B>;

/** `x1` where the condition holds, `x2` elsewhere. */
export const where = operation<Where>({
  name: "where",
  className: "Where",
  module: "numpy",
  call: ["condition", "x1", "x2"],
  options: {},
  isElementwise: true,
  compute: ([condition, x1, x2]) => {
    const [a, b] = together([x1, x2]);
    return compare.where(truth(asType(numeric(condition), value(condition).type)), a, b);
  },
});

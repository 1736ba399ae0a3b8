import { broadcastShapes, type Shape } from "../graph/shape.js";
import type { Value, ValueType } from "../graph/value.js";
import { ShapeError } from "../errors/errors.js";
import { and, equal, greater, less, not, or, where } from "./comparison.js";
import { scalarLike } from "./constants.js";
import { defineOp, defineVariadic, type Op } from "./define.js";
import { cast } from "./layout.js";

export type Unary<Name extends string> = Op<Name, [x: Value]>;
export type Binary<Name extends string> = Op<Name, [a: Value, b: Value]>;

/** Type and shape of an elementwise operator of one input. */
export function like({ type, shape }: ValueType): ValueType {
  return { type, shape };
}

/** Type and shape of an elementwise operator of two inputs that broadcast to each other. */
export function broadcast(operator: string, a: ValueType, b: ValueType): ValueType {
  if (a.type !== b.type) {
    throw new ShapeError(`${operator}: the inputs have different element types.`, {
      subject: operator,
      expected: "the same type for both",
      received: `${a.type} and ${b.type}`,
    });
  }
  return { type: a.type, shape: broadcastShapes(a.shape, b.shape, operator) };
}

/** `a + b`. @see https://onnx.ai/onnx/operators/onnx__Add.html */
export const add: Binary<"Add"> = defineOp("Add", {
  since: 14,
  inputs: ["a", "b"],
  outputs: ["y"],
  infer: ({ a, b }) => ({ y: broadcast("Add", a, b) }),
  vjp: { a: ({ dy }) => dy, b: ({ dy }) => dy },
});

/** `a - b`. @see https://onnx.ai/onnx/operators/onnx__Sub.html */
export const sub: Binary<"Sub"> = defineOp("Sub", {
  since: 14,
  inputs: ["a", "b"],
  outputs: ["y"],
  infer: ({ a, b }) => ({ y: broadcast("Sub", a, b) }),
  vjp: { a: ({ dy }) => dy, b: ({ dy }) => neg(dy) },
});

/** `a · b`. @see https://onnx.ai/onnx/operators/onnx__Mul.html */
export const mul: Binary<"Mul"> = defineOp("Mul", {
  since: 14,
  inputs: ["a", "b"],
  outputs: ["y"],
  infer: ({ a, b }) => ({ y: broadcast("Mul", a, b) }),
  vjp: { a: ({ b, dy }) => mul(dy, b), b: ({ a, dy }) => mul(dy, a) },
});

/** `a / b`. @see https://onnx.ai/onnx/operators/onnx__Div.html */
export const div: Binary<"Div"> = defineOp("Div", {
  since: 14,
  inputs: ["a", "b"],
  outputs: ["y"],
  infer: ({ a, b }) => ({ y: broadcast("Div", a, b) }),
  vjp: { a: ({ b, dy }) => div(dy, b), b: ({ b, y, dy }) => neg(mul(dy, div(y, b))) },
});

/** `-x`. @see https://onnx.ai/onnx/operators/onnx__Neg.html */
export const neg: Unary<"Neg"> = defineOp("Neg", {
  since: 13,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => ({ y: like(x) }),
  vjp: { x: ({ dy }) => neg(dy) },
});

/** `|x|`; its derivative at 0 is 0. @see https://onnx.ai/onnx/operators/onnx__Abs.html */
export const abs: Unary<"Abs"> = defineOp("Abs", {
  since: 13,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => ({ y: like(x) }),
  vjp: { x: ({ x, dy }) => mul(dy, sign(x)) },
});

/** `√x`. @see https://onnx.ai/onnx/operators/onnx__Sqrt.html */
export const sqrt: Unary<"Sqrt"> = defineOp("Sqrt", {
  since: 13,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => ({ y: like(x) }),
  // (√x)′ = 1 / (2 √x)
  vjp: { x: ({ y, dy }) => div(mul(dy, scalarLike(dy, 0.5)), y) },
});

/** `eˣ`. @see https://onnx.ai/onnx/operators/onnx__Exp.html */
export const exp: Unary<"Exp"> = defineOp("Exp", {
  since: 13,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => ({ y: like(x) }),
  vjp: { x: ({ y, dy }) => mul(dy, y) },
});

/** The natural logarithm. @see https://onnx.ai/onnx/operators/onnx__Log.html */
export const log: Unary<"Log"> = defineOp("Log", {
  since: 13,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => ({ y: like(x) }),
  vjp: { x: ({ x, dy }) => div(dy, x) },
});

/** `1 / x`. @see https://onnx.ai/onnx/operators/onnx__Reciprocal.html */
export const reciprocal: Unary<"Reciprocal"> = defineOp("Reciprocal", {
  since: 13,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => ({ y: like(x) }),
  // (1/x)′ = -1/x²
  vjp: { x: ({ y, dy }) => neg(mul(dy, square(y))) },
});

/** `x²`, as a product: ONNX has no operator for it. */
export function square(x: Value): Value {
  return mul(x, x);
}

/**
 * `aᵇ`; the result has the type of `a`. With respect to `b` the derivative is `aᵇ ln a`, and 0 where `a ≤ 0`, as in TensorFlow.
 * @see https://onnx.ai/onnx/operators/onnx__Pow.html
 */
export const pow: Binary<"Pow"> = defineOp("Pow", {
  since: 15,
  inputs: ["a", "b"],
  outputs: ["y"],
  infer: ({ a, b }) => ({ y: { type: a.type, shape: broadcastShapes(a.shape, b.shape, "Pow") } }),
  vjp: {
    a: ({ a, b, dy }) => {
      const exponent = cast(b, a.type);
      return mul(dy, mul(exponent, pow(a, sub(exponent, scalarLike(exponent, 1)))));
    },
    b: ({ a, y, dy }) => {
      const positive = greater(a, scalarLike(a, 0));
      // The logarithm sees 1 where a ≤ 0, so that no NaN arises there.
      return mul(dy, mul(y, log(where(positive, a, scalarLike(a, 1)))));
    },
  },
});

/**
 * The rest of `a / b`, with the sign of the divisor, or with `fmod` 1 of the dividend; its derivative leaves the steps out.
 * @see https://onnx.ai/onnx/operators/onnx__Mod.html
 */
export const mod: Op<"Mod", [a: Value, b: Value, attributes?: { readonly fmod?: number | undefined }]> = defineOp(
  "Mod",
  {
    since: 13,
    inputs: ["a", "b"],
    outputs: ["y"],
    attributes: { fmod: "int" },
    infer: ({ a, b }) => ({ y: broadcast("Mod", a, b) }),
    // a = q b + y, and q is constant between the steps
    vjp: { a: ({ dy }) => dy, b: ({ a, b, y, dy }) => neg(mul(dy, div(sub(a, y), b))) },
  },
);

/** The sine. @see https://onnx.ai/onnx/operators/onnx__Sin.html */
export const sin: Unary<"Sin"> = defineOp("Sin", {
  since: 7,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => ({ y: like(x) }),
  vjp: { x: ({ x, dy }) => mul(dy, cos(x)) },
});

/** The cosine. @see https://onnx.ai/onnx/operators/onnx__Cos.html */
export const cos: Unary<"Cos"> = defineOp("Cos", {
  since: 7,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => ({ y: like(x) }),
  vjp: { x: ({ x, dy }) => neg(mul(dy, sin(x))) },
});

/** `2/√π ∫₀ˣ e^(-t²) dt`. @see https://onnx.ai/onnx/operators/onnx__Erf.html */
export const erf: Unary<"Erf"> = defineOp("Erf", {
  since: 13,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => ({ y: like(x) }),
  vjp: { x: ({ x, dy }) => mul(dy, mul(scalarLike(dy, 2 / Math.sqrt(Math.PI)), exp(neg(square(x))))) },
});

/** -1, 0 or 1; its derivative is 0, also at the step. @see https://onnx.ai/onnx/operators/onnx__Sign.html */
export const sign: Unary<"Sign"> = defineOp("Sign", {
  since: 13,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => ({ y: like(x) }),
  vjp: { x: "none" },
});

/** The largest whole number `≤ x`; its derivative is 0, also at the steps. @see https://onnx.ai/onnx/operators/onnx__Floor.html */
export const floor: Unary<"Floor"> = defineOp("Floor", {
  since: 13,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => ({ y: like(x) }),
  vjp: { x: "none" },
});

/** The smallest whole number `≥ x`; its derivative is 0, also at the steps. @see https://onnx.ai/onnx/operators/onnx__Ceil.html */
export const ceil: Unary<"Ceil"> = defineOp("Ceil", {
  since: 13,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => ({ y: like(x) }),
  vjp: { x: "none" },
});

/**
 * The nearest whole number, halves to the even one; its derivative is 0, also at the steps.
 * @see https://onnx.ai/onnx/operators/onnx__Round.html
 */
export const round: Unary<"Round"> = defineOp("Round", {
  since: 11,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => ({ y: like(x) }),
  vjp: { x: "none" },
});

/**
 * `x` where `condition` holds, 0 elsewhere, for masks of cotangents: as a product, because the engine's Where takes twice as
 * long. A cotangent that is not finite gives NaN where the condition does not hold.
 */
export function keptWhere(condition: Value, x: Value): Value {
  return mul(x, cast(condition, x.type));
}

/** Type and shape of an elementwise operator of any number of inputs. */
function broadcastAll(operator: string, inputs: readonly Value[]): ValueType {
  const [first, ...others] = inputs;
  if (first === undefined) {
    throw new ShapeError(`${operator} has no input.`, { subject: operator, expected: "one or more", received: "none" });
  }
  return others.reduce((type: ValueType, value) => broadcast(operator, type, value), like(first));
}

/** The cotangent of input `index` of a maximum or minimum `y`: all of it goes to the first input that equals `y`. */
function cotangentOfChosen(inputs: readonly Value[], index: number, y: Value, dy: Value): Value {
  const chosen = inputs.slice(0, index + 1).map((value) => equal(value, y));
  const earlier = chosen.slice(0, -1).reduce<Value | undefined>((any, mask) => (any ? or(any, mask) : mask), undefined);
  const own = chosen.at(-1);
  if (own === undefined) throw new RangeError(`no input ${index}`);
  return where(earlier === undefined ? own : and(own, not(earlier)), dy, scalarLike(dy, 0));
}

/** The greatest of the inputs; on a tie the derivative goes to the first of the equal ones. @see https://onnx.ai/onnx/operators/onnx__Max.html */
export const max: Op<"Max", [inputs: readonly Value[]]> = defineVariadic("Max", {
  since: 13,
  infer: ({ inputs }) => broadcastAll("Max", inputs),
  vjp: ({ inputs, index, y, dy }) => cotangentOfChosen(inputs, index, y, dy),
});

/** The least of the inputs; on a tie the derivative goes to the first of the equal ones. @see https://onnx.ai/onnx/operators/onnx__Min.html */
export const min: Op<"Min", [inputs: readonly Value[]]> = defineVariadic("Min", {
  since: 13,
  infer: ({ inputs }) => broadcastAll("Min", inputs),
  vjp: ({ inputs, index, y, dy }) => cotangentOfChosen(inputs, index, y, dy),
});

/** The sum of the inputs, which broadcast. @see https://onnx.ai/onnx/operators/onnx__Sum.html */
export const sum: Op<"Sum", [inputs: readonly Value[]]> = defineVariadic("Sum", {
  since: 13,
  infer: ({ inputs }) => broadcastAll("Sum", inputs),
  vjp: ({ dy }) => dy,
});

/** The mean of the inputs, which broadcast. @see https://onnx.ai/onnx/operators/onnx__Mean.html */
export const mean: Op<"Mean", [inputs: readonly Value[]]> = defineVariadic("Mean", {
  since: 13,
  infer: ({ inputs }) => broadcastAll("Mean", inputs),
  vjp: ({ inputs, dy }) => div(dy, scalarLike(dy, inputs.length)),
});

/** Bounds must be scalars. */
function checkBound(name: string, x: Value, bound: Value | undefined): void {
  const size: Shape = bound?.shape ?? [];
  if (bound !== undefined && (bound.type !== x.type || size.some((dim) => dim !== 1))) {
    throw new ShapeError(`Clip: the bound "${name}" must be one number of the type of the input.`, {
      subject: "Clip",
      expected: `a ${x.type} scalar`,
      received: `${bound.type} [${size.join(", ")}]`,
    });
  }
}

const clipOp: Op<"Clip", [x: Value, min?: Value, max?: Value]> = defineOp("Clip", {
  since: 13,
  inputs: ["x", "min?", "max?"],
  outputs: ["y"],
  infer: ({ x, min: low, max: high }) => {
    checkBound("min", x, low);
    checkBound("max", x, high);
    return { y: like(x) };
  },
  vjp: {
    // What lies within the bounds is what is not changed.
    x: ({ x, y, dy }) => keptWhere(equal(x, y), dy),
    min: ({ x, min: low, dy }) => (low === undefined ? undefined : where(less(x, low), dy, scalarLike(dy, 0))),
    max: ({ x, max: high, dy }) => (high === undefined ? undefined : where(greater(x, high), dy, scalarLike(dy, 0))),
  },
});
export { clipOp };

/**
 * `min(max(x, low), high)`; the derivative is 1 at the bounds themselves, as in TensorFlow's `clip_by_value`.
 *
 * @param low lower bound; none when absent
 * @param high upper bound; none when absent
 * @see https://onnx.ai/onnx/operators/onnx__Clip.html
 */
export function clip(x: Value, low?: number, high?: number): Value {
  const bound = (number: number | undefined): Value | undefined =>
    number === undefined ? undefined : scalarLike(x, number);
  return clipOp(x, bound(low), bound(high));
}

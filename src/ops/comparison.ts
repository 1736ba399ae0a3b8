import { ShapeError } from "../errors/errors.js";
import { broadcastShapes } from "../graph/shape.js";
import type { Value, ValueType } from "../graph/value.js";
import { scalarLike } from "./constants.js";
import { defineOp, type NonDifferentiableOp, type Op } from "./define.js";

type Comparison<Name extends string> = NonDifferentiableOp<Name, [a: Value, b: Value]>;

/** Type and shape of a comparison of two inputs that broadcast to each other. */
function compared(operator: string, a: Value, b: Value): { y: ValueType } {
  if (a.type !== b.type) {
    throw new ShapeError(`${operator}: the inputs have different element types.`, {
      subject: operator,
      expected: "the same type for both",
      received: `${a.type} and ${b.type}`,
    });
  }
  return { y: { type: "bool", shape: broadcastShapes(a.shape, b.shape, operator) } };
}

/** Element by element `a > b`, a `bool`. @see https://onnx.ai/onnx/operators/onnx__Greater.html */
export const greater: Comparison<"Greater"> = defineOp("Greater", {
  since: 13,
  inputs: ["a", "b"],
  outputs: ["y"],
  infer: ({ a, b }) => compared("Greater", a, b),
  nonDifferentiable: true,
});

/** Element by element `a < b`, a `bool`. @see https://onnx.ai/onnx/operators/onnx__Less.html */
export const less: Comparison<"Less"> = defineOp("Less", {
  since: 13,
  inputs: ["a", "b"],
  outputs: ["y"],
  infer: ({ a, b }) => compared("Less", a, b),
  nonDifferentiable: true,
});

/** Element by element `a ≥ b`, a `bool`. @see https://onnx.ai/onnx/operators/onnx__GreaterOrEqual.html */
export const greaterOrEqual: Comparison<"GreaterOrEqual"> = defineOp("GreaterOrEqual", {
  since: 16,
  inputs: ["a", "b"],
  outputs: ["y"],
  infer: ({ a, b }) => compared("GreaterOrEqual", a, b),
  nonDifferentiable: true,
});

/** Element by element `a ≤ b`, a `bool`. @see https://onnx.ai/onnx/operators/onnx__LessOrEqual.html */
export const lessOrEqual: Comparison<"LessOrEqual"> = defineOp("LessOrEqual", {
  since: 16,
  inputs: ["a", "b"],
  outputs: ["y"],
  infer: ({ a, b }) => compared("LessOrEqual", a, b),
  nonDifferentiable: true,
});

/** Element by element `a = b`, a `bool`. @see https://onnx.ai/onnx/operators/onnx__Equal.html */
export const equal: Comparison<"Equal"> = defineOp("Equal", {
  since: 13,
  inputs: ["a", "b"],
  outputs: ["y"],
  infer: ({ a, b }) => compared("Equal", a, b),
  nonDifferentiable: true,
});

/** Element by element `a ∧ b`, of `bool`s. @see https://onnx.ai/onnx/operators/onnx__And.html */
export const and: Comparison<"And"> = defineOp("And", {
  since: 7,
  inputs: ["a", "b"],
  outputs: ["y"],
  infer: ({ a, b }) => compared("And", a, b),
  nonDifferentiable: true,
});

/** Element by element `a ∨ b`, of `bool`s. @see https://onnx.ai/onnx/operators/onnx__Or.html */
export const or: Comparison<"Or"> = defineOp("Or", {
  since: 7,
  inputs: ["a", "b"],
  outputs: ["y"],
  infer: ({ a, b }) => compared("Or", a, b),
  nonDifferentiable: true,
});

/** Element by element `a ≠ b`, of `bool`s. @see https://onnx.ai/onnx/operators/onnx__Xor.html */
export const xor: Comparison<"Xor"> = defineOp("Xor", {
  since: 7,
  inputs: ["a", "b"],
  outputs: ["y"],
  infer: ({ a, b }) => compared("Xor", a, b),
  nonDifferentiable: true,
});

/** Where `x` is not a number, a `bool`. @see https://onnx.ai/onnx/operators/onnx__IsNaN.html */
export const isNaN: NonDifferentiableOp<"IsNaN", [x: Value]> = defineOp("IsNaN", {
  since: 13,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => ({ y: { type: "bool", shape: x.shape } }),
  nonDifferentiable: true,
});

/** Where `x` is infinite, a `bool`. @see https://onnx.ai/onnx/operators/onnx__IsInf.html */
export const isInf: NonDifferentiableOp<"IsInf", [x: Value]> = defineOp("IsInf", {
  since: 10,
  inputs: ["x"],
  outputs: ["y"],
  attributes: { detect_negative: "int", detect_positive: "int" },
  infer: ({ x }) => ({ y: { type: "bool", shape: x.shape } }),
  nonDifferentiable: true,
});

/** Element by element `¬x`, of `bool`s. @see https://onnx.ai/onnx/operators/onnx__Not.html */
export const not: NonDifferentiableOp<"Not", [x: Value]> = defineOp("Not", {
  since: 1,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => ({ y: { type: "bool", shape: x.shape } }),
  nonDifferentiable: true,
});

/** `a` where `condition` holds, `b` elsewhere. @see https://onnx.ai/onnx/operators/onnx__Where.html */
export const where: Op<"Where", [condition: Value, a: Value, b: Value]> = defineOp("Where", {
  since: 16,
  inputs: ["condition", "a", "b"],
  outputs: ["y"],
  infer: ({ condition, a, b }) => {
    if (a.type !== b.type) {
      throw new ShapeError("Where: the two choices have different element types.", {
        subject: "Where",
        expected: "the same type for both",
        received: `${a.type} and ${b.type}`,
      });
    }
    const shape = broadcastShapes(a.shape, b.shape, "Where");
    return { y: { type: a.type, shape: broadcastShapes(condition.shape, shape, "Where") } };
  },
  vjp: {
    condition: "none",
    a: ({ condition, dy }) => where(condition, dy, scalarLike(dy, 0)),
    b: ({ condition, dy }) => where(condition, scalarLike(dy, 0), dy),
  },
});

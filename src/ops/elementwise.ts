import { broadcastShapes } from "../graph/shape.js";
import type { Value, ValueType } from "../graph/value.js";
import { ShapeError } from "../errors/errors.js";
import { scalarLike } from "./constants.js";
import { defineOp, type Op } from "./define.js";

type Unary = Op<[x: Value]>;
type Binary = Op<[a: Value, b: Value]>;

const like = ({ type, shape }: ValueType): ValueType => ({ type, shape });

/** Type and shape of an elementwise operator of two inputs that broadcast to each other. */
function broadcast(operator: string, a: Value, b: Value): ValueType {
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
export const add: Binary = defineOp("Add", {
  since: 14,
  inputs: ["a", "b"],
  outputs: ["y"],
  infer: ({ a, b }) => ({ y: broadcast("Add", a, b) }),
  vjp: { a: ({ dy }) => dy, b: ({ dy }) => dy },
});

/** `a - b`. @see https://onnx.ai/onnx/operators/onnx__Sub.html */
export const sub: Binary = defineOp("Sub", {
  since: 14,
  inputs: ["a", "b"],
  outputs: ["y"],
  infer: ({ a, b }) => ({ y: broadcast("Sub", a, b) }),
  vjp: { a: ({ dy }) => dy, b: ({ dy }) => neg(dy) },
});

/** `a · b`. @see https://onnx.ai/onnx/operators/onnx__Mul.html */
export const mul: Binary = defineOp("Mul", {
  since: 14,
  inputs: ["a", "b"],
  outputs: ["y"],
  infer: ({ a, b }) => ({ y: broadcast("Mul", a, b) }),
  vjp: { a: ({ b, dy }) => mul(dy, b), b: ({ a, dy }) => mul(dy, a) },
});

/** `a / b`. @see https://onnx.ai/onnx/operators/onnx__Div.html */
export const div: Binary = defineOp("Div", {
  since: 14,
  inputs: ["a", "b"],
  outputs: ["y"],
  infer: ({ a, b }) => ({ y: broadcast("Div", a, b) }),
  vjp: { a: ({ b, dy }) => div(dy, b), b: ({ b, y, dy }) => neg(mul(dy, div(y, b))) },
});

/** `-x`. @see https://onnx.ai/onnx/operators/onnx__Neg.html */
export const neg: Unary = defineOp("Neg", {
  since: 13,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => ({ y: like(x) }),
  vjp: { x: ({ dy }) => neg(dy) },
});

/** `max(x, 0)`; its derivative at 0 is 0. @see https://onnx.ai/onnx/operators/onnx__Relu.html */
export const relu: Unary = defineOp("Relu", {
  since: 14,
  inputs: ["x"],
  outputs: ["y"],
  infer: ({ x }) => ({ y: like(x) }),
  vjp: { x: ({ y, dy }) => where(greater(y, scalarLike(y, 0)), dy, scalarLike(dy, 0)) },
});

/** Element by element `a > b`, a `bool`. @see https://onnx.ai/onnx/operators/onnx__Greater.html */
export const greater: Binary = defineOp("Greater", {
  since: 13,
  inputs: ["a", "b"],
  outputs: ["y"],
  infer: ({ a, b }) => ({ y: { type: "bool", shape: broadcast("Greater", a, b).shape } }),
  nonDifferentiable: true,
});

/** `a` where `condition` holds, `b` elsewhere. @see https://onnx.ai/onnx/operators/onnx__Where.html */
export const where: Op<[condition: Value, a: Value, b: Value]> = defineOp("Where", {
  since: 16,
  inputs: ["condition", "a", "b"],
  outputs: ["y"],
  infer: ({ condition, a, b }) => {
    const { type, shape } = broadcast("Where", a, b);
    return { y: { type, shape: broadcastShapes(condition.shape, shape, "Where") } };
  },
  vjp: {
    condition: "none",
    a: ({ condition, dy }) => where(condition, dy, scalarLike(dy, 0)),
    b: ({ condition, dy }) => where(condition, scalarLike(dy, 0), dy),
  },
});

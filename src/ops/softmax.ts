import type { Value } from "../graph/value.js";
import { normalizeAxis } from "../graph/shape.js";
import { defineOp, type Op } from "./define.js";
import { exp, like, mul, sub } from "./elementwise.js";
import { reduceSum } from "./reduction.js";

type AlongAxis<Name extends string> = Op<Name, [x: Value, attributes?: { readonly axis?: number | undefined }]>;

/** `eˣ / Σ eˣ` along an axis; default the last one. @see https://onnx.ai/onnx/operators/onnx__Softmax.html */
export const softmax: AlongAxis<"Softmax"> = defineOp("Softmax", {
  since: 13,
  inputs: ["x"],
  outputs: ["y"],
  attributes: { axis: "int" },
  infer: ({ x, attributes: { axis = -1 } }) => {
    normalizeAxis(axis, x.rank, "Softmax");
    return { y: like(x) };
  },
  // dx = y (dy - Σ dy y)
  vjp: { x: ({ y, dy, attributes: { axis = -1 } }) => mul(y, sub(dy, reduceSum(mul(dy, y), [axis], { keepdims: 1 }))) },
});

/** `x - ln Σ eˣ` along an axis, without overflow; default the last one. @see https://onnx.ai/onnx/operators/onnx__LogSoftmax.html */
export const logSoftmax: AlongAxis<"LogSoftmax"> = defineOp("LogSoftmax", {
  since: 13,
  inputs: ["x"],
  outputs: ["y"],
  attributes: { axis: "int" },
  infer: ({ x, attributes: { axis = -1 } }) => {
    normalizeAxis(axis, x.rank, "LogSoftmax");
    return { y: like(x) };
  },
  // dx = dy - eʸ Σ dy, and eʸ is the softmax
  vjp: { x: ({ y, dy, attributes: { axis = -1 } }) => sub(dy, mul(exp(y), reduceSum(dy, [axis], { keepdims: 1 }))) },
});

import { ShapeError } from "../errors/errors.js";
import { dimAt, formatShape, staticDim } from "../graph/shape.js";
import type { Value } from "../graph/value.js";
import { type ConvAttributes, conv } from "./convolution.js";
import { defineOp, type NonDifferentiableOp } from "./define.js";
import { windowOf } from "./window.js";

function checkScale(operator: string, x: Value, scale: Value, axis: number): void {
  const perAxis = scale.rank === 1 && x.rank > 0 && scale.shape[0] === x.shape[axis < 0 ? axis + x.rank : axis];
  if (scale.rank !== 0 && scale.shape[0] !== 1 && !perAxis) {
    throw new ShapeError(`${operator}: the scale does not fit the values.`, {
      subject: operator,
      expected: `one number, or one for each index of axis ${axis} of ${formatShape(x.shape)}`,
      received: formatShape(scale.shape),
    });
  }
}

/**
 * `saturate(round(x / scale) + zeroPoint)`: real numbers as 8-bit ones, of the type of the zero point (`uint8` without one).
 * One scale, or one for each index of `axis` (default 1).
 * @see https://onnx.ai/onnx/operators/onnx__QuantizeLinear.html
 */
export const quantizeLinear: NonDifferentiableOp<
  "QuantizeLinear",
  [x: Value, scale: Value, zeroPoint?: Value, attributes?: { readonly axis?: number | undefined }]
> = defineOp("QuantizeLinear", {
  since: 13,
  inputs: ["x", "scale", "zeroPoint?"],
  outputs: ["y"],
  attributes: { axis: "int" },
  infer: ({ x, scale, zeroPoint, attributes: { axis = 1 } }) => {
    checkScale("QuantizeLinear", x, scale, axis);
    return { y: { type: zeroPoint?.type ?? "uint8", shape: x.shape } };
  },
  nonDifferentiable: true,
});

/**
 * `(x - zeroPoint) · scale`: 8-bit numbers as real ones. One scale, or one for each index of `axis` (default 1).
 * @see https://onnx.ai/onnx/operators/onnx__DequantizeLinear.html
 */
export const dequantizeLinear: NonDifferentiableOp<
  "DequantizeLinear",
  [x: Value, scale: Value, zeroPoint?: Value, attributes?: { readonly axis?: number | undefined }]
> = defineOp("DequantizeLinear", {
  since: 13,
  inputs: ["x", "scale", "zeroPoint?"],
  outputs: ["y"],
  attributes: { axis: "int" },
  infer: ({ x, scale, attributes: { axis = 1 } }) => {
    checkScale("DequantizeLinear", x, scale, axis);
    return { y: { type: scale.type, shape: x.shape } };
  },
  nonDifferentiable: true,
});

/**
 * Convolution of 8-bit numbers, rounded to 8 bits again; the scale of `w` may be one for each output channel, and the
 * bias is int32 in units of `xScale · wScale`.
 * @see https://onnx.ai/onnx/operators/onnx__QLinearConv.html
 */
export const qLinearConv: NonDifferentiableOp<
  "QLinearConv",
  [
    x: Value,
    xScale: Value,
    xZeroPoint: Value,
    w: Value,
    wScale: Value,
    wZeroPoint: Value,
    yScale: Value,
    yZeroPoint: Value,
    b?: Value,
    attributes?: ConvAttributes,
  ]
> = defineOp("QLinearConv", {
  since: 10,
  inputs: ["x", "xScale", "xZeroPoint", "w", "wScale", "wZeroPoint", "yScale", "yZeroPoint", "b?"],
  outputs: ["y"],
  attributes: conv.row.attributeKinds,
  infer: ({ x, w, wScale, yZeroPoint, attributes }) => {
    const kernel = w.shape.slice(2).map((_, axis) => staticDim(w.shape, axis + 2, "QLinearConv"));
    checkScale("QLinearConv", w, wScale, 0);
    const { output } = windowOf("QLinearConv", x.shape, kernel, attributes);
    return { y: { type: yZeroPoint.type, shape: [dimAt(x.shape, 0), dimAt(w.shape, 0), ...output] } };
  },
  nonDifferentiable: true,
});

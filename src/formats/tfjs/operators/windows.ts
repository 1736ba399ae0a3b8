import { staticDim } from "../../../graph/shape.js";
import { constant, type Value } from "../../../graph/value.js";
import { windowPads } from "../../../nn/layers/convolutional/same-pads.js";
import { float32 } from "../../../onnx/tensor-data.js";
import { conv, type ConvAttributes, convTranspose } from "../../../ops/convolution.js";
import { averagePool, maxPool } from "../../../ops/pooling.js";
import { attributeOf } from "../attributes.js";
import { type NodeInputs, type Operators, permuted } from "./node-inputs.js";

/** Height and width of a list with a number for each of TensorFlow's four axes. */
function overPicture(inputs: NodeInputs, name: string, absent?: readonly number[]): [number, number] {
  const [, height = 1, width = 1] = attributeOf(inputs.node, name, "ints", absent);
  if (attributeOf(inputs.node, "data_format", "string", "NHWC") !== "NHWC")
    throw inputs.refuse("channels last", "NCHW");
  return [height, width];
}

/** Margins of a window, as attributes. */
function margins(
  inputs: NodeInputs,
  x: Value,
  kernel: readonly [number, number],
  dilations: readonly [number, number],
): Pick<ConvAttributes, "auto_pad" | "pads"> {
  const padding = attributeOf(inputs.node, "padding", "string");
  if (padding === "EXPLICIT") {
    const given = attributeOf(inputs.node, "explicit_paddings", "ints");
    const [, , top = 0, bottom = 0, left = 0, right = 0] = given;
    return { pads: [top, left, bottom, right] };
  }
  if (padding === "VALID") return { pads: [0, 0, 0, 0] };
  if (padding !== "SAME") throw inputs.refuse("padding SAME, VALID or EXPLICIT", padding);
  // So a convolution keeps its meaning on pictures of another size; but the engine has no automatic margins with dilations.
  if (dilations.every((dilation) => dilation === 1)) return { auto_pad: "SAME_UPPER" };
  return { pads: windowPads(x, "same", kernel, overPicture(inputs, "strides"), dilations) };
}

/** A convolution; kernels are constants, so that they become weights. */
export function convolution(inputs: NodeInputs, isDepthwise: boolean, bias?: Value): Value {
  const x = inputs.value();
  const kernel = inputs.constant(1);
  const [height = 1, width = 1, channels = 1, multiplier = 1] = kernel.dims;
  const dilations = overPicture(inputs, "dilations", [1, 1, 1, 1]);
  const moved = isDepthwise
    ? permuted(float32(kernel.data, [height, width, 1, channels * multiplier]), [3, 2, 0, 1])
    : permuted(kernel, [3, 2, 0, 1]);
  const group = staticDim(x.shape, 1, inputs.node.op) / (moved.dims[1] ?? 1);
  return conv(x, constant(moved), bias, {
    kernel_shape: [height, width],
    strides: overPicture(inputs, "strides"),
    dilations,
    group,
    ...margins(inputs, x, [height, width], dilations),
  });
}

/** The adjoint of a convolution in its input; the output's shape is the first input. */
function transposedConvolution(inputs: NodeInputs): Value {
  const kernel = inputs.constant(1);
  const x = inputs.value(2);
  const [height = 1, width = 1] = kernel.dims;
  const strides = overPicture(inputs, "strides");
  const shape = inputs.extents(0);
  const totals = ([0, 1] as const).map((axis) => {
    const windows = staticDim(x.shape, axis + 2, inputs.node.op);
    const extent = staticDim(shape, axis + 1, inputs.node.op);
    return (windows - 1) * strides[axis] + ([height, width][axis] ?? 1) - extent;
  });
  const begins = totals.map((total) => Math.floor(Math.max(total, 0) / 2));
  return convTranspose(x, constant(permuted(kernel, [3, 2, 0, 1])), undefined, {
    strides,
    pads: [...begins, ...totals.map((total, axis) => Math.max(total, 0) - (begins[axis] ?? 0))],
    output_padding: totals.map((total) => Math.max(-total, 0)),
  });
}

type Pool = (
  x: Value,
  attributes: Pick<ConvAttributes, "auto_pad" | "pads" | "strides"> & { readonly kernel_shape: readonly number[] },
) => Value;

function pooled(inputs: NodeInputs, pool: Pool): Value {
  const x = inputs.value();
  const kernel = overPicture(inputs, "ksize");
  return pool(x, {
    kernel_shape: kernel,
    strides: overPicture(inputs, "strides"),
    ...margins(inputs, x, kernel, [1, 1]),
  });
}

/** What is computed in windows of pictures. */
export const windowOperators: Operators = {
  AvgPool: (inputs) => pooled(inputs, averagePool),
  Conv2D: (inputs) => convolution(inputs, false),
  Conv2DBackpropInput: transposedConvolution,
  DepthwiseConv2dNative: (inputs) => convolution(inputs, true),
  MaxPool: (inputs) => pooled(inputs, maxPool),
};

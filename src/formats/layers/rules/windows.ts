import type { Node } from "../../../graph/value.js";
import { float32, type TensorData } from "../../../onnx/tensor-data.js";
import { span, type Window, type WindowAttributes, windowOf } from "../../../ops/window.js";
import { isIdentity } from "../affine.js";
import { extent, type LayerBuilder, type Placed } from "../layer-builder.js";
import { ofLines } from "./margins.js";
import { attributesOf, inputOf, outputOf, type Rules } from "./rule.js";

interface WindowNode extends WindowAttributes {
  readonly kernel_shape: readonly number[];
  readonly group: number;
  readonly count_include_pad: number;
}

/** How a layer pads: by itself, or behind a layer that does. */
interface Padded {
  readonly layer: string;
  readonly padding: "same" | "valid";
}

function isPadded({ begins, ends }: Window): boolean {
  return [...begins, ...ends].some((margin) => margin !== 0);
}

/** Whether margins are those of Keras's `"same"` for a picture of this size. */
function isSame({ kernel, strides, dilations, begins, ends }: Window, sides: readonly number[]): boolean {
  return sides.every((side, axis) => {
    const stride = strides[axis] ?? 1;
    const total = Math.max(
      0,
      (Math.ceil(side / stride) - 1) * stride + span(kernel[axis] ?? 1, dilations[axis] ?? 1) - side,
    );
    return begins[axis] === Math.floor(total / 2) && ends[axis] === Math.ceil(total / 2);
  });
}

function zeros(layer: string, { begins: [top, left], ends: [bottom, right] }: Window, build: LayerBuilder): string {
  return build.add("ZeroPadding2D", [layer], {
    padding: [
      [top, bottom],
      [left, right],
    ],
  });
}

function sidesOf(node: Node): readonly number[] {
  return inputOf(node).shape.slice(2).map(extent);
}

function convolutionPads(node: Node, window: Window, layer: string, build: LayerBuilder): Padded {
  if (!isPadded(window)) return { layer, padding: "valid" };
  if (isSame(window, sidesOf(node))) return { layer, padding: "same" };
  return { layer: zeros(layer, window, build), padding: "valid" };
}

/** Both numbers, or one where they are the same. */
const pair = (numbers: readonly number[]): readonly number[] => [numbers[0] ?? 1, numbers[1] ?? 1];

/** `[O, I, kh, kw]` becomes `[kh, kw, I, O]`, of a depthwise one `[I·m, 1, kh, kw]` becomes `[kh, kw, I, m]`. */
function kernelOf({ data, dims }: TensorData<"float32">, depthwise: boolean): TensorData<"float32"> {
  const [out = 1, ins = 1, rows = 1, columns = 1] = dims;
  const turned = new Float32Array(data.length);
  let index = 0;
  for (let o = 0; o < out; o++) {
    for (let i = 0; i < ins; i++) {
      for (let place = 0; place < rows * columns; place++) turned[place * ins * out + i * out + o] = data[index++] ?? 0;
    }
  }
  // Channel o of a depthwise one comes from channel floor(o / m): its numbers are in the same order.
  return float32(turned, depthwise ? [rows, columns, out, 1] : [rows, columns, ins, out]);
}

/** Scale and offset of the channels before a convolution go into its weights, where no margin of zeros sees the offset. */
function withInput(
  node: Node,
  placed: Placed,
  weights: { readonly kernel: TensorData<"float32">; readonly bias: TensorData<"float32"> | undefined },
  window: Window,
  build: LayerBuilder,
): {
  readonly placed: Placed;
  readonly kernel: TensorData<"float32">;
  readonly bias: TensorData<"float32"> | undefined;
} {
  const { affine } = placed;
  const { kernel, bias } = weights;
  // Of all groups, where they have been joined.
  const group = extent(inputOf(node).shape[1]) / (kernel.dims[1] ?? 1);
  if (affine === undefined || isIdentity(affine)) return { placed, kernel, bias };
  if (group !== 1 || (isPadded(window) && affine.offset.some((value) => value !== 0))) {
    return { placed: { ...placed, layer: build.ready(placed), affine: undefined }, kernel, bias };
  }
  const [out = 1, ins = 1, rows = 1, columns = 1] = kernel.dims;
  const places = rows * columns;
  const data = new Float32Array(kernel.data.length);
  const summed = Float64Array.from({ length: out }, (_, channel) => bias?.data[channel] ?? 0);
  for (const [index, value] of kernel.data.entries()) {
    const channel = Math.floor(index / places) % ins;
    const output = Math.floor(index / places / ins);
    data[index] = value * (affine.scale[channel] ?? 1);
    summed[output] = (summed[output] ?? 0) + value * (affine.offset[channel] ?? 0);
  }
  return {
    placed: { ...placed, affine: undefined },
    kernel: float32(data, kernel.dims),
    bias: float32(Float32Array.from(summed), [out]),
  };
}

/** A convolution in groups as one of all channels, `[O, I / g, kh, kw]` as `[O, I, kh, kw]`: its weights for other groups are 0. */
function ofAllChannels({ data, dims }: TensorData<"float32">, groups: number): TensorData<"float32"> {
  const [out = 1, ins = 1, ...sides] = dims;
  const size = data.length / out;
  const whole = new Float32Array(data.length * groups);
  for (let output = 0; output < out; output++) {
    const group = Math.floor((output * groups) / out);
    whole.set(data.subarray(output * size, (output + 1) * size), (output * groups + group) * size);
  }
  return float32(whole, [out, ins * groups, ...sides]);
}

function convolution(node: Node, build: LayerBuilder): void {
  const attributes = attributesOf<WindowNode>(node);
  const [own, bias] = [build.weight(node, 1), build.optionalWeight(node, 2)];
  const [out = 1, ins = 1, ...kernel] = own.dims;
  if (kernel.length !== 2) throw build.refusal(node, "a convolution of other things than pictures");
  const window = windowOf(node.op, inputOf(node).shape, kernel, attributes);
  const groups = attributes.group ?? 1;
  const channels = extent(inputOf(node).shape[1]);
  const depthwise = groups > 1 && groups === channels && ins === 1;
  // TensorFlow.js has no groups.
  const isWhole = groups > 1 && !depthwise && build.dialect === "tfjs";
  const group = isWhole ? 1 : groups;
  const given = { kernel: isWhole ? ofAllChannels(own, groups) : own, bias };
  const folded = withInput(node, build.input(node), given, window, build);
  const { layer, padding } = convolutionPads(node, window, build.picture(node, inputOf(node), folded.placed), build);
  const { bias: summand } = folded;
  const weights = summand === undefined ? [] : [{ name: "bias", tensor: summand }];
  const config = {
    kernel_size: pair(kernel),
    strides: pair(window.strides),
    dilation_rate: pair(window.dilations),
    padding,
    use_bias: summand !== undefined,
  };
  const multiplier = out / group;
  const turned = kernelOf(folded.kernel, depthwise);
  const made = depthwise
    ? build.add("DepthwiseConv2D", [layer], { ...config, depth_multiplier: multiplier }, [
        {
          name: "depthwise_kernel",
          tensor: { ...turned, dims: [kernel[0] ?? 1, kernel[1] ?? 1, channels, multiplier] },
        },
        ...weights,
      ])
    : build.add("Conv2D", [layer], { filters: out, ...config, ...(group > 1 ? { groups: group } : {}) }, [
        { name: "kernel", tensor: turned },
        ...weights,
      ]);
  build.place(outputOf(node), { layer: made, form: "channels-last" });
}

function pooling(node: Node, build: LayerBuilder, className: "MaxPooling2D" | "AveragePooling2D"): void {
  const attributes = attributesOf<WindowNode>(node);
  const window = windowOf(node.op, inputOf(node).shape, attributes.kernel_shape ?? [], attributes);
  const { kernel, strides, dilations, begins, ends, output } = window;
  if (dilations.some((dilation) => dilation !== 1)) throw build.refusal(node, "pooling with gaps");
  const sides = sidesOf(node);
  const layer = build.picture(node, inputOf(node), build.input(node));
  let padded: Padded = { layer, padding: "valid" };
  const isMean = className === "AveragePooling2D";
  const reach = sides.map((side, axis) => {
    const windows = extent(output[axis]);
    return (windows - 1) * (strides[axis] ?? 1) + (kernel[axis] ?? 1) - side - (begins[axis] ?? 0);
  });
  // A last window that reaches over the end (ceil_mode) sees as much more of the margin.
  const ended = { ...window, ends: ends.map((end, axis) => Math.max(end, reach[axis] ?? 0)) };
  if (isPadded(ended)) {
    const countsZeros = isMean && attributes.count_include_pad === 1 && ended.ends.join() === ends.join();
    if (isSame(ended, sides) && !countsZeros) padded = { layer, padding: "same" };
    // Zeros are no more than what comes behind a ReLU.
    else if (isMean ? countsZeros : isNonNegative(node))
      padded = { layer: zeros(layer, ended, build), padding: "valid" };
    // A window is larger than its margin: it sees the line that is repeated anyway, and the greatest stays the same.
    else if (!isMean) padded = { layer: ofLines(layer, { ...ended, sides, mode: "edge" }, build), padding: "valid" };
    else throw build.refusal(node, `margins of ${[...begins, ...ended.ends].join(", ")} pixels`);
  }
  const config = { pool_size: pair(kernel), strides: pair(strides), padding: padded.padding };
  build.place(outputOf(node), { layer: build.add(className, [padded.layer], config), form: "channels-last" });
}

/** Whether nothing below 0 comes to a node. */
function isNonNegative(node: Node): boolean {
  const { source } = inputOf(node);
  if (source.kind !== "node") return false;
  const { op, inputs } = source.node;
  if (["Relu", "Sigmoid", "HardSigmoid", "Softmax"].includes(op)) return true;
  if (["MaxPool", "AveragePool"].includes(op)) return isNonNegative(source.node);
  const low = inputs[1]?.source;
  return op === "Clip" && low?.kind === "constant" && Number(low.data.data[0]) >= 0;
}

function globalPooling(node: Node, build: LayerBuilder, className: string): void {
  const placed = build.input(node);
  const layer = build.add(className, [build.picture(node, inputOf(node), placed)]);
  build.place(outputOf(node), { layer, form: "pooled" });
}

function mean(node: Node, build: LayerBuilder): void {
  const value = inputOf(node);
  const axesOf = node.inputs[1]?.source;
  const { keepdims = 1, axes: listed } = attributesOf<{ keepdims: number; axes: readonly number[] }>(node);
  const given = axesOf?.kind === "constant" ? Array.from(axesOf.data.data, Number) : (listed ?? []);
  const axes = given.map((axis) => (axis + value.rank) % value.rank).sort((a, b) => a - b);
  const placed = build.input(node);
  if (value.rank === 4 && axes.join() === "2,3" && placed.form === "channels-last") {
    const layer = build.add("GlobalAveragePooling2D", [build.ready(placed)]);
    build.place(outputOf(node), { layer, form: keepdims === 1 ? "pooled" : "same" });
  } else if (value.rank === 4 && axes.join() === "1,2" && placed.form === "same") {
    const pooled = build.add("GlobalAveragePooling2D", [build.ready(placed)]);
    const shape = [1, 1, extent(value.shape[3])];
    const layer = keepdims === 1 ? build.add("Reshape", [pooled], { target_shape: shape }) : pooled;
    build.place(outputOf(node), { layer, form: "same" });
  } else if (value.rank === 3 && axes.join() === "1" && placed.form === "same") {
    // Of tokens, as mixers have them at their end: they are a picture of one column.
    const [, tokens, channels] = value.shape.map((_, axis) => (axis === 0 ? 0 : extent(value.shape[axis])));
    const column = build.add("Reshape", [build.ready(placed)], { target_shape: [tokens, 1, channels] });
    const pooled = build.add("GlobalAveragePooling2D", [column]);
    const shape = [1, channels];
    const layer = keepdims === 1 ? build.add("Reshape", [pooled], { target_shape: shape }) : pooled;
    build.place(outputOf(node), { layer, form: "same" });
  } else throw build.refusal(node, `a mean over axes ${axes.join(", ")} of ${value.rank}`);
}

/** Operators that look at places of a picture. */
export const windows: Rules = {
  Conv: convolution,
  MaxPool: (node, build) => {
    pooling(node, build, "MaxPooling2D");
  },
  AveragePool: (node, build) => {
    pooling(node, build, "AveragePooling2D");
  },
  GlobalAveragePool: (node, build) => {
    globalPooling(node, build, "GlobalAveragePooling2D");
  },
  GlobalMaxPool: (node, build) => {
    globalPooling(node, build, "GlobalMaxPooling2D");
  },
  ReduceMean: mean,
};

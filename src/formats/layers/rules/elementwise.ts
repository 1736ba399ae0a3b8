import { constantData, type Node, type Value } from "../../../graph/value.js";
import { float32, type TensorData } from "../../../onnx/tensor-data.js";
import { type Affine, identity, perChannel } from "../affine.js";
import { extent, type LayerBuilder, type Placed } from "../layer-builder.js";
import { gaussianUnit, isOfErf } from "./gaussian-unit.js";
import { unitLength } from "./unit-length.js";
import { attributesOf, inputOf, outputOf, type Rule, type Rules } from "./rule.js";

/** The axis of a value that is the last one of the layer. */
export function channelAxis(value: Value, { form }: Placed): number {
  return form === "same" ? value.rank - 1 : 1;
}

function channelsOf(value: Value, placed: Placed): number {
  return extent(value.shape[channelAxis(value, placed)]);
}

/** A layer of one input that changes each number by itself. */
export function unary(
  node: Node,
  build: LayerBuilder,
  className: string,
  config: Readonly<Record<string, unknown>> = {},
): void {
  const placed = build.input(node);
  build.place(outputOf(node), { form: placed.form, layer: build.add(className, [build.ready(placed)], config) });
}

const activation =
  (name: string): Rule =>
  (node, build) => {
    unary(node, build, "Activation", { activation: name });
  };

/** `max(0, min(most, x))`. */
function clipped(node: Node, build: LayerBuilder): void {
  const bound = (index: number): number | undefined => {
    const data = constantData(node.inputs[index])?.data[0];
    return data === undefined ? undefined : Number(data);
  };
  const [low, high] = [bound(1), bound(2)];
  if (low !== 0) throw build.refusal(node, `a bound of ${low ?? "nothing"} below`);
  const isOpen = high === undefined || high > 3e38;
  unary(node, build, "ReLU", isOpen ? {} : { max_value: high });
}

/** `max(0, min(1, alpha · x + beta))`, and that times x. */
function hardSigmoid(node: Node, build: LayerBuilder, alpha: number, beta: number, times: boolean): void {
  const value = inputOf(node);
  const placed = build.input(node);
  const channels = channelsOf(value, placed);
  const ready = build.ready(placed);
  const line: Affine = {
    scale: new Float64Array(channels).fill(alpha),
    offset: new Float64Array(channels).fill(beta),
  };
  const gate = build.add("ReLU", [build.ready({ layer: ready, form: placed.form, affine: line })], { max_value: 1 });
  const layer = times ? build.add("Multiply", [ready, gate]) : gate;
  build.place(outputOf(node), { layer, form: placed.form });
}

/**
 * With oneDNN, which is on by default, TensorFlow 2.21 computes a `LeakyReLU` behind a convolution otherwise than by itself, and another label comes
 * out; `PReLU` with the same slope for all channels is computed alike everywhere. TensorFlow.js has no such fault.
 */
function leakyRelu(node: Node, build: LayerBuilder): void {
  const { alpha = 0.01 } = attributesOf<{ alpha: number }>(node);
  if (build.dialect === "tfjs") {
    unary(node, build, "LeakyReLU", { negative_slope: alpha });
    return;
  }
  const value = inputOf(node);
  const placed = build.input(node);
  const channels = channelsOf(value, placed);
  const between = (placed.form === "pooled" ? 2 : value.rank) - 2;
  const shared = Array.from({ length: between }, (_, axis) => axis + 1);
  const slopes = float32(new Float32Array(channels).fill(alpha), [...shared.map(() => 1), channels]);
  const layer = build.add("PReLU", [build.ready(placed)], { shared_axes: between > 0 ? shared : null }, [
    { name: "alpha", tensor: slopes },
  ]);
  build.place(outputOf(node), { layer, form: placed.form });
}

function parametricRelu(node: Node, build: LayerBuilder): void {
  const value = inputOf(node);
  const placed = build.input(node);
  const channels = channelsOf(value, placed);
  const slope = perChannel(build.weight(node, 1), { rank: value.rank, axis: channelAxis(value, placed), channels });
  if (slope === undefined || value.rank !== 4) throw build.refusal(node, "slopes that differ between places");
  const tensor = float32(Float32Array.from(slope), [1, 1, channels]);
  const layer = build.add("PReLU", [build.picture(node, value, placed)], { shared_axes: [1, 2] }, [
    { name: "alpha", tensor },
  ]);
  build.place(outputOf(node), { layer, form: "channels-last" });
}

/**
 * The inputs of a node under one form, so that a layer can join them.
 *
 * @param placed where they are
 */
export function alike(
  node: Node,
  build: LayerBuilder,
  placed: readonly Placed[] = node.inputs.map((_, index) => build.input(node, index)),
): { layers: string[]; form: Placed["form"] } {
  const forms = new Set(placed.map(({ form }) => form));
  const [form = "same"] = forms;
  if (forms.size === 1) return { layers: placed.map((one) => build.ready(one)), form };
  return {
    layers: placed.map((one, index) => build.picture(node, inputOf(node, index), one)),
    form: "channels-last",
  };
}

/** A constant on one side: something is done to each channel. */
function withConstant(
  node: Node,
  build: LayerBuilder,
  affineOf: (values: Float64Array, isFirst: boolean) => Affine | undefined,
): boolean {
  const [a, b] = [constantData(node.inputs[0]), constantData(node.inputs[1])];
  const constant: TensorData | undefined = a ?? b;
  if (constant === undefined) return false;
  const index = a === undefined ? 0 : 1;
  const value = inputOf(node, index);
  const placed = build.input(node, index);
  const output = outputOf(node);
  const channels = channelsOf(value, placed);
  const values = perChannel(constant, { rank: value.rank, axis: channelAxis(value, placed), channels });
  const affine = values && output.rank === value.rank ? affineOf(values, a !== undefined) : undefined;
  if (affine === undefined) throw build.refusal(node, "a constant that differs between places of a picture");
  build.apply(value, placed, affine, output);
  return true;
}

function joining(node: Node, build: LayerBuilder, className: "Add" | "Multiply"): void {
  const ranks = new Set(node.inputs.map((value) => value?.rank));
  if (ranks.size > 1) throw build.refusal(node, "values with different numbers of axes");
  const { layers, form } = alike(node, build);
  build.place(outputOf(node), { layer: build.add(className, layers), form });
}

function add(node: Node, build: LayerBuilder): void {
  if (isOfErf(node)) return;
  const isDone = withConstant(node, build, (offset) => ({ ...identity(offset.length), offset }));
  if (!isDone) joining(node, build, "Add");
}

function multiply(node: Node, build: LayerBuilder): void {
  if (gaussianUnit(node, build)) return;
  const isDone = withConstant(node, build, (scale) => ({ ...identity(scale.length), scale }));
  if (!isDone) joining(node, build, "Multiply");
}

function subtract(node: Node, build: LayerBuilder): void {
  const isDone = withConstant(node, build, (values, isFirst) => {
    const { scale } = identity(values.length);
    return isFirst ? { scale: scale.map(() => -1), offset: values } : { scale, offset: values.map((value) => -value) };
  });
  if (isDone) return;
  const value = inputOf(node, 1);
  const second = build.input(node, 1);
  const turned = negated(channelsOf(value, second));
  const { layers, form } = alike(node, build, [
    build.input(node, 0),
    { ...second, layer: build.ready(second), affine: turned },
  ]);
  build.place(outputOf(node), { layer: build.add("Add", layers), form });
}

/** Times −1. */
export function negated(channels: number): Affine {
  const { scale, offset } = identity(channels);
  return { scale: scale.map(() => -1), offset };
}

function divide(node: Node, build: LayerBuilder): void {
  if (unitLength(node, build)) return;
  const isDone = withConstant(node, build, (values, isFirst) =>
    isFirst ? undefined : { ...identity(values.length), scale: values.map((value) => 1 / value) },
  );
  if (!isDone) throw build.refusal(node, "a division by what is computed");
}

function batchNormalization(node: Node, build: LayerBuilder): void {
  const value = inputOf(node);
  const placed = build.input(node);
  if (placed.form === "same" && value.rank !== 2) throw build.refusal(node, "channels that are not the last axis");
  const { epsilon = 1e-5 } = attributesOf<{ epsilon: number }>(node);
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((index) => build.weight(node, index).data);
  const scale = Float64Array.from(gamma ?? [], (own, channel) => own / Math.sqrt((variance?.[channel] ?? 1) + epsilon));
  const offset = scale.map((factor, channel) => (beta?.[channel] ?? 0) - (mean?.[channel] ?? 0) * factor);
  build.apply(value, placed, { scale, offset }, outputOf(node));
}

function layerNormalization(node: Node, build: LayerBuilder): void {
  const value = inputOf(node);
  const placed = build.input(node);
  const { axis = -1, epsilon = 1e-5 } = attributesOf<{ axis: number; epsilon: number }>(node);
  const isLast = placed.form === "same" && (axis + value.rank) % value.rank === value.rank - 1;
  if (!isLast) throw build.refusal(node, "a mean over other axes than the last");
  const [scale, bias] = [build.weight(node, 1), build.optionalWeight(node, 2)];
  const weights = [
    { name: "gamma", tensor: scale },
    { name: "beta", tensor: bias ?? float32(new Float32Array(scale.data.length), scale.dims) },
  ];
  const layer = build.add("LayerNormalization", [build.ready(placed)], { axis: -1, epsilon }, weights);
  build.place(outputOf(node), { layer, form: "same" });
}

function softmax(node: Node, build: LayerBuilder): void {
  const value = inputOf(node);
  const { axis = -1 } = attributesOf<{ axis: number }>(node);
  if ((axis + value.rank) % value.rank !== channelAxis(value, build.input(node))) {
    throw build.refusal(node, "probabilities along another axis than the channels");
  }
  unary(node, build, "Activation", { activation: "softmax" });
}

/** What is a part of something that layers have: {@link unitLength} or {@link gaussianUnit} looks for it. */
const passedOver: Rule = () => undefined;

function unchanged(node: Node, build: LayerBuilder): void {
  const placed = build.input(node);
  build.place(outputOf(node), placed);
}

function cast(node: Node, build: LayerBuilder): void {
  if (outputOf(node).type !== "float32" || inputOf(node).type !== "float32") {
    throw build.refusal(node, `${inputOf(node).type} that becomes ${outputOf(node).type}`);
  }
  unchanged(node, build);
}

/** Operators that change numbers where they are. */
export const elementwise: Rules = {
  Relu: (node, build) => {
    unary(node, build, "ReLU");
  },
  Clip: clipped,
  LeakyRelu: leakyRelu,
  Elu: (node, build) => {
    const { alpha = 1 } = attributesOf<{ alpha: number }>(node);
    unary(node, build, "ELU", { alpha });
  },
  PRelu: parametricRelu,
  Sigmoid: activation("sigmoid"),
  Tanh: activation("tanh"),
  Softplus: activation("softplus"),
  Softsign: activation("softsign"),
  Gelu: (node, build) => {
    const { approximate = "none" } = attributesOf<{ approximate: string }>(node);
    if (approximate !== "none") throw build.refusal(node, `the approximation by ${approximate}`);
    unary(node, build, "Activation", { activation: "gelu" });
  },
  HardSigmoid: (node, build) => {
    const { alpha = 0.2, beta = 0.5 } = attributesOf<{ alpha: number; beta: number }>(node);
    hardSigmoid(node, build, alpha, beta, false);
  },
  HardSwish: (node, build) => {
    hardSigmoid(node, build, 1 / 6, 0.5, true);
  },
  Softmax: softmax,
  Add: add,
  Sum: (node, build) => {
    if (node.inputs.length === 1) unchanged(node, build);
    else joining(node, build, "Add");
  },
  Mul: multiply,
  Sub: subtract,
  Div: divide,
  Neg: (node, build) => {
    const [value, placed] = [inputOf(node), build.input(node)];
    build.apply(value, placed, negated(channelsOf(value, placed)), outputOf(node));
  },
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  Identity: unchanged,
  Dropout: unchanged,
  Cast: cast,
  ReduceSumSquare: passedOver,
  Max: passedOver,
  Sqrt: passedOver,
  Erf: passedOver,
};

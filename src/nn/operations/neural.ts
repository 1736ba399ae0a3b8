import { channelsLastOnly, oneOf, type Pair, pair, refuse } from "../../errors/check.js";
import { ShapeError } from "../../errors/errors.js";
import { formatShape, normalizeAxis } from "../../graph/shape.js";
import type { Value } from "../../graph/value.js";
import { scalarLike } from "../../ops/constants.js";
import * as convolutions from "../../ops/convolution.js";
import * as math from "../../ops/elementwise.js";
import { transpose } from "../../ops/layout.js";
import * as pooling from "../../ops/pooling.js";
import * as reduce from "../../ops/reduction.js";
import { dimAt } from "../../graph/shape.js";
import * as activations from "../activations/catalogue.js";
import { threshold as thresholdOf, type ThresholdOptions } from "../activations/threshold.js";
import { depthwiseKernel } from "../layers/convolutional/depthwise.js";
import { windowPads } from "../layers/convolutional/same-pads.js";
import type { Elementwise } from "./arithmetic.js";
import { type Answer, inGraphOrder, inKerasOrder, type Operand } from "./operand.js";
import { operation, type OperationFunction, type OperationOptions, type OperationRow } from "./operation.js";
import { axisOf, float, ofElements, value } from "./rows.js";

function elements(name: string, className: string, compute: (x: Value) => Value): OperationFunction<Elementwise> {
  return operation<Elementwise>(ofElements(name, className, "nn", compute));
}

/** A function with options, of the elements or along an axis in Keras's order. */
export type WithOptions<O> = <X extends Operand>(x: X, options?: O) => Answer<X>;

function optional<O>(
  name: string,
  className: string,
  options: OperationOptions,
  compute: (x: Value, options: never) => Value,
): OperationFunction<WithOptions<O>> {
  const row: OperationRow = {
    name,
    className,
    module: "nn",
    call: ["x"],
    options,
    wantsGraphOrder: true,
    compute: ([x], given) => compute(float(x), given as never),
  };
  return operation<WithOptions<O>>(row);
}

/** `max(x, 0)`. */
export const relu = elements("relu", "Relu", (x) => activations.relu(x));
/** `min(max(x, 0), 6)`. */
export const relu6 = elements("relu6", "Relu6", activations.relu6);
/** `1 / (1 + e⁻ˣ)`. */
export const sigmoid = elements("sigmoid", "Sigmoid", activations.sigmoid);
/** `x · sigmoid(x)`. */
export const silu = elements("silu", "Silu", activations.silu);
/** `ln(1 + eˣ)`. */
export const softplus = elements("softplus", "Softplus", activations.softplus);
/** `x / (1 + |x|)`. */
export const softsign = elements("softsign", "Softsign", activations.softsign);
/** The exponential unit that keeps mean and variance. */
export const selu = elements("selu", "Selu", activations.selu);
/** `clip(x / 6 + 0.5, 0, 1)`. */
export const hardSigmoid = elements("hardSigmoid", "HardSigmoid", activations.hardSigmoid);
/** `x · hardSigmoid(x)`. */
export const hardSilu = elements("hardSilu", "HardSilu", activations.hardSilu);
/** `clip(x, −1, 1)`. */
export const hardTanh = elements("hardTanh", "HardTanh", activations.hardTanh);
/** `x − tanh x`. */
export const tanhShrink = elements("tanhShrink", "TanhShrink", activations.tanhShrink);
/** `ln sigmoid(x)`. */
export const logSigmoid = elements("logSigmoid", "LogSigmoid", activations.logSigmoid);
/** 0 up to −1, `(x + 1)² / 4` up to 1, then x. */
export const sparsePlus = elements("sparsePlus", "SparsePlus", activations.sparsePlus);
/** `clip((x + 1) / 2, 0, 1)`. */
export const sparseSigmoid = elements("sparseSigmoid", "SparseSigmoid", activations.sparseSigmoid);

/** `x` above 0, `negativeSlope · x` below; default 0.2. */
export const leakyRelu = optional<activations.LeakyReluOptions>(
  "leakyRelu",
  "LeakyRelu",
  { negativeSlope: 0.2 },
  activations.leakyRelu,
);
/** `x` above 0, `alpha · (eˣ − 1)` below; default 1. */
export const elu = optional<activations.EluOptions>("elu", "Elu", { alpha: 1 }, activations.elu);
/** `x` above 0, `alpha · (eˣᐟᵅ − 1)` below; default 1. */
export const celu = optional<activations.CeluOptions>("celu", "Celu", { alpha: 1 }, activations.celu);
/** `x · Φ(x)`; as in `keras.ops`, and unlike `activations.gelu`, with tanh by default. */
export const gelu = optional<activations.GeluOptions>("gelu", "Gelu", { approximate: true }, activations.gelu);
/** 0 between −threshold and threshold, `x` elsewhere; default 0.5. */
export const hardShrink = optional<activations.HardShrinkOptions>(
  "hardShrink",
  "HardShrink",
  { threshold: 0.5 },
  activations.hardShrink,
);
/** 0 between −threshold and threshold, `x ∓ threshold` elsewhere; default 0.5. */
export const softShrink = optional<activations.SoftShrinkOptions>(
  "softShrink",
  "SoftShrink",
  { threshold: 0.5 },
  activations.softShrink,
);
/** `(x + √(x² + b)) / 2`; default 4. */
export const squareplus = optional<activations.SquareplusOptions>(
  "squareplus",
  "Squareplus",
  { b: 4 },
  activations.squareplus,
);
/** `x` above the threshold, another number up to it. */
export const threshold = optional<ThresholdOptions>(
  "threshold",
  "Threshold",
  { threshold: undefined, defaultValue: undefined },
  thresholdOf,
);
/** Shares of the exponentials along an axis; default the last one. */
export const softmax = optional<activations.SoftmaxOptions>("softmax", "Softmax", { axis: -1 }, activations.softmax);
/** The logarithms of {@link softmax}. */
export const logSoftmax = optional<activations.LogSoftmaxOptions>(
  "logSoftmax",
  "LogSoftmax",
  { axis: -1 },
  activations.logSoftmax,
);
/** Shares, most of which are 0, along an axis. */
export const sparsemax = optional<activations.SparsemaxOptions>(
  "sparsemax",
  "Sparsemax",
  { axis: -1 },
  activations.sparsemax,
);
/** One half, through the sigmoid of the other one. */
export const glu = optional<activations.GluOptions>("glu", "Glu", { axis: -1 }, activations.glu);

/** Options of {@link normalize}. */
export interface NormalizeOptions {
  /** Default -1. */
  readonly axis?: number;
  /** Default 2: the Euclidean norm. */
  readonly order?: number;
  /** Least norm; default 1e-7. */
  readonly epsilon?: number | null;
}

/** Vectors along an axis divided by their norm. */
export const normalize = operation<WithOptions<NormalizeOptions>>({
  name: "normalize",
  className: "Normalize",
  module: "nn",
  call: ["x"],
  options: { axis: -1, order: 2, epsilon: null },
  compute: ([given], { axis, order, epsilon }) => {
    const x = float(given);
    const along = [normalizeAxis(axisOf("normalize", axis), x.rank, "normalize")];
    const least = scalarLike(x, typeof epsilon === "number" ? epsilon : 1e-7);
    if (order === 2) {
      const squares = reduce.reduceSum(math.square(x), along, { keepdims: 1 });
      return math.mul(x, math.reciprocal(math.sqrt(math.max([squares, math.square(least)]))));
    }
    const magnitudes = math.abs(x);
    const power = Number(order);
    const norm =
      order === 1
        ? reduce.reduceSum(magnitudes, along, { keepdims: 1 })
        : math.pow(
            reduce.reduceSum(math.pow(magnitudes, scalarLike(x, power)), along, { keepdims: 1 }),
            scalarLike(x, 1 / power),
          );
    return math.div(x, math.max([norm, least]));
  },
});

/** Options of convolutions and poolings. */
export interface WindowOptions {
  /** Default 1; of poolings the size of the window. */
  readonly strides?: Pair | null;
  /** Default `"valid"`. */
  readonly padding?: "valid" | "same";
  /** `"channels_last"`: Graft has no other. */
  readonly dataFormat?: "channels_last" | null;
}

/** Options of convolutions. */
export interface ConvolutionOptions extends WindowOptions {
  /** Distance of the kernel's elements; default 1. */
  readonly dilationRate?: Pair;
}

/** A convolution by a kernel that is computed or given. */
export type Convolution = <X extends Operand, K extends Operand>(
  inputs: X,
  kernel: K,
  options?: ConvolutionOptions,
) => Answer<X | K>;

const convolutionOptions = { strides: 1, padding: "valid", dataFormat: null, dilationRate: 1 } as const;

/** `[N, H, W, C]` in the graph's order. */
function image(owner: string, x: Value): Value {
  if (x.rank === 4) return inGraphOrder(x);
  throw new ShapeError(`${owner}: the input is no batch of images.`, {
    subject: "inputs",
    expected: "[batch, height, width, channels]",
    received: formatShape(x.shape),
  });
}

interface Steps {
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  readonly pads: readonly number[];
}

function stepsOf(
  owner: string,
  x: Value,
  size: readonly [number, number],
  { strides, padding, dataFormat, dilationRate = 1 }: OperationOptions,
): Steps {
  if (dataFormat !== null) channelsLastOnly(owner, dataFormat as string);
  const steps = pair(owner, "strides", (strides ?? size) as Pair);
  const dilations = pair(owner, "dilationRate", dilationRate as Pair);
  const kind = oneOf(owner, "padding", padding as string, ["valid", "same"]);
  return { strides: steps, dilations, pads: windowPads(x, kind, size, steps, dilations) };
}

function sizeOf(kernel: Value): readonly [number, number] {
  return [Number(kernel.shape[0]), Number(kernel.shape[1])];
}

function requireKernel(owner: string, kernel: Value): Value {
  if (kernel.rank === 4) return kernel;
  throw new ShapeError(`${owner}: the kernel has another rank.`, {
    subject: "kernel",
    expected: "[height, width, in, out]",
    received: formatShape(kernel.shape),
  });
}

/** A convolution of `[N, H, W, C]` by a kernel `[height, width, C / groups, filters]`. */
export const conv = operation<Convolution>({
  name: "conv",
  className: "Conv",
  module: "nn",
  call: ["inputs", "kernel"],
  options: convolutionOptions,
  compute: ([given, k], options) => {
    const x = image("conv", float(given));
    const kernel = requireKernel("conv", float(k));
    const group = Number(dimAt(x.shape, 1)) / Number(dimAt(kernel.shape, 2));
    if (!Number.isInteger(group)) refuse("conv", "kernel", "channels that divide those of the input", kernel.shape);
    const weights = transpose(kernel, { perm: [3, 2, 0, 1] });
    const steps = stepsOf("conv", x, sizeOf(kernel), options);
    return inKerasOrder(convolutions.conv(x, weights, undefined, { ...steps, group }));
  },
});

function depthwise(owner: string, x: Value, kernel: Value, options: OperationOptions): Value {
  const steps = stepsOf(owner, x, sizeOf(kernel), options);
  return convolutions.conv(x, depthwiseKernel(kernel), undefined, { ...steps, group: Number(dimAt(x.shape, 1)) });
}

/** A convolution of each channel by its own kernel, `[height, width, C, multiplier]`. */
export const depthwiseConv = operation<Convolution>({
  name: "depthwiseConv",
  className: "DepthwiseConv",
  module: "nn",
  call: ["inputs", "kernel"],
  options: convolutionOptions,
  compute: ([given, k], options) => {
    const kernel = requireKernel("depthwiseConv", float(k));
    return inKerasOrder(depthwise("depthwiseConv", image("depthwiseConv", float(given)), kernel, options));
  },
});

/** What {@link separableConv} is. */
export type SeparableConvolution = <X extends Operand, D extends Operand, P extends Operand>(
  inputs: X,
  depthwiseKernel: D,
  pointwiseKernel: P,
  options?: ConvolutionOptions,
) => Answer<X | D | P>;

/** A convolution of each channel, and then of all channels at each place. */
export const separableConv = operation<SeparableConvolution>({
  name: "separableConv",
  className: "SeparableConv",
  module: "nn",
  call: ["inputs", "depthwiseKernel", "pointwiseKernel"],
  options: convolutionOptions,
  compute: ([given, d, p], options) => {
    const kernels = [d, p].map((kernel) => requireKernel("separableConv", float(kernel)));
    const [first, second] = kernels as [Value, Value];
    const apart = depthwise("separableConv", image("separableConv", float(given)), first, options);
    return inKerasOrder(convolutions.conv(apart, transpose(second, { perm: [3, 2, 0, 1] })));
  },
});

/** A pooling: `ops.maxPool(x, 2, { strides: 2, padding: "same" })`. */
export type Pooling = <X extends Operand>(inputs: X, poolSize: Pair, options?: WindowOptions) => Answer<X>;

const poolingOptions = { poolSize: undefined, strides: null, padding: "valid", dataFormat: null } as const;

/** The greatest in each window of `[N, H, W, C]`. */
export const maxPool = operation<Pooling>({
  name: "maxPool",
  className: "MaxPool",
  module: "nn",
  call: ["inputs"],
  options: poolingOptions,
  compute: ([given], options) => {
    const x = image("maxPool", value(given));
    const size = pair("maxPool", "poolSize", options["poolSize"] as Pair);
    const { strides, pads } = stepsOf("maxPool", x, size, options);
    return inKerasOrder(pooling.maxPool(x, { kernel_shape: size, strides, pads }));
  },
});

/** The mean of each window of `[N, H, W, C]`; places outside do not count. */
export const averagePool = operation<Pooling>({
  name: "averagePool",
  className: "AveragePool",
  module: "nn",
  call: ["inputs"],
  options: poolingOptions,
  compute: ([given], options) => {
    const x = image("averagePool", float(given));
    const size = pair("averagePool", "poolSize", options["poolSize"] as Pair);
    const { strides, pads } = stepsOf("averagePool", x, size, options);
    return inKerasOrder(pooling.averagePool(x, { kernel_shape: size, strides, pads }));
  },
});

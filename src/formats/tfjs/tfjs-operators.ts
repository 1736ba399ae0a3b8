import { UsageError } from "../../errors/errors.js";
import {
  type Dim,
  dimProduct,
  dimQuotient,
  isStatic,
  normalizeAxis,
  type Shape,
  staticDim,
} from "../../graph/shape.js";
import { constant, type Value } from "../../graph/value.js";
import { graphAxis, toChannelsFirst, toChannelsLast } from "../../nn/channels.js";
import { resizeImages } from "../../nn/layers/preprocessing/resize-images.js";
import { windowPads } from "../../nn/layers/convolutional/same-pads.js";
import { elementCount, float32, type TensorData } from "../../onnx/tensor-data.js";
import { elu, leakyRelu, prelu, relu, selu, sigmoid, softplus, tanh } from "../../ops/activations.js";
import { conv, type ConvAttributes, convTranspose } from "../../ops/convolution.js";
import * as elementwise from "../../ops/elementwise.js";
import { concat, split, tile } from "../../ops/joining.js";
import { pad, slice } from "../../ops/slicing.js";
import { squeeze, transpose, unsqueeze } from "../../ops/layout.js";
import { matmul } from "../../ops/matmul.js";
import { batchNormalization } from "../../ops/normalization.js";
import { averagePool, maxPool } from "../../ops/pooling.js";
import { reduceMax, reduceMean, reduceMin, reduceProd, reduceSum } from "../../ops/reduction.js";
import { reshapeTo } from "../../ops/reshape.js";
import { logSoftmax, softmax } from "../../ops/softmax.js";
import { attributeOf, type TfNode } from "./tfjs-attributes.js";

/*
 * TensorFlow's operators, written with Graft's. TensorFlow puts channels last, graphs of Graft second: as everywhere in
 * Graft, a value that TensorFlow would give four axes is `[N, C, H, W]` here, and all others are the same on both sides.
 */

/** What a node of a TensorFlow graph gives. */
export type Known =
  | { readonly kind: "value"; readonly value: Value }
  /** In TensorFlow's order of axes. */
  | { readonly kind: "constant"; readonly tensor: TensorData }
  /** Whole numbers that are extents of other values, such as a shape; `scalar` where they are one without axes. */
  | { readonly kind: "extents"; readonly extents: Shape; readonly scalar: boolean };

/** A node that is imported, and what its inputs are. */
export class NodeInputs {
  constructor(
    readonly node: TfNode,
    private readonly known: readonly Known[],
  ) {}

  /** Number of inputs. */
  get count(): number {
    return this.known.length;
  }

  /** An error that says what the node should have been. */
  refuse(expected: string, received: string): UsageError {
    return new UsageError(`TensorFlow's ${this.node.op} is used in a way that Graft does not have.`, {
      subject: this.node.name,
      expected,
      received,
    });
  }

  at(index: number): Known {
    const known = this.known[index];
    if (known === undefined) throw this.refuse(`at least ${index + 1} inputs`, `${this.count}`);
    return known;
  }

  /** An input as a value: of rank 4, channels are second. */
  value(index = 0): Value {
    const known = this.at(index);
    if (known.kind === "value") return known.value;
    if (known.kind === "extents") throw this.refuse("values that are no shape", "a shape");
    return constant(channelsSecond(floats(known.tensor)));
  }

  /** All inputs from one on as values. */
  values(from = 0, to = this.count): Value[] {
    return this.known.slice(from, to).map((_, index) => this.value(from + index));
  }

  /** An input that must be constant, in TensorFlow's order of axes. */
  constant(index: number): TensorData<"float32"> {
    const known = this.at(index);
    if (known.kind === "constant") return floats(known.tensor);
    throw this.refuse(`a constant as input ${index}`, "a value that is computed");
  }

  /** An input that must be whole numbers which are known now, such as axes. */
  integers(index: number): readonly number[] {
    const extents = this.extents(index);
    if (isStatic(extents)) return extents;
    throw this.refuse(`known numbers as input ${index}`, `[${extents.join(", ")}]`);
  }

  /** An input that must be whole numbers of which some may be known only when the graph runs. */
  extents(index: number): Shape {
    const known = this.at(index);
    if (known.kind === "extents") return known.extents;
    return Array.from(this.constant(index).data);
  }
}

function floats(tensor: TensorData): TensorData<"float32"> {
  if (tensor.type === "float32") return tensor as TensorData<"float32">;
  return float32(Float32Array.from(tensor.data as ArrayLike<number | bigint>, Number), tensor.dims);
}

/** A constant with its axes in another order. */
function permuted({ dims, data }: TensorData<"float32">, order: readonly number[]): TensorData<"float32"> {
  const strides = dims.map((_, axis) => elementCount(dims.slice(axis + 1)));
  const shape = order.map((axis) => dims[axis] ?? 1);
  const steps = order.map((axis) => strides[axis] ?? 1);
  const moved = new Float32Array(data.length);
  const place = order.map(() => 0);
  let from = 0;
  for (let to = 0; to < moved.length; to++) {
    moved[to] = data[from] ?? 0;
    for (let axis = order.length - 1; axis >= 0; axis--) {
      const next = (place[axis] ?? 0) + 1;
      from += steps[axis] ?? 0;
      place[axis] = next;
      if (next < (shape[axis] ?? 1)) break;
      from -= (shape[axis] ?? 1) * (steps[axis] ?? 0);
      place[axis] = 0;
    }
  }
  return float32(moved, shape);
}

function channelsSecond(tensor: TensorData<"float32">): TensorData<"float32"> {
  return tensor.dims.length === 4 ? permuted(tensor, [0, 3, 1, 2]) : tensor;
}

type Operator = (inputs: NodeInputs) => Value | Known | readonly (Value | Known)[];

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
function convolution(inputs: NodeInputs, isDepthwise: boolean, bias?: Value): Value {
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

/** What the converter fuses with a product: bias, normalization, activation. */
function fused(inputs: NodeInputs, product: (bias: Value | undefined) => Value): Value {
  const { node } = inputs;
  const after = attributeOf(node, "fused_ops", "strings", []);
  const hasBias = after[0] === "BiasAdd";
  const y = product(hasBias ? constant(inputs.constant(2)) : undefined);
  return after.slice(hasBias ? 1 : 0).reduce((value, name) => {
    if (name === "FusedBatchNorm") {
      const epsilon = attributeOf(node, "epsilon", "float", 0.0001);
      const [scale, offset, mean, variance] = [2, 3, 4, 5].map((index) => constant(inputs.constant(index)));
      if (scale === undefined || offset === undefined || mean === undefined || variance === undefined) return value;
      return batchNormalization(value, scale, offset, mean, variance, { epsilon });
    }
    if (name === "Add") return elementwise.add(value, inputs.value(3));
    if (name === "Prelu") return prelu(value, constant(channelsSecond(inputs.constant(inputs.count - 1))));
    if (name === "LeakyRelu") return leakyRelu(value, { alpha: attributeOf(node, "leakyrelu_alpha", "float", 0.2) });
    const activation = activations[name];
    if (activation === undefined) throw inputs.refuse("bias, normalization or an activation behind a product", name);
    return activation(value);
  }, y);
}

const relu6 = (x: Value): Value => elementwise.clip(x, 0, 6);

const activations: Readonly<Record<string, (x: Value) => Value>> = {
  Relu: relu,
  Relu6: relu6,
  Elu: (x) => elu(x),
  Selu: (x) => selu(x),
  Sigmoid: sigmoid,
  Tanh: tanh,
  Softplus: softplus,
};

const unary: Readonly<Record<string, (x: Value) => Value>> = {
  ...activations,
  Abs: elementwise.abs,
  Ceil: elementwise.ceil,
  Erf: elementwise.erf,
  Exp: elementwise.exp,
  Floor: elementwise.floor,
  Log: elementwise.log,
  Neg: elementwise.neg,
  Reciprocal: elementwise.reciprocal,
  Round: elementwise.round,
  Rsqrt: (x) => elementwise.reciprocal(elementwise.sqrt(x)),
  Sign: elementwise.sign,
  Sqrt: elementwise.sqrt,
  Square: elementwise.square,
};

/** Two inputs with axes in front of the shorter, so that TensorFlow's broadcasting is that of the graph. */
function aligned(inputs: NodeInputs, first = 0, second = 1): [Value, Value] {
  const rankOf = (index: number): number => {
    const known = inputs.at(index);
    return known.kind === "value" ? known.value.rank : known.kind === "constant" ? known.tensor.dims.length : 1;
  };
  const rank = Math.max(rankOf(first), rankOf(second));
  const widened = (index: number): Value => {
    const known = inputs.at(index);
    const missing = rank - rankOf(index);
    // Single numbers fit everywhere.
    if (rank < 4 || missing === 0 || rankOf(index) === 0) return inputs.value(index);
    const axes = Array.from({ length: missing }, (_, axis) => axis);
    if (known.kind !== "constant") return toChannelsFirst(unsqueeze(inputs.value(index), axes));
    const { dims, data } = inputs.constant(index);
    return constant(channelsSecond(float32(data, [...axes.map(() => 1), ...dims])));
  };
  return [widened(first), widened(second)];
}

const binary: Readonly<Record<string, (a: Value, b: Value) => Value>> = {
  Add: elementwise.add,
  AddV2: elementwise.add,
  BiasAdd: elementwise.add,
  Div: elementwise.div,
  DivNoNan: elementwise.div,
  Maximum: (a, b) => elementwise.max([a, b]),
  Minimum: (a, b) => elementwise.min([a, b]),
  Mul: elementwise.mul,
  Pow: elementwise.pow,
  RealDiv: elementwise.div,
  SquaredDifference: (a, b) => elementwise.square(elementwise.sub(a, b)),
  Sub: elementwise.sub,
};

type Reduce = (x: Value, axes: readonly number[] | undefined, attributes: { readonly keepdims: 0 | 1 }) => Value;

const reductions: Readonly<Record<string, Reduce>> = {
  Max: reduceMax,
  Mean: reduceMean,
  Min: reduceMin,
  Prod: reduceProd,
  Sum: reduceSum,
};

function reduction(inputs: NodeInputs, reduce: Reduce): Value {
  const x = inputs.value();
  const given = inputs.integers(1).map((axis) => normalizeAxis(axis, x.rank, inputs.node.op));
  const axes = given.map((axis) => graphAxis(axis, x.rank, inputs.node.op));
  if (attributeOf(inputs.node, "keep_dims", "bool", false)) return reduce(x, axes, { keepdims: 1 });
  // What is left of [N, C, H, W] is in TensorFlow's order where no spatial axis stays behind the channels.
  const isInOrder = x.rank !== 4 || given.includes(3) || (given.includes(1) && given.includes(2));
  return isInOrder ? reduce(x, axes, { keepdims: 0 }) : reduce(toChannelsLast(x), given, { keepdims: 0 });
}

/** Something that is done in TensorFlow's order of axes. */
function inOrder(values: readonly Value[], change: (values: readonly Value[]) => Value): Value {
  return toChannelsFirst(change(values.map(toChannelsLast)));
}

function reshaped(inputs: NodeInputs): Value {
  const x = toChannelsLast(inputs.value());
  const wanted = inputs.extents(1);
  const known = dimProduct(wanted.filter((extent) => extent !== -1));
  const rest = dimQuotient(dimProduct(x.shape), known);
  const shape = wanted.map((extent): Dim => (extent === -1 ? (rest ?? extent) : extent));
  return toChannelsFirst(reshapeTo(x, shape));
}

/** Axes without those of extent 1 that are named, or without all of them. */
function squeezed(inputs: NodeInputs): Value {
  const x = toChannelsLast(inputs.value());
  const { node } = inputs;
  const named = attributeOf(node, node.attributes["axis"] === undefined ? "squeeze_dims" : "axis", "ints", []);
  const axes = named.map((axis) => normalizeAxis(axis, x.rank, node.op));
  const all = x.shape.flatMap((extent, axis) => (extent === 1 ? [axis] : []));
  return toChannelsFirst(squeeze(x, axes.length === 0 ? all : axes));
}

function padded(inputs: NodeInputs, mode: "constant" | "reflect"): Value {
  const pads = inputs.integers(1);
  const x = inputs.value();
  const axes = x.shape.map((_, axis) => graphAxis(axis, x.rank, inputs.node.op));
  const ends = [0, 1].flatMap((end) => axes.map((_, axis) => pads[2 * axis + end] ?? 0));
  const value = inputs.count > 2 ? (inputs.constant(2).data[0] ?? 0) : 0;
  return pad(x, ends, { mode, value, axes });
}

function concatenated(inputs: NodeInputs): Value | Known {
  const last = inputs.count - 1;
  const [axis = 0] = inputs.integers(last);
  const parts = Array.from({ length: last }, (_, index) => inputs.at(index));
  if (parts.some(({ kind }) => kind === "extents")) {
    return { kind: "extents", scalar: false, extents: parts.flatMap((_, index) => inputs.extents(index)) };
  }
  const values = inputs.values(0, last);
  return concat(values, { axis: graphAxis(axis, values[0]?.rank ?? 1, inputs.node.op) });
}

/** Bit `axis` of one of the masks that TensorFlow writes for Python's slices. */
function masked(inputs: NodeInputs, mask: string, axis: number): boolean {
  return ((attributeOf(inputs.node, mask, "int", 0) >> axis) & 1) === 1;
}

function stridedSlice(inputs: NodeInputs): Value | Known {
  const [begins, ends, steps] = [inputs.integers(1), inputs.integers(2), inputs.integers(3)];
  for (const mask of ["ellipsis_mask", "new_axis_mask"]) {
    if (attributeOf(inputs.node, mask, "int", 0) !== 0) throw inputs.refuse(`no ${mask}`, "one");
  }
  const shrunk = begins.flatMap((_, axis) => (masked(inputs, "shrink_axis_mask", axis) ? [axis] : []));
  const known = inputs.at(0);
  if (known.kind === "extents") {
    const [begin = 0, end = 0] = [begins[0], ends[0]];
    const from = masked(inputs, "begin_mask", 0) ? 0 : begin;
    const to = masked(inputs, "end_mask", 0) ? known.extents.length : end;
    const extents = shrunk.length > 0 ? known.extents.slice(from).slice(0, 1) : known.extents.slice(from, to);
    return { kind: "extents", scalar: shrunk.length > 0, extents };
  }
  const x = toChannelsLast(inputs.value());
  const axes = begins.map((_, axis) => axis);
  const part = slice(x, {
    axes,
    starts: begins.map((begin, axis) => (masked(inputs, "begin_mask", axis) ? 0 : begin)),
    // Behind all elements.
    ends: ends.map((end, axis) => {
      if (shrunk.includes(axis)) return (begins[axis] ?? 0) === -1 ? 2 ** 31 - 1 : (begins[axis] ?? 0) + 1;
      return masked(inputs, "end_mask", axis) ? 2 ** 31 - 1 : end;
    }),
    steps: axes.map((axis) => (shrunk.includes(axis) ? 1 : (steps[axis] ?? 1))),
  });
  return toChannelsFirst(shrunk.length === 0 ? part : squeeze(part, shrunk));
}

/** Height and width of the blocks that space is cut into, which TensorFlow writes around a convolution with dilation. */
function blockOf(inputs: NodeInputs): [number, number] {
  const [height = 1, width = 1, ...more] = inputs.integers(1);
  if (more.length > 0) throw inputs.refuse("blocks over height and width", `${more.length + 2} axes`);
  return [height, width];
}

/** Pixels of the same place in each block become a picture of their own. */
function spaceToBatch(inputs: NodeInputs): Value {
  const [high, wide] = blockOf(inputs);
  const [top = 0, bottom = 0, left = 0, right = 0] = inputs.integers(2);
  return inOrder(inputs.values(0, 1), (values) => {
    const x = pad(first(inputs, values), [0, top, left, 0, 0, bottom, right, 0]);
    const [n = 1, , , c = 1] = x.shape;
    const [rows, columns] = [
      staticDim(x.shape, 1, "SpaceToBatchND") / high,
      staticDim(x.shape, 2, "SpaceToBatchND") / wide,
    ];
    const blocks = transpose(reshapeTo(x, [n, rows, high, columns, wide, c]), { perm: [2, 4, 0, 1, 3, 5] });
    return reshapeTo(blocks, [dimProduct([high, wide, n]), rows, columns, c]);
  });
}

/** The reverse of {@link spaceToBatch}. */
function batchToSpace(inputs: NodeInputs): Value {
  const [high, wide] = blockOf(inputs);
  const [top = 0, bottom = 0, left = 0, right = 0] = inputs.integers(2);
  return inOrder(inputs.values(0, 1), (values) => {
    const x = first(inputs, values);
    const [all = 1, , , c = 1] = x.shape;
    const n = dimQuotient(all, high * wide);
    if (n === undefined) throw inputs.refuse(`a multiple of ${high * wide} pictures`, `${all}`);
    const [rows, columns] = [staticDim(x.shape, 1, "BatchToSpaceND"), staticDim(x.shape, 2, "BatchToSpaceND")];
    const blocks = transpose(reshapeTo(x, [high, wide, n, rows, columns, c]), { perm: [2, 3, 0, 4, 1, 5] });
    const whole = reshapeTo(blocks, [n, rows * high, columns * wide, c]);
    return slice(whole, { axes: [1, 2], starts: [top, left], ends: [rows * high - bottom, columns * wide - right] });
  });
}

function first(inputs: NodeInputs, [value]: readonly Value[]): Value {
  if (value === undefined) throw inputs.refuse("an input", "none");
  return value;
}

function product(inputs: NodeInputs): Value {
  const flip = (value: Value, name: string): Value =>
    attributeOf(inputs.node, name, "bool", false) ? transpose(value, { perm: [1, 0] }) : value;
  const weights = inputs.at(1);
  // A constant is turned now, so that it becomes a weight.
  const isTurned = attributeOf(inputs.node, "transpose_b", "bool", false);
  const b =
    weights.kind === "constant" && isTurned
      ? constant(permuted(inputs.constant(1), [1, 0]))
      : flip(inputs.value(1), "transpose_b");
  return matmul(flip(inputs.value(), "transpose_a"), b);
}

function batchProduct(inputs: NodeInputs): Value {
  const flip = (value: Value, name: string): Value => {
    const axes = value.shape.map((_, axis) => axis);
    const last = axes.length - 1;
    return attributeOf(inputs.node, name, "bool", false)
      ? transpose(value, { perm: [...axes.slice(0, -2), last, last - 1] })
      : value;
  };
  return inOrder(inputs.values(0, 2), ([a, b]) => {
    if (a === undefined || b === undefined) throw inputs.refuse("two inputs", "fewer");
    return matmul(flip(a, "adj_x"), flip(b, "adj_y"));
  });
}

function resized(inputs: NodeInputs, interpolation: "bilinear" | "nearest"): Value {
  if (!attributeOf(inputs.node, "half_pixel_centers", "bool", false)) {
    throw inputs.refuse("half_pixel_centers, as TensorFlow 2 resizes", "the older way");
  }
  const [height = 1, width = 1] = inputs.integers(1);
  return resizeImages(inputs.value(), [height, width], interpolation, false);
}

function alongAxis(inputs: NodeInputs, change: (x: Value, attributes: { readonly axis: number }) => Value): Value {
  const x = inputs.value();
  return change(x, { axis: graphAxis(-1, x.rank, inputs.node.op) });
}

const others: Readonly<Record<string, Operator>> = {
  AddN: (inputs) => inputs.values().reduce(elementwise.add),
  AvgPool: (inputs) => pooled(inputs, averagePool),
  BatchMatMul: batchProduct,
  BatchMatMulV2: batchProduct,
  BatchToSpaceND: batchToSpace,
  Cast: (inputs) => inputs.at(0),
  ConcatV2: concatenated,
  Conv2D: (inputs) => convolution(inputs, false),
  Conv2DBackpropInput: transposedConvolution,
  DepthwiseConv2dNative: (inputs) => convolution(inputs, true),
  ExpandDims(inputs) {
    const x = toChannelsLast(inputs.value());
    const [axis = 0] = inputs.integers(1);
    return toChannelsFirst(unsqueeze(x, [normalizeAxis(axis, x.rank + 1, inputs.node.op)]));
  },
  FusedBatchNorm: normalized,
  FusedBatchNormV2: normalized,
  FusedBatchNormV3: normalized,
  FusedDepthwiseConv2dNative: (inputs) => fused(inputs, (bias) => convolution(inputs, true, bias)),
  Identity: (inputs) => inputs.at(0),
  IdentityN: (inputs) => Array.from({ length: inputs.count }, (_, index) => inputs.at(index)),
  LeakyRelu: (inputs) => leakyRelu(inputs.value(), { alpha: attributeOf(inputs.node, "alpha", "float", 0.2) }),
  LogSoftmax: (inputs) => alongAxis(inputs, logSoftmax),
  MatMul: product,
  MaxPool: (inputs) => pooled(inputs, maxPool),
  MirrorPad(inputs) {
    const mode = attributeOf(inputs.node, "mode", "string");
    if (mode !== "REFLECT") throw inputs.refuse("mode REFLECT", mode);
    return padded(inputs, "reflect");
  },
  Pack(inputs) {
    const parts = Array.from({ length: inputs.count }, (_, index) => inputs.at(index));
    if (parts.some(({ kind }) => kind === "value")) {
      const axis = attributeOf(inputs.node, "axis", "int", 0);
      const rank = toChannelsLast(inputs.value()).rank + 1;
      return inOrder(inputs.values(), (values) => {
        const place = normalizeAxis(axis, rank, inputs.node.op);
        return concat(
          values.map((value) => unsqueeze(value, [place])),
          { axis: place },
        );
      });
    }
    return { kind: "extents", scalar: false, extents: parts.flatMap((_, index) => inputs.extents(index)) };
  },
  Pad: (inputs) => padded(inputs, "constant"),
  PadV2: (inputs) => padded(inputs, "constant"),
  PlaceholderWithDefault: (inputs) => inputs.at(0),
  Prelu: (inputs) => prelu(...aligned(inputs)),
  Reshape: reshaped,
  ResizeBilinear: (inputs) => resized(inputs, "bilinear"),
  ResizeNearestNeighbor: (inputs) => resized(inputs, "nearest"),
  Shape: (inputs) => ({ kind: "extents", scalar: false, extents: toChannelsLast(inputs.value()).shape }),
  Softmax: (inputs) => alongAxis(inputs, softmax),
  SpaceToBatchND: spaceToBatch,
  Split(inputs) {
    const [axis = 0] = inputs.integers(0);
    const x = inputs.value(1);
    const place = graphAxis(axis, x.rank, inputs.node.op);
    const count = attributeOf(inputs.node, "num_split", "int");
    const size = staticDim(x.shape, place, inputs.node.op) / count;
    return split(x, new Array<number>(count).fill(size), { axis: place });
  },
  Squeeze: squeezed,
  StopGradient: (inputs) => inputs.at(0),
  StridedSlice: stridedSlice,
  Tile: (inputs) => inOrder(inputs.values(0, 1), (values) => tile(first(inputs, values), inputs.integers(1))),
  Transpose: (inputs) =>
    inOrder(inputs.values(0, 1), (values) => transpose(first(inputs, values), { perm: inputs.integers(1) })),
  _FusedConv2D: (inputs) => fused(inputs, (bias) => convolution(inputs, false, bias)),
  _UnaryOpsComposition: (inputs) =>
    attributeOf(inputs.node, "op_names", "strings").reduce((value, name) => {
      const next = unary[name];
      if (next === undefined) throw inputs.refuse("functions of one value", name);
      return next(value);
    }, inputs.value()),
  _FusedMatMul: (inputs) =>
    fused(inputs, (bias) => (bias === undefined ? product(inputs) : elementwise.add(product(inputs), bias))),
};

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

function normalized(inputs: NodeInputs): Value {
  if (attributeOf(inputs.node, "is_training", "bool", true)) {
    throw inputs.refuse("normalization with given statistics", "one of training");
  }
  const [x, scale, offset, mean, variance] = inputs.values(0, 5);
  if (x === undefined || scale === undefined || offset === undefined || mean === undefined || variance === undefined) {
    throw inputs.refuse("five inputs", `${inputs.count}`);
  }
  return batchNormalization(x, scale, offset, mean, variance, {
    epsilon: attributeOf(inputs.node, "epsilon", "float", 0.0001),
  });
}

/**
 * What a node gives, output by output.
 *
 * @throws UsageError when Graft does not have the operator, or not with these inputs
 */
export function importOperator(inputs: NodeInputs): readonly Known[] {
  const { op } = inputs.node;
  const made = operate(inputs, op);
  const list = Array.isArray(made) ? (made as readonly (Value | Known)[]) : [made as Value | Known];
  return list.map((one) => ("kind" in one ? one : { kind: "value", value: one }));
}

function operate(inputs: NodeInputs, op: string): ReturnType<Operator> {
  const [one, two, reduce, other] = [unary[op], binary[op], reductions[op], others[op]];
  if (one !== undefined) return one(inputs.value());
  if (two !== undefined) return two(...aligned(inputs));
  // The extents of a shape are multiplied to flatten what lies behind the batch.
  if (op === "Prod" && inputs.at(0).kind === "extents") {
    return { kind: "extents", scalar: true, extents: [dimProduct(inputs.extents(0))] };
  }
  if (reduce !== undefined) return reduction(inputs, reduce);
  if (other !== undefined) return other(inputs);
  throw new UsageError(`Graft does not have TensorFlow's operator "${op}".`, {
    subject: inputs.node.name,
    expected: "operators of networks for images",
    received: op,
  });
}

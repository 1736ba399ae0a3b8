import { z } from "zod";
import { FileError, UsageError } from "../../errors/errors.js";
import type { Layer } from "../../nn/layer.js";
import {
  Activation,
  Add,
  AveragePooling2D,
  Dot,
  Flatten,
  Identity,
  LeakyReLU,
  MaxPooling2D,
  ReLU,
  Rescaling,
  Resizing,
  Softmax,
  UnitNormalization,
} from "../../nn/layers/index.js";
import type { Argument } from "../../nn/operations/argument.js";
import { float32, type TensorData } from "../../onnx/tensor-data.js";
import { type Call, isReference, type Reference } from "./deserialize-call.js";
import { operationLayer } from "./deserialize-operation.js";

/** Classes of layers as which Keras 2 wrote functions of TensorFlow on tensors of a functional model. */
const kinds = ["TFOpLambda", "SlicingOpLambda"];

/** Whether a layer is such a function. */
export function isOldOperation(className: string): boolean {
  return kinds.includes(className);
}

/** An operation, and its only call. */
export interface OldOperation {
  readonly layer: Layer;
  readonly calls: readonly Call[];
}

/** What a function is called with, by TensorFlow's names; what is `null` there is left out. */
type Given = ReadonlyMap<string, unknown>;

/** How a function of TensorFlow is said here: as one of Keras 3's operations, or as a layer. */
type Meaning =
  | {
      /** Keras 3's file and class: `"numpy.Add"`. */
      readonly operation: string;
      /** Keras 3's names of arguments by TensorFlow's. */
      readonly names?: Readonly<Record<string, string>>;
      /** Defaults where they are not Keras 3's. */
      readonly defaults?: Readonly<Record<string, Argument>>;
      /** Arguments that have been looked at, and say nothing more. */
      readonly ignored?: readonly string[];
    }
  | {
      readonly layer: (given: Given, name: string) => Layer;
      readonly takes?: readonly string[];
      /** Arguments that are tensors beside the first. */
      readonly tensors?: readonly string[];
    };

const pair = (operation: string): Meaning => ({ operation, names: { y: "x2" } });
const reduction = (operation: string): Meaning => ({ operation, names: { axis: "axis", keepdims: "keepdims" } });
const ofElements = (operation: string): Meaning => ({ operation });
const activation = (name: string): Meaning => ({
  layer: (_, layer) => new Activation(name, { name: layer }),
});

function pooling(Pooling: typeof MaxPooling2D | typeof AveragePooling2D): Meaning {
  return {
    layer: (given, name) =>
      new Pooling({
        poolSize: sizes(given, "ksize"),
        name,
        strides: sizes(given, "strides"),
        padding: shown(given.get("padding")).replaceAll('"', "").toLowerCase(),
      }),
    takes: ["ksize", "strides", "padding"],
  };
}

/** Height and width: one number, two, or four of which the first and the last are those of samples and channels. */
function sizes(given: Given, name: string): [number, number] {
  const value = given.get(name);
  const list = z.array(z.number()).safeParse(typeof value === "number" ? [value, value] : value);
  const [height, width] =
    list.success && list.data.length === 4 ? list.data.slice(1, 3) : list.success ? list.data : [];
  if (height !== undefined) return [height, width ?? height];
  throw unusable(name, "a height and a width", value);
}

function axes(given: Given, fallback: number): number | readonly number[] {
  const value = given.get("axis") ?? fallback;
  const read = z.union([z.number(), z.array(z.number())]).safeParse(value);
  if (read.success) return read.data;
  throw unusable("axis", "numbers", value);
}

function axis(given: Given, fallback: number): number {
  const value = axes(given, fallback);
  if (typeof value === "number") return value;
  throw unusable("axis", "a number", value);
}

function resizing(given: Given, name: string): Layer {
  const [height, width] = sizes(given, "size");
  const interpolation = (given.get("method") ?? "bilinear") as "bilinear";
  return new Resizing(height, width, { name, interpolation, antialias: given.get("antialias") === true });
}

function biasAdd(given: Given, name: string): Layer {
  const bias = z.array(z.number()).safeParse(given.get("bias"));
  if (bias.success) return new Rescaling(1, { name, offset: bias.data });
  throw unusable("bias", "numbers", given.get("bias"));
}

function normalization(given: Given, name: string): Layer {
  // Without axes, TensorFlow divides by the norm of the whole batch: a sample's values would depend on the others.
  if (given.has("axis")) return new UnitNormalization({ name, axis: axes(given, -1) });
  throw unusable("axis", "axes (without them, TensorFlow normalizes all samples together)", undefined);
}

/** A product of matrices of which at least one is turned: as a layer, for whose axes it is the same. */
function turnedProduct(given: Given, name: string): Layer {
  const axes = [given.get("transpose_a") === true ? 1 : 2, given.get("transpose_b") === true ? 2 : 1] as const;
  return new Dot(axes, { name });
}

/** How a call is said, where that depends on its arguments. */
function meaningOf(title: string, given: Given): Meaning | undefined {
  const isTurned = given.get("transpose_a") === true || given.get("transpose_b") === true;
  if (title === "linalg.matmul" && isTurned) {
    return { layer: turnedProduct, takes: ["b", "transpose_a", "transpose_b"], tensors: ["b"] };
  }
  // With a matrix of the file, over one axis, it is that product, too.
  const isMatrix = z.array(z.array(z.number())).safeParse(given.get("b")).success;
  if (title === "tensordot" && given.get("axes") === 1 && isMatrix) {
    return { operation: "numpy.Matmul", names: { b: "x2" }, ignored: ["axes"] };
  }
  return Object.hasOwn(meanings, title) ? meanings[title] : undefined;
}

/** Sizes of parts as the places where they begin. */
function placesOfParts(sizes: Argument): Argument {
  if (!Array.isArray(sizes)) return sizes;
  const starts = (sizes as readonly unknown[]).slice(0, -1);
  if (starts.some((size) => typeof size !== "number" || size < 0)) {
    throw unusable("num_or_size_splits", "a number, or sizes of which only the last may be -1", sizes);
  }
  let place = 0;
  return (starts as readonly number[]).map((size) => (place += size));
}

/** TensorFlow's functions by the names that files have. */
const meanings: Readonly<Record<string, Meaning>> = {
  "__operators__.add": pair("numpy.Add"),
  "math.add": pair("numpy.Add"),
  "math.subtract": pair("numpy.Subtract"),
  "math.multiply": pair("numpy.Multiply"),
  "math.scalar_mul": { operation: "numpy.Multiply", names: { x: "x2" } },
  "math.divide": pair("numpy.TrueDivide"),
  "math.truediv": pair("numpy.TrueDivide"),
  "math.floordiv": pair("numpy.FloorDivide"),
  "compat.v1.floor_div": pair("numpy.FloorDivide"),
  "math.floormod": pair("numpy.Mod"),
  "math.pow": pair("numpy.Power"),
  "math.maximum": pair("numpy.Maximum"),
  "math.minimum": pair("numpy.Minimum"),
  "math.greater": pair("numpy.Greater"),
  "math.greater_equal": pair("numpy.GreaterEqual"),
  "math.less": pair("numpy.Less"),
  "math.less_equal": pair("numpy.LessEqual"),
  "math.equal": pair("numpy.Equal"),
  "math.not_equal": pair("numpy.NotEqual"),
  "__operators__.eq": { operation: "numpy.Equal", names: { other: "x2" } },
  "__operators__.ne": { operation: "numpy.NotEqual", names: { other: "x2" } },
  "math.logical_and": pair("numpy.LogicalAnd"),
  "math.logical_or": pair("numpy.LogicalOr"),
  "math.logical_not": ofElements("numpy.LogicalNot"),
  "math.squared_difference": pair("numpy.SquaredDifference"),
  "math.negative": ofElements("numpy.Negative"),
  "math.abs": ofElements("numpy.Absolute"),
  "math.exp": ofElements("numpy.Exp"),
  "math.log": ofElements("numpy.Log"),
  "math.log1p": ofElements("numpy.Log1p"),
  "math.expm1": ofElements("numpy.Expm1"),
  "math.sqrt": ofElements("numpy.Sqrt"),
  "math.rsqrt": ofElements("math.Rsqrt"),
  "math.square": ofElements("numpy.Square"),
  "math.sign": ofElements("numpy.Sign"),
  "math.floor": ofElements("numpy.Floor"),
  "math.ceil": ofElements("numpy.Ceil"),
  "math.round": ofElements("numpy.Round"),
  "math.sin": ofElements("numpy.Sin"),
  "math.cos": ofElements("numpy.Cos"),
  "math.erf": ofElements("math.Erf"),
  "math.reciprocal": ofElements("numpy.Reciprocal"),
  "math.tanh": ofElements("numpy.Tanh"),
  "math.reduce_mean": reduction("numpy.Mean"),
  "math.reduce_sum": reduction("numpy.Sum"),
  "math.reduce_max": reduction("numpy.Max"),
  "math.reduce_min": reduction("numpy.Min"),
  "math.reduce_prod": reduction("numpy.Prod"),
  "math.reduce_std": reduction("numpy.Std"),
  "math.reduce_variance": reduction("numpy.Var"),
  "math.reduce_logsumexp": reduction("math.Logsumexp"),
  "math.cumsum": { operation: "numpy.Cumsum", names: { axis: "axis" }, defaults: { axis: 0 } },
  "math.top_k": { operation: "math.TopK", names: { k: "k", sorted: "sorted" }, defaults: { k: 1 } },
  sort: { operation: "numpy.Sort", names: { axis: "axis" }, defaults: { axis: -1 } },
  "linalg.matmul": { operation: "numpy.Matmul", names: { b: "x2" } },
  "nn.depth_to_space": { operation: "nn.DepthToSpace", names: { block_size: "block_size" } },
  "nn.space_to_depth": { operation: "nn.SpaceToDepth", names: { block_size: "block_size" } },
  one_hot: {
    operation: "nn.OneHot",
    names: { depth: "num_classes", axis: "axis", dtype: "dtype" },
    defaults: { axis: -1 },
  },
  "image.rgb_to_grayscale": { operation: "image.RGBToGrayscale" },
  "image.rgb_to_hsv": { operation: "image.RGBToHSV" },
  "image.hsv_to_rgb": { operation: "image.HSVToRGB" },
  "math.argmax": { operation: "numpy.Argmax", names: { axis: "axis" }, defaults: { axis: 0 } },
  "math.argmin": { operation: "numpy.Argmin", names: { axis: "axis" }, defaults: { axis: 0 } },
  "compat.v1.norm": { operation: "linalg.Norm", names: { axis: "axis", keepdims: "keepdims" } },
  norm: { operation: "linalg.Norm", names: { axis: "axis", keepdims: "keepdims" } },
  clip_by_value: { operation: "numpy.Clip", names: { clip_value_min: "x_min", clip_value_max: "x_max" } },
  cast: { operation: "core.Cast", names: { dtype: "dtype" } },
  where: { operation: "numpy.Where", names: { x: "x1", y: "x2" } },
  reshape: { operation: "numpy.Reshape", names: { shape: "newshape" } },
  "compat.v1.transpose": { operation: "numpy.Transpose", names: { perm: "axes" } },
  transpose: { operation: "numpy.Transpose", names: { perm: "axes" } },
  expand_dims: { operation: "numpy.ExpandDims", names: { axis: "axis" } },
  squeeze: { operation: "numpy.Squeeze", names: { axis: "axis" } },
  "compat.v1.squeeze": { operation: "numpy.Squeeze", names: { axis: "axis" } },
  concat: { operation: "numpy.Concatenate", names: { axis: "axis" } },
  stack: { operation: "numpy.Stack", names: { axis: "axis" } },
  unstack: { operation: "core.Unstack", names: { axis: "axis", num: "num" }, defaults: { axis: 0 } },
  split: {
    operation: "numpy.Split",
    names: { num_or_size_splits: "indices_or_sections", axis: "axis" },
    defaults: { axis: 0 },
  },
  tile: { operation: "numpy.Tile", names: { multiples: "repeats" } },
  reverse: { operation: "numpy.Flip", names: { axis: "axis" } },
  "image.flip_left_right": { operation: "numpy.Flip", defaults: { axis: -2 } },
  "image.flip_up_down": { operation: "numpy.Flip", defaults: { axis: -3 } },
  pad: { operation: "numpy.Pad", names: padNames() },
  "compat.v1.pad": { operation: "numpy.Pad", names: padNames() },
  "compat.v1.gather": { operation: "numpy.Take", names: { indices: "indices", axis: "axis" }, defaults: { axis: 0 } },
  gather: { operation: "numpy.Take", names: { indices: "indices", axis: "axis" }, defaults: { axis: 0 } },
  zeros_like: ofElements("numpy.ZerosLike"),
  ones_like: ofElements("numpy.OnesLike"),
  stop_gradient: ofElements("core.StopGradient"),
  "__operators__.getitem": { operation: "numpy.GetItem", names: { slice_spec: "key" } },
  "nn.relu": activation("relu"),
  "nn.elu": activation("elu"),
  "nn.selu": activation("selu"),
  "nn.silu": activation("silu"),
  "nn.softsign": activation("softsign"),
  "nn.tanh": activation("tanh"),
  "nn.softplus": activation("softplus"),
  "math.softplus": activation("softplus"),
  "math.sigmoid": activation("sigmoid"),
  "nn.sigmoid": activation("sigmoid"),
  "nn.log_softmax": activation("log_softmax"),
  "nn.relu6": { layer: (_, name) => new ReLU({ name, maxValue: 6 }) },
  "nn.leaky_relu": {
    layer: (given, name) => new LeakyReLU({ name, negativeSlope: Number(given.get("alpha") ?? 0.2) }),
    takes: ["alpha"],
  },
  "nn.gelu": {
    layer: (given, name) => {
      const isApproximate = given.get("approximate") === true;
      return new Activation(isApproximate ? "approximate_gelu" : "gelu", { name });
    },
    takes: ["approximate"],
  },
  "nn.softmax": { layer: (given, name) => new Softmax({ name, axis: axis(given, -1) }), takes: ["axis"] },
  "nn.bias_add": { layer: biasAdd, takes: ["bias"] },
  "math.l2_normalize": { layer: normalization, takes: ["axis"] },
  "nn.l2_normalize": { layer: normalization, takes: ["axis"] },
  "nn.max_pool2d": pooling(MaxPooling2D),
  "nn.avg_pool2d": pooling(AveragePooling2D),
  "nn.max_pool": pooling(MaxPooling2D),
  "nn.avg_pool": pooling(AveragePooling2D),
  "math.add_n": { layer: (_, name) => new Add({ name }) },
  identity: { layer: (_, name) => new Identity({ name }) },
  "keras.backend.batch_flatten": { layer: (_, name) => new Flatten({ name }) },
  "image.resize": { layer: resizing, takes: ["size", "method", "antialias"] },
};

function padNames(): Readonly<Record<string, string>> {
  return { paddings: "pad_width", mode: "mode", constant_values: "constant_values" };
}

/** Arguments that change nothing when they have one of these values. */
const harmless: Readonly<Record<string, readonly unknown[]>> = {
  name: [],
  conjugate: [false],
  validate_indices: [],
  transpose_a: [false],
  transpose_b: [false],
  adjoint_a: [false],
  adjoint_b: [false],
  exclusive: [false],
  direction: ["ASCENDING"],
  on_value: [1],
  off_value: [0],
  batch_dims: [0],
  data_format: ["NHWC"],
  preserve_aspect_ratio: [false],
  epsilon: [1e-12],
  ord: ["euclidean"],
  output_type: [],
};

function shown(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value).slice(0, 200);
}

function unusable(name: string, expected: string, received: unknown): UsageError {
  return new UsageError(`Graft cannot read the argument "${name}" of this operation.`, {
    subject: name,
    expected,
    received: shown(received),
  });
}

/** What a node says: the first argument, and others by name. */
interface OldNode {
  readonly first: unknown;
  readonly given: Given;
}

const constantName = "_CONSTANT_VALUE";

const namedSchema = z.record(z.string(), z.unknown()).default({});

/**
 * Reads `["x", 0, 0, { "y": 2.0 }]`, a list of such for functions of lists, or `["_CONSTANT_VALUE", -1, 2.0, { "y": ["x", 0, 0] }]`.
 *
 * @throws FileError when this is no call
 */
function readNode(node: unknown): OldNode {
  const [head] = Array.isArray(node) ? (node as unknown[]) : [];
  const isOne = isReference(node) || head === constantName;
  const one: unknown = isOne ? node : head;
  const parts = Array.isArray(one) ? (one as unknown[]) : [];
  const named = namedSchema.safeParse(parts[3] ?? {});
  if (!Array.isArray(node) || parts.length < 3 || !named.success) {
    throw new FileError("A call of an operation cannot be read.", {
      subject: "inbound_nodes",
      expected: "a call as Keras 2 writes it",
      received: shown(node),
    });
  }
  const said = Object.entries(named.data).filter(([name, value]) => {
    if (value === null || value === undefined) return false;
    return !(harmless[name]?.includes(value) ?? false) && !(name in harmless && harmless[name]?.length === 0);
  });
  return { first: isOne ? (head === constantName ? parts[2] : node) : node, given: new Map(said) };
}

/** Arguments of operations that are computed with, rather than say how. */
const operands = ["x1", "x2", "indices", "condition"];

/** Reads arguments, with tensors by their numbers among the inputs. */
class ArgumentReader {
  readonly inputs: Reference[] = [];

  /** A tensor, a number, or an array, of a call in Keras 2's way. */
  read(value: unknown, name: string): Argument {
    if (isReference(value)) {
      const [layer, call, output] = value;
      return { kind: "input", index: this.inputs.push({ layer, call, output }) - 1 };
    }
    if (typeof value === "number" || typeof value === "string" || typeof value === "boolean") return value;
    if (name === "key") return this.key(value);
    if (Array.isArray(value)) {
      const tensors = (value as unknown[]).map((item): unknown => (isReference(item) ? item : undefined));
      if (tensors.length > 0 && tensors.every((item) => item !== undefined)) {
        return tensors.map((item) => this.read(item, name));
      }
      if (operands.includes(name)) return { kind: "array", data: arrayOf(value, name) };
      return (value as unknown[]).map((item) => this.read(item, name));
    }
    throw unusable(name, "tensors of the model, numbers, and lists of numbers", value);
  }

  /** Which parts of a tensor are taken. */
  private key(value: unknown): Argument {
    const one = (item: unknown): Argument => {
      if (item === null || typeof item === "number") return item;
      const slice = z
        .object({ start: z.number().nullable(), stop: z.number().nullable(), step: z.number().nullable() })
        .safeParse(item);
      if (slice.success) return { kind: "slice", ...slice.data };
      const ellipsis = z.looseObject({ class_name: z.literal("__ellipsis__") }).safeParse(item);
      if (ellipsis.success) return { kind: "ellipsis" };
      throw unusable("slice_spec", "numbers, slices, and ...", item);
    };
    return Array.isArray(value) ? value.map(one) : one(value);
  }
}

/** Nested lists of numbers. */
function arrayOf(value: readonly unknown[], name: string): TensorData {
  const dims: number[] = [];
  for (let part: unknown = value; Array.isArray(part); part = part[0] as unknown) dims.push(part.length);
  const numbers = z.array(z.number()).safeParse(value.flat(Infinity));
  if (!numbers.success || numbers.data.length !== dims.reduce((a, b) => a * b, 1)) {
    throw unusable(name, "an array of numbers", value);
  }
  if (name !== "indices") return float32(numbers.data, dims);
  return { type: "int32", dims, data: Int32Array.from(numbers.data) };
}

/** Options whose values are others in Keras 3. */
function modernValue(name: string, value: Argument): Argument {
  if (name === "mode" && typeof value === "string") return value.toLowerCase();
  // Here everything that holds fractions is float32.
  if (name === "dtype" && typeof value === "string") return /^(b?float16)$/.test(value) ? "float32" : value;
  return value;
}

/**
 * Reads a function of TensorFlow that Keras 2 wrote as a layer.
 *
 * @param config the layer's configuration, which names the function
 * @param name the layer's name
 * @param nodes its `inbound_nodes`
 * @throws UsageError for a function or an argument that Graft does not have
 * @throws FileError when a node is no call
 */
export function readOldOperation(config: unknown, name: string, nodes: readonly unknown[]): OldOperation {
  const called = z.looseObject({ function: z.string() }).safeParse(config);
  const title = called.success ? called.data.function : "?";
  const read = nodes.map(readNode);
  const [node = { first: undefined, given: new Map<string, unknown>() }] = read;
  const meaning = meaningOf(title, node.given);
  if (meaning === undefined) {
    throw new UsageError(`Graft does not have the function tf.${title}.`, {
      subject: title,
      expected: "arithmetic, reductions, reshaping, activations, or one of Keras's layers",
      received: `tf.${title}`,
      advice: "Replace it by one of Keras's layers, or export the model as ONNX and load that.",
    });
  }
  const ignored = "layer" in meaning ? [] : (meaning.ignored ?? []);
  const takes = "layer" in meaning ? (meaning.takes ?? []) : [...Object.keys(meaning.names ?? {}), ...ignored];
  const unknown = [...node.given.keys()].find((key) => !takes.includes(key));
  if (unknown !== undefined) {
    throw new UsageError(`Graft does not have an argument of tf.${title}.`, {
      subject: unknown,
      expected: takes.join(", ") || "tensors alone",
      received: `${unknown}: ${shown(node.given.get(unknown))}`,
    });
  }
  if (read.length > 1) throw unusable("inbound_nodes", "a function that is called once", nodes);
  const reader = new ArgumentReader();
  if ("layer" in meaning) {
    const layer = meaning.layer(node.given, name);
    reader.read(node.first, "x");
    for (const tensor of meaning.tensors ?? []) reader.read(node.given.get(tensor), tensor);
    return { layer, calls: [{ inputs: reader.inputs, training: undefined, told: {}, isOld: true }] };
  }
  const [module = "", className = ""] = meaning.operation.split(".");
  const first = reader.read(node.first, "x1");
  const said = [...node.given].filter(([key]) => !ignored.includes(key));
  const named = said.map(([key, value]): [string, Argument] => {
    const modern = meaning.names?.[key] ?? key;
    return [modern, modernValue(modern, reader.read(value, modern))];
  });
  const all = Object.fromEntries(named);
  if (title === "split") all["indices_or_sections"] = placesOfParts(all["indices_or_sections"] ?? 0);
  // What is padded with has a meaning for one way of padding only.
  const pads = className === "Pad" && ((all["mode"] ?? "constant") !== "constant" || all["constant_values"] === 0);
  if (pads) delete all["constant_values"];
  const call: Call = {
    inputs: reader.inputs,
    operands: [first],
    named: { ...meaning.defaults, ...all },
    training: undefined,
    told: {},
    isOld: true,
  };
  const layer = operationLayer({ module: `keras.src.ops.${module}`, className, name, config: {} }, [call]);
  return { layer, calls: [call] };
}

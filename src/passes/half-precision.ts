import { rebuild } from "../graph/rebuild.js";
import { constant, constantData, Node, type Value } from "../graph/value.js";
import { float32ToHalf, halfToFloat32 } from "../onnx/half.js";
import { elementCount, type TensorData } from "../onnx/tensor-data.js";
import { mul } from "../ops/elementwise.js";
import { cast } from "../ops/layout.js";

/** Operators that are worth half precision; those between them follow what they get. */
const heavy: ReadonlySet<string> = new Set(["Conv", "ConvTranspose", "MatMul", "Gemm"]);

/**
 * Operators that go on in float32: those that add up, square, raise or divide by what was added up, where half precision would overflow at
 * 65504 or lose what is small, and those whose parameters must be float32. They are cheap beside convolutions and products.
 */
const exact: ReadonlySet<string> = new Set([
  ...["ReduceSum", "ReduceMean", "ReduceSumSquare", "ReduceL1", "ReduceL2", "ReduceLogSum", "ReduceLogSumExp"],
  ...[
    "ReduceProd",
    "GlobalAveragePool",
    "AveragePool",
    "CumSum",
    "Pow",
    "Exp",
    "Log",
    "Sqrt",
    "Reciprocal",
    "Softplus",
  ],
  ...["Softmax", "LogSoftmax", "LayerNormalization", "InstanceNormalization", "GroupNormalization", "LpNormalization"],
  ...[
    "BatchNormalization",
    "Resize",
    "GridSample",
    "AffineGrid",
    "Range",
    "Erf",
    "Einsum",
    "OneHot",
    "ArgMax",
    "ArgMin",
  ],
]);

/** Constants of fewer numbers stay as they are where they are computed with in float32. */
const worthNarrowing = 1024;

/**
 * A graph that computes with half precision, and has its weights in it: half as large. Convolutions and products of maps, and what lies
 * between them, are of half precision. Sums, squares and exponentials, and all that works on rows of features, `[N, features]`, are float32:
 * that is little work, and there half precision would show. What is fed and what comes out keeps its type.
 *
 * @param values the graph's outputs, ready to run
 * @param begin where half precision begins: what comes before is left as it is
 * @param exact nodes that are computed in float32 in any case; their weights have two bytes
 * @returns the new value of each of them
 */
export function inHalfPrecision(
  values: readonly Value[],
  begin: Value,
  exact: ReadonlySet<Node> = new Set(),
): (value: Value) => Value {
  return narrowed(values, begin, exact).renewed;
}

/** The nodes that {@link inHalfPrecision} computes with half precision, in their order. */
export function halfNodes(values: readonly Value[], begin: Value, exact: ReadonlySet<Node> = new Set()): Node[] {
  return narrowed(values, begin, exact).nodes;
}

function narrowed(
  values: readonly Value[],
  begin: Value,
  staysExact: ReadonlySet<Node>,
): { readonly renewed: (value: Value) => Value; readonly nodes: Node[] } {
  const casts = new Map<Value, Value>();
  const narrow = (value: Value): Value => kept(casts, value, toHalf);
  const widened = new Map<Value, Value>();
  const exactly = (value: Value): Value =>
    value.type === "float16" ? kept(widened, value, (half) => cast(half, "float32")) : value;
  const short = new Map<Value, Value>();
  const behind = new Set<Value>([begin]);
  const nodes: Node[] = [];
  const renew = rebuild(values, new Map(), (node, inputs) => {
    if (!node.inputs.some((value) => value !== undefined && behind.has(value))) return undefined;
    node.outputs.forEach((value) => behind.add(value));
    const half = !staysExact.has(node) && isHalf(node, inputs);
    if (half) nodes.push(node);
    const given = inputs.map((value, index) => {
      if (value === undefined || node.inputs[index]?.type !== "float32") return value;
      if (half) return narrow(value);
      return exactly(heavy.has(node.op) ? kept(short, value, (weight) => shortWeight(weight, node, index)) : value);
    });
    const types = node.outputs.map(({ type, shape }) => ({
      type: half && type === "float32" ? ("float16" as const) : type,
      shape,
    }));
    return new Node(node.op, given, node.attributes, types, node.requiredOutputs).outputs;
  });
  return { renewed: (value) => exactly(renew(value)), nodes };
}

function kept(cache: Map<Value, Value>, value: Value, make: (value: Value) => Value): Value {
  const made = cache.get(value) ?? make(value);
  cache.set(value, made);
  return made;
}

function toHalf(value: Value): Value {
  if (value.type === "float16") return value;
  const tensor = constantData(value);
  if (tensor?.type !== "float32") return cast(value, "float16");
  const { dims, data } = tensor as TensorData<"float32">;
  return constant({ type: "float16", dims, data: float32ToHalf(data) });
}

/** Weights whose largest number lies between these lose nothing to the ends of half precision. */
const [leastLargest, mostLargest] = [2 ** -6, 2 ** 12];

/**
 * A large constant in two bytes, in front of what computes in float32. Weights of an output that are too small or too large for half precision are
 * multiplied by a power of two there, and divided by it where they are computed with.
 *
 * @param index which input of the node it is
 */
function shortWeight(value: Value, { op }: Node, index: number): Value {
  const tensor = constantData(value);
  if (tensor?.type !== "float32" || elementCount(tensor.dims) < worthNarrowing) return value;
  const { dims, data } = tensor as TensorData<"float32">;
  const axis = index !== 1 ? 0 : op === "Conv" ? 0 : op === "ConvTranspose" ? 1 : dims.length - 1;
  const channels = dims[axis] ?? 1;
  const inner = elementCount(dims.slice(axis + 1));
  const most = new Float32Array(channels);
  data.forEach((number, at) => {
    const channel = Math.floor(at / inner) % channels;
    most[channel] = Math.max(most[channel] ?? 0, Math.abs(number));
  });
  const scales = most.map((size) =>
    size === 0 || (size >= leastLargest && size <= mostLargest) ? 1 : 2 ** Math.floor(Math.log2(size)),
  );
  if (scales.every((scale) => scale === 1)) return cast(toHalf(value), "float32");
  const scaled = data.map((number, at) => number / (scales[Math.floor(at / inner) % channels] ?? 1));
  const shape = dims.map((extent, place) => (place === axis ? extent : 1));
  return mul(
    cast(constant({ type: "float16", dims, data: float32ToHalf(scaled) }), "float32"),
    constant({ type: "float32", dims: shape, data: scales }),
  );
}

/**
 * What a graph in half precision computes where nothing is more exact than that: each number that it makes is rounded, and what becomes too large for
 * half precision is infinite. (ONNX Runtime computes in float32 on processors, and rounds only some of them.)
 *
 * @param values outputs of {@link inHalfPrecision}
 * @returns the new value of each, in a graph that any runtime computes alike
 */
export function withHalvesRounded(values: readonly Value[]): (value: Value) => Value {
  const wide = new Map<Value, Value>();
  const widened = (value: Value): Value => {
    const tensor = constantData(value);
    if (tensor?.type !== "float16") return value;
    const { dims, data } = tensor as TensorData<"float16">;
    return kept(wide, value, () => constant({ type: "float32", dims, data: halfToFloat32(data) }));
  };
  const renew = rebuild(values, new Map(), (node, inputs) => {
    const given = inputs.map((value) => value && widened(value));
    const [x] = given;
    const [result] = node.outputs;
    if (node.op === "Cast" && x !== undefined && result !== undefined && result.type !== "float16") {
      return node.inputs[0]?.type === "float16" ? [result.type === "float32" ? x : cast(x, result.type)] : undefined;
    }
    if (node.op === "Cast" && x !== undefined && result?.type === "float16") return [rounded(x)];
    const halves = node.outputs.map(({ type }) => type === "float16");
    if (!halves.includes(true) && given.every((value, index) => value === inputs[index])) return undefined;
    const types = node.outputs.map(({ type, shape }) => ({
      type: type === "float16" ? ("float32" as const) : type,
      shape,
    }));
    const made = new Node(node.op, given, node.attributes, types, node.requiredOutputs).outputs;
    return made.map((value, index) => (halves[index] === true && !moving.has(node.op) ? rounded(value) : value));
  });
  return renew;
}

/** Operators whose results are numbers that went in. */
const moving: ReadonlySet<string> = new Set([
  ...[
    "Reshape",
    "Transpose",
    "Relu",
    "MaxPool",
    "Slice",
    "Split",
    "Concat",
    "Squeeze",
    "Unsqueeze",
    "Flatten",
    "Expand",
  ],
  ...["Gather", "Identity", "Pad"],
]);

function rounded(value: Value): Value {
  return cast(cast(value, "float16"), "float32");
}

/** @param inputs what the node has in the new graph */
function isHalf({ op, inputs: before, outputs }: Node, inputs: readonly (Value | undefined)[]): boolean {
  const [x, y] = before;
  const [result] = outputs;
  if (result?.type !== "float32" || exact.has(op) || (op === "Mul" && x === y)) return false;
  if (heavy.has(op)) return result.rank >= 3;
  return result.rank >= 3 && inputs.some((value) => value?.type === "float16" && constantData(value) === undefined);
}

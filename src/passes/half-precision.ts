import { rebuild } from "../graph/rebuild.js";
import { constant, constantData, Node, type Value } from "../graph/value.js";
import { float32ToHalf } from "../onnx/half.js";
import { elementCount, type TensorData } from "../onnx/tensor-data.js";
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
 * @returns the new value of each of them
 */
export function inHalfPrecision(values: readonly Value[], begin: Value): (value: Value) => Value {
  const casts = new Map<Value, Value>();
  const narrowed = (value: Value): Value => kept(casts, value, toHalf);
  const widened = new Map<Value, Value>();
  const exactly = (value: Value): Value =>
    value.type === "float16" ? kept(widened, value, (half) => cast(half, "float32")) : value;
  const behind = new Set<Value>([begin]);
  const renew = rebuild(values, new Map(), (node, inputs) => {
    if (!node.inputs.some((value) => value !== undefined && behind.has(value))) return undefined;
    node.outputs.forEach((value) => behind.add(value));
    const half = isHalf(node, inputs);
    const given = inputs.map((value, index) => {
      if (value === undefined || node.inputs[index]?.type !== "float32") return value;
      return half ? narrowed(value) : exactly(heavy.has(node.op) ? shortWeight(value, narrowed) : value);
    });
    const types = node.outputs.map(({ type, shape }) => ({
      type: half && type === "float32" ? ("float16" as const) : type,
      shape,
    }));
    return new Node(node.op, given, node.attributes, types, node.requiredOutputs).outputs;
  });
  return (value) => exactly(renew(value));
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

/** A large constant in half precision, in front of what computes in float32. */
function shortWeight(value: Value, narrowed: (value: Value) => Value): Value {
  const tensor = constantData(value);
  return tensor?.type === "float32" && elementCount(tensor.dims) >= worthNarrowing ? narrowed(value) : value;
}

/** @param inputs what the node has in the new graph */
function isHalf({ op, inputs: before, outputs }: Node, inputs: readonly (Value | undefined)[]): boolean {
  const [x, y] = before;
  const [result] = outputs;
  if (result?.type !== "float32" || exact.has(op) || (op === "Mul" && x === y)) return false;
  if (heavy.has(op)) return result.rank >= 3;
  return result.rank >= 3 && inputs.some((value) => value?.type === "float16" && constantData(value) === undefined);
}

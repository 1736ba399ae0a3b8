import { nodesInOrder, usesOf } from "../graph/graph.js";
import { rebuild } from "../graph/rebuild.js";
import { staticDim } from "../graph/shape.js";
import { constant, constantData, type Node, producer, type Value } from "../graph/value.js";
import { float32, type TensorData } from "../onnx/tensor-data.js";
import { mul } from "../ops/elementwise.js";
import { cast } from "../ops/layout.js";
import { maxPool } from "../ops/pooling.js";
import { dequantizeLinear, qLinearConv, quantizeLinear } from "../ops/quantization.js";
import { recreate } from "../ops/table.js";
import { roundedWeights } from "./rounded-weights.js";

/** How a value becomes one of 8 bits: `round(x / scale) + zeroPoint`, cut off at 0 and 255. */
export interface Quantization {
  readonly scale: number;
  /** In [0, 255]; real 0 is exact. */
  readonly zeroPoint: number;
}

/** The quantization that covers a range, which is widened to hold 0. */
export function covering(low: number, high: number): Quantization {
  const [from, to] = [Math.min(low, 0), Math.max(high, 0)];
  const scale = to > from ? (to - from) / 255 : 1;
  return { scale, zeroPoint: Math.round(-from / scale) };
}

/** Convolutions that can be computed in 8 bits: constant weights, two spatial axes. */
export function quantizableConvolutions(values: readonly Value[]): Node[] {
  return nodesInOrder(values).filter(
    ({ op, inputs: [x, w, b] }) =>
      op === "Conv" &&
      x?.type === "float32" &&
      constantData(w)?.dims.length === 4 &&
      (b === undefined || constantData(b) !== undefined),
  );
}

/** A rectifier that cutting off at the ends of the range does by the way: `Relu`, or `Clip` from 0. */
function isRectifier({ op, inputs: [, low] }: Node): boolean {
  return op === "Relu" || (op === "Clip" && Number(constantData(low)?.data[0] ?? Number.NaN) === 0);
}

/** What of a graph is computed in 8 bits, and which values must have a {@link Quantization} for it. */
export interface QuantizationPlan {
  readonly convolutions: ReadonlySet<Node>;
  /** For a convolution whose result goes through a rectifier and nowhere else: that rectifier's output. */
  readonly rectified: ReadonlyMap<Node, Value>;
  /** Sums of results in 8 bits. */
  readonly sums: ReadonlySet<Node>;
  /** Values that are rounded to 8 bits. */
  readonly points: ReadonlySet<Value>;
}

/**
 * Plans which values are rounded.
 *
 * @param values the graph's outputs; weights are plain constants
 * @param convolutions those to compute in 8 bits
 */
export function planQuantization(values: readonly Value[], convolutions: ReadonlySet<Node>): QuantizationPlan {
  const uses = usesOf(values);
  const rectified = new Map<Node, Value>();
  const order = nodesInOrder(values);
  for (const node of order) {
    const [x] = node.inputs;
    const source = x && producer(x);
    const [y] = node.outputs;
    if (source === undefined || y === undefined || !convolutions.has(source) || x === undefined || uses.get(x) !== 1)
      continue;
    if (isRectifier(node)) rectified.set(source, y);
  }
  const points = new Set<Value>();
  const sums = new Set<Node>();
  const inEightBits = new Set<Value>();
  for (const node of order) {
    const [y] = node.outputs;
    if (y === undefined) continue;
    if (convolutions.has(node)) {
      for (const value of [node.inputs[0], rectified.get(node) ?? y]) {
        if (value === undefined) continue;
        // Pooling takes the greatest of numbers that are rounded already.
        if (!inEightBits.has(value)) points.add(value);
        inEightBits.add(value);
      }
    } else if (node.op === "MaxPool" && node.inputs[0] !== undefined && inEightBits.has(node.inputs[0])) {
      inEightBits.add(y);
    } else if (node.op === "Add" && node.inputs.every((value) => value !== undefined && inEightBits.has(value))) {
      sums.add(node);
      points.add(y);
      inEightBits.add(y);
    }
  }
  return { convolutions, rectified, sums, points };
}

/** How the values of a plan are rounded. */
export interface Rounding {
  /** For each point of the plan. */
  readonly quantizationOf: (point: Value) => Quantization;
  /** Mean of each channel of a convolution's input over photos. */
  readonly meansOf: (input: Value) => Float32Array;
  /** The largest rounded weight, 127 unless the runtime adds inexactly then. */
  readonly levels: number;
  /** The largest rounded weight of convolutions that are computed in float32; default their weights stay as they are. */
  readonly levelsOfOthers?: number | undefined;
}

/** A value in 8 bits, beside the real numbers that it stands for. */
interface Rounded {
  readonly bits: Value;
  readonly quantization: Quantization;
}

function scalarOf(type: "float32" | "uint8", value: number): Value {
  return constant(
    type === "uint8"
      ? { type, dims: [], data: Uint8Array.of(value) }
      : { type, dims: [], data: Float32Array.of(value) },
  );
}

/**
 * Convolutions in 8 bits: `QLinearConv` with a scale for each output channel, with rectifiers and pooling between them; sums of
 * their results are rounded too, for ONNX Runtime to compute them in 8 bits. All else stays as it is.
 *
 * @param values the graph's outputs; weights are plain constants
 * @param rounding how values and weights are rounded
 */
export function quantizeConvolutions(
  values: readonly Value[],
  { convolutions, rectified, sums }: QuantizationPlan,
  { quantizationOf, meansOf, levels, levelsOfOthers }: Rounding,
): Value[] {
  const others = new Set(levelsOfOthers === undefined ? [] : quantizableConvolutions(values));
  /** By the value that stands for it in the new graph. */
  const rounded = new Map<Value, Rounded>();
  const real = (bits: Value, quantization: Quantization): Value => {
    const { scale, zeroPoint } = quantization;
    const value = dequantizeLinear(bits, scalarOf("float32", scale), scalarOf("uint8", zeroPoint));
    rounded.set(value, { bits, quantization });
    return value;
  };
  const round = (value: Value, old: Value): Rounded => {
    const known = rounded.get(value);
    if (known !== undefined) return known;
    const quantization = quantizationOf(old);
    const { scale, zeroPoint } = quantization;
    return { bits: quantizeLinear(value, scalarOf("float32", scale), scalarOf("uint8", zeroPoint)), quantization };
  };
  /**
   * What a convolution in float32 takes. Between a DequantizeLinear with one scale and a QuantizeLinear, ONNX Runtime 1.30 rounds its weights with one
   * scale for all of them, unasked (its WeightBiasQuantization), however much that costs: with the same scale for each channel it does not.
   */
  const apart = new Map<Value, Value>();
  const forFloat32 = (value: Value): Value => {
    const known = rounded.get(value);
    if (known === undefined) return value;
    const { bits, quantization } = known;
    const channels = staticDim(value.shape, 1, "Conv");
    const scales = constant(float32(new Float32Array(channels).fill(quantization.scale), [channels]));
    const zeroPoints = constant({
      type: "uint8",
      dims: [channels],
      data: new Uint8Array(channels).fill(quantization.zeroPoint),
    });
    const own = apart.get(value) ?? dequantizeLinear(bits, scales, zeroPoints, { axis: 1 });
    apart.set(value, own);
    return own;
  };
  const absorbed = new Map<Value, Node>([...rectified].map(([node, value]) => [value, node]));
  const renew = rebuild(values, new Map(), (node, inputs) => {
    const [x] = inputs;
    const [old] = node.inputs;
    const [y] = node.outputs;
    if (x === undefined || old === undefined || y === undefined) return undefined;
    if (convolutions.has(node)) {
      const source = round(x, old);
      const target = quantizationOf(rectified.get(node) ?? y);
      return [real(inEightBits(recreate(node, inputs), source, target, { means: meansOf(old), levels }), target)];
    }
    if (node.op === "Conv") {
      const taken = [forFloat32(x), ...inputs.slice(1)];
      if (!others.has(node)) return recreate(node, taken).outputs;
      return withSmallWeights(node, taken, meansOf(old), levelsOfOthers ?? levels).outputs;
    }
    if (absorbed.has(y)) return [x];
    const known = rounded.get(x);
    if (node.op === "MaxPool" && known !== undefined) {
      const plain = Object.fromEntries(
        Object.entries(node.attributes).map(([name, { value }]) => [name, value as never]),
      );
      const pooled = maxPool(known.bits, plain as unknown as Parameters<typeof maxPool>[1]);
      return [real(pooled, known.quantization), ...node.outputs.slice(1)];
    }
    if (sums.has(node)) {
      const sum = recreate(node, inputs).outputs[0] ?? y;
      const { bits, quantization } = round(sum, y);
      return [real(bits, quantization)];
    }
    return undefined;
  });
  return values.map(renew);
}

/** Weights of 8 bits, and the bias with them. */
interface RoundedConvolution {
  readonly dims: readonly number[];
  readonly bits: Int8Array;
  /** What one step is worth, for each output channel. */
  readonly scales: Float32Array;
  /** For each output channel: rounding the weights moves its mean, and this takes it back. */
  readonly bias: Float64Array;
}

/** @param means of each channel of the input, over photos */
function roundedConvolution({ inputs: [, w, b] }: Node, means: Float32Array, levels: number): RoundedConvolution {
  const { dims, data } = constantData(w) as TensorData<"float32">;
  const before = b === undefined ? undefined : (constantData(b)?.data as Float32Array | undefined);
  const [outputs = 0, depth = 1, ...kernel] = dims;
  const size = data.length / outputs;
  const { bits, scales } = roundedWeights(data, outputs, levels);
  const taps = kernel.reduce((product, extent) => product * extent, 1);
  const groups = means.length / depth;
  const bias = Float64Array.from({ length: outputs }, (_, channel) => {
    const scale = scales[channel] ?? 1;
    const first = Math.floor((channel * groups) / outputs) * depth;
    let moved = 0;
    for (let index = 0; index < size; index++) {
      const at = channel * size + index;
      moved += ((bits[at] ?? 0) * scale - (data[at] ?? 0)) * (means[first + Math.floor(index / taps)] ?? 0);
    }
    return (before?.[channel] ?? 0) - moved;
  });
  return { dims, bits, scales, bias };
}

/**
 * A convolution in float32 whose weights are 8 bits in the file, with a scale for each output channel: the engine makes numbers of them when it opens
 * it. (As DequantizeLinear it would take them for a convolution in 8 bits, and compute it so.)
 */
function withSmallWeights(node: Node, [x]: Node["inputs"], means: Float32Array, levels: number): Node {
  const { dims, bits, scales, bias } = roundedConvolution(node, means, levels);
  const [outputs = 0, ...others] = dims;
  const weight = mul(
    cast(constant({ type: "int8", dims, data: bits }), "float32"),
    constant(float32(scales, [outputs, ...others.map(() => 1)])),
  );
  return recreate(node, [x, weight, constant(float32(Float32Array.from(bias), [outputs]))]);
}

function inEightBits(
  node: Node,
  source: Rounded,
  target: Quantization,
  { means, levels }: { readonly means: Float32Array; readonly levels: number },
): Value {
  const { dims, bits, scales, bias } = roundedConvolution(node, means, levels);
  const [outputs = 0] = dims;
  const sums = Int32Array.from(bias, (value, channel) =>
    Math.round(value / (source.quantization.scale * (scales[channel] ?? 1))),
  );
  const plain = Object.fromEntries(Object.entries(node.attributes).map(([name, { value }]) => [name, value as never]));
  return qLinearConv(
    source.bits,
    scalarOf("float32", source.quantization.scale),
    scalarOf("uint8", source.quantization.zeroPoint),
    constant({ type: "int8", dims, data: bits }),
    constant(float32(scales, [outputs])),
    constant({ type: "int8", dims: [outputs], data: new Int8Array(outputs) }),
    scalarOf("float32", target.scale),
    scalarOf("uint8", target.zeroPoint),
    constant({ type: "int32", dims: [outputs], data: sums }),
    plain,
  );
}

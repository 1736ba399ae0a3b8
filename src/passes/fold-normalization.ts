import { usesOf } from "../graph/graph.js";
import { rebuild } from "../graph/rebuild.js";
import { constant, constantData, type Node, producer, type Value } from "../graph/value.js";
import { float32, type TensorData } from "../onnx/tensor-data.js";
import { recreate } from "../ops/table.js";

function numbers(value: Value | undefined): Float32Array | undefined {
  const data = constantData(value);
  return data?.type === "float32" ? (data.data as Float32Array) : undefined;
}

/**
 * Batch normalization with constant statistics behind a convolution with constant weights, as part of these:
 * `w · γ / √(σ² + ε)` and `(b - μ) γ / √(σ² + ε) + β`.
 *
 * @param values the graph's outputs; weights are plain constants
 */
export function foldNormalization(values: readonly Value[]): Value[] {
  const uses = usesOf(values);
  const renew = rebuild(values, new Map(), (node, inputs) => {
    const [old] = node.inputs;
    const [x, ...parameters] = inputs;
    if (node.op !== "BatchNormalization" || old === undefined || x === undefined || uses.get(old) !== 1)
      return undefined;
    const source = producer(x);
    return source?.op === "Conv" ? folded(source, parameters, node) : undefined;
  });
  return values.map(renew);
}

function folded(conv: Node, parameters: readonly (Value | undefined)[], node: Node): readonly Value[] | undefined {
  const [x, w, b] = conv.inputs;
  const weight = constantData(w) as TensorData<"float32"> | undefined;
  const [scale, shift, mean, variance] = parameters.map(numbers);
  const bias = b === undefined ? undefined : numbers(b);
  if (weight?.type !== "float32" || !scale || !shift || !mean || !variance || (b !== undefined && !bias))
    return undefined;
  const epsilon = node.attributes["epsilon"];
  const added = epsilon?.type === "float" ? epsilon.value : 1e-5;
  const factors = scale.map((factor, channel) => factor / Math.sqrt((variance[channel] ?? 0) + added));
  const size = weight.data.length / factors.length;
  const scaled = weight.data.map((value, index) => value * (factors[Math.floor(index / size)] ?? 0));
  const moved = shift.map(
    (value, channel) => value + ((bias?.[channel] ?? 0) - (mean[channel] ?? 0)) * (factors[channel] ?? 0),
  );
  return recreate(conv, [x, constant(float32(scaled, weight.dims)), constant(float32(moved, [moved.length]))]).outputs;
}

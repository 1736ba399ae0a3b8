import type { Node, Value } from "../../../graph/value.js";
import { float32, type TensorData } from "../../../onnx/tensor-data.js";
import { identity, isIdentity } from "../affine.js";
import type { LayerBuilder, Placed } from "../layer-builder.js";
import { alike, channelAxis } from "./elementwise.js";
import { attributesOf, inputOf, outputOf, type Rules } from "./rule.js";

function transpose(node: Node, build: LayerBuilder): void {
  const value = inputOf(node);
  const placed = build.input(node);
  const { perm = value.shape.map((_, axis) => value.rank - 1 - axis) } = attributesOf<{ perm: readonly number[] }>(
    node,
  );
  const output = outputOf(node);
  if (placed.form === "channels-last" && perm.join() === "0,2,3,1") {
    build.place(output, { ...placed, form: "same" });
  } else if (placed.form === "same" && perm.join() === "0,3,1,2") {
    build.place(output, { ...placed, form: "channels-last" });
  } else if (placed.form === "same" && perm[0] === 0) {
    const layer = build.add("Permute", [build.ready(placed)], { dims: perm.slice(1) });
    build.place(output, { layer, form: "same" });
  } else throw build.refusal(node, `axes in the order ${perm.join(", ")}`);
}

/** Extents behind the first, where the first stays as it is. */
function shapeWithoutBatch({ shape }: Value): readonly number[] | undefined {
  const [, ...others] = shape;
  return others.every((size) => typeof size === "number") ? others : undefined;
}

/** Whatever gives the same numbers in the same order under another shape. */
function reshape(node: Node, build: LayerBuilder): void {
  const value = inputOf(node);
  const placed = build.input(node);
  const output = outputOf(node);
  const shape = shapeWithoutBatch(output);
  const before = shapeWithoutBatch(value);
  if (shape === undefined || before === undefined || output.shape[0] !== value.shape[0]) {
    throw build.refusal(node, "a shape in which photos are not the first axis");
  }
  if (shape.join() === before.join()) {
    build.place(output, placed);
    return;
  }
  const isVector = shape.length === 1;
  const [channels = 1, rows = 1, columns = 1] = before;
  if (placed.form === "pooled") {
    if (isVector) build.place(output, { ...placed, form: "same" });
    else build.place(output, reshaped(build, build.ready(placed), shape));
    return;
  }
  if (placed.form === "same" && before.length === 1 && shape.join() === `${channels},1,1`) {
    build.place(output, { ...placed, form: "pooled" });
    return;
  }
  const ready = build.ready(placed);
  if (placed.form === "same") build.place(output, reshaped(build, ready, shape));
  else if (rows * columns === 1) build.place(output, reshaped(build, ready, shape));
  // In the order of the graph, in which channels come first.
  else build.place(output, reshaped(build, build.add("Permute", [ready], { dims: [3, 1, 2] }), shape));
}

function reshaped(build: LayerBuilder, layer: string, shape: readonly number[]): Placed {
  const made =
    shape.length === 1 ? build.add("Flatten", [layer]) : build.add("Reshape", [layer], { target_shape: shape });
  return { layer: made, form: "same" };
}

function concat(node: Node, build: LayerBuilder): void {
  const value = inputOf(node);
  // Exporters write it of one part, too, which no layer takes.
  if (node.inputs.length === 1) {
    build.place(outputOf(node), build.input(node));
    return;
  }
  const { axis = 0 } = attributesOf<{ axis: number }>(node);
  const { layers, form } = alike(node, build);
  const own = (axis + value.rank) % value.rank;
  const isLast = own === channelAxis(value, { layer: "", form });
  if (own === 0 || (form !== "same" && !isLast))
    throw build.refusal(node, `parts one behind the other along axis ${own}`);
  build.place(outputOf(node), { layer: build.add("Concatenate", layers, { axis: isLast ? -1 : own }), form });
}

/** `[rows, columns]` to `[columns, rows]`. */
function turned({ data, dims: [rows = 1, columns = 1] }: TensorData<"float32">): TensorData<"float32"> {
  const result = new Float32Array(data.length);
  for (const [index, value] of data.entries()) result[(index % columns) * rows + Math.floor(index / columns)] = value;
  return float32(result, [columns, rows]);
}

/** A product with a matrix of weights. What is still to be done to the channels before goes into them. */
function dense(node: Node, build: LayerBuilder, kernel: TensorData<"float32">, bias?: TensorData<"float32">): void {
  const placed = build.input(node);
  if (placed.form !== "same" || kernel.dims.length !== 2) throw build.refusal(node, "a product of other shapes");
  const [features = 1, units = 1] = kernel.dims;
  const affine = placed.affine ?? identity(features);
  const data = new Float32Array(kernel.data.length);
  const summed = Float64Array.from({ length: units }, (_, unit) => bias?.data[unit % bias.data.length] ?? 0);
  for (const [index, value] of kernel.data.entries()) {
    const feature = Math.floor(index / units);
    data[index] = value * (affine.scale[feature] ?? 1);
    summed[index % units] = (summed[index % units] ?? 0) + value * (affine.offset[feature] ?? 0);
  }
  const isPlain = isIdentity(affine) && bias === undefined;
  const layer = build.add("Dense", [placed.layer], { units, use_bias: !isPlain }, [
    { name: "kernel", tensor: float32(data, [features, units]) },
    ...(isPlain ? [] : [{ name: "bias", tensor: float32(Float32Array.from(summed), [units]) }]),
  ]);
  build.place(outputOf(node), { layer, form: "same" });
}

function matmul(node: Node, build: LayerBuilder): void {
  if (build.at(node.inputs[1]) !== undefined) throw build.refusal(node, "a product of two things that are computed");
  dense(node, build, build.weight(node, 1));
}

function gemm(node: Node, build: LayerBuilder): void {
  const { alpha = 1, beta = 1, transA = 0, transB = 0 } = attributesOf<Record<string, number>>(node);
  if (alpha !== 1 || beta !== 1 || transA !== 0) throw build.refusal(node, "a product with factors");
  const kernel = build.weight(node, 1);
  dense(node, build, transB === 1 ? turned(kernel) : kernel, build.optionalWeight(node, 2));
}

/** Operators of shapes, and products with matrices. */
export const shapes: Rules = {
  Transpose: transpose,
  Reshape: reshape,
  Flatten: reshape,
  Squeeze: reshape,
  Unsqueeze: reshape,
  Concat: concat,
  MatMul: matmul,
  Gemm: gemm,
};

import { constantData, type Node, type Value } from "../../../graph/value.js";
import { float32 } from "../../../onnx/tensor-data.js";
import { identity } from "../affine.js";
import { extent, type LayerBuilder } from "../layer-builder.js";
import { channelAxis } from "./elementwise.js";
import { attributesOf, inputOf, outputOf, type Rules } from "./rule.js";

/** Whole numbers that a node takes as a constant; `undefined` where it takes none there. */
function integersAt(node: Node, build: LayerBuilder, index: number): readonly number[] | undefined {
  if (node.inputs[index] === undefined) return undefined;
  const tensor = constantData(node.inputs[index]);
  if (tensor === undefined) throw build.refusal(node, "places that are computed");
  return Array.from(tensor.data as ArrayLike<number | bigint>, Number);
}

/**
 * Some of what is along an axis of a value. Layers have no such thing: a convolution of single pixels, or a product, takes each of them once and
 * nothing of the others. What is still to be done to channels goes into it. An axis that is not the last one of the layer becomes that meanwhile.
 *
 * @param taken the number of what each new one is
 */
function select(node: Node, build: LayerBuilder, axis: number, taken: readonly number[], output: Value): void {
  const value = inputOf(node);
  const placed = build.input(node);
  const isLast = axis === channelAxis(value, placed);
  if (axis < 1 || (placed.form !== "same" && !isLast)) throw build.refusal(node, `parts of axis ${axis}`);
  const size = extent(value.shape[axis]);
  const { scale, offset } = (isLast ? placed.affine : undefined) ?? identity(size);
  const count = taken.length;
  const data = new Float32Array(size * count);
  for (const [to, from] of taken.entries()) data[from * count + to] = scale[from] ?? 1;
  const isPicture = placed.form === "channels-last";
  const bias = Float32Array.from(taken, (from) => offset[from] ?? 0);
  const isPlain = bias.every((summand) => summand === 0);
  // The two axes in each other's place.
  const dims = range(1, value.rank - 1).map((one) =>
    one === axis ? value.rank - 1 : one === value.rank - 1 ? axis : one,
  );
  const layer = build.add(
    isPicture ? "Conv2D" : "Dense",
    [isLast ? placed.layer : build.add("Permute", [build.ready(placed)], { dims })],
    { ...(isPicture ? { filters: count, kernel_size: [1, 1] } : { units: count }), use_bias: !isPlain },
    [
      { name: "kernel", tensor: float32(data, isPicture ? [1, 1, size, count] : [size, count]) },
      ...(isPlain ? [] : [{ name: "bias", tensor: float32(bias, [count]) }]),
    ],
  );
  build.place(output, { layer: isLast ? layer : build.add("Permute", [layer], { dims }), form: placed.form });
}

/** `count` numbers from `start` on. */
const range = (start: number, count: number, step = 1): readonly number[] =>
  Array.from({ length: count }, (_, index) => start + index * step);

/** The axis that a node cuts. */
function axisOf(node: Node): number {
  const { axis = 0 } = attributesOf<{ axis: number }>(node);
  return axis < 0 ? axis + inputOf(node).rank : axis;
}

function split(node: Node, build: LayerBuilder): void {
  const axis = axisOf(node);
  let start = 0;
  for (const output of node.outputs) {
    const count = extent(output.shape[axis]);
    if (build.isUsed(output)) select(node, build, axis, range(start, count), output);
    start += count;
  }
}

function slice(node: Node, build: LayerBuilder): void {
  const value = inputOf(node);
  const output = outputOf(node);
  const placed = build.input(node);
  const starts = integersAt(node, build, 1) ?? [];
  const axes = integersAt(node, build, 3) ?? range(0, starts.length);
  const steps = integersAt(node, build, 4);
  // Exporters also name axes of which they take everything.
  const cuts = starts.flatMap((from, index) => {
    const [named = 0, step] = [axes[index], steps?.[index] ?? 1];
    const axis = named < 0 ? named + value.rank : named;
    if (value.shape[axis] === output.shape[axis] && step === 1) return [];
    const size = extent(value.shape[axis]);
    const start = Math.min(Math.max(from < 0 ? from + size : from, 0), step > 0 ? size : size - 1);
    return [{ axis, start, step, count: extent(output.shape[axis]) }];
  });
  if (cuts.length === 0) {
    build.place(output, placed);
    return;
  }
  const isOfPlaces = placed.form === "channels-last" && cuts.every(({ axis, step }) => axis >= 2 && step === 1);
  if (!isOfPlaces) {
    const [first, ...others] = cuts;
    if (first === undefined || others.length > 0) throw build.refusal(node, "parts of several axes at once");
    select(node, build, first.axis, range(first.start, first.count, first.step), output);
    return;
  }
  const cropping = [2, 3].map((axis) => {
    const cut = cuts.find((one) => one.axis === axis);
    return cut === undefined ? [0, 0] : [cut.start, extent(value.shape[axis]) - cut.start - cut.count];
  });
  build.place(output, { ...placed, layer: build.add("Cropping2D", [placed.layer], { cropping }) });
}

function gather(node: Node, build: LayerBuilder): void {
  const value = inputOf(node);
  const axis = axisOf(node);
  const taken = integersAt(node, build, 1) ?? [];
  if (node.inputs[1]?.rank !== 1) throw build.refusal(node, "what has other axes than before");
  const size = extent(value.shape[axis]);
  const numbers = taken.map((index) => (index < 0 ? index + size : index));
  select(node, build, axis, numbers, outputOf(node));
}

/** Operators that take parts of a value. */
export const parts: Rules = { Slice: slice, Split: split, Gather: gather };

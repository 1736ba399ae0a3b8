import { nodesInOrder } from "../../graph/graph.js";
import type { Node, Value } from "../../graph/value.js";
import { batchPlace } from "../../passes/batch-place.js";

/** Operators that make of sizes other sizes, or the same numbers for every sample. */
const ofSizes: ReadonlySet<string> = new Set(
  "Shape Gather Slice Concat Squeeze Unsqueeze Reshape Cast Add Sub Mul Div ConstantOfShape Expand".split(" "),
);

/**
 * The freeze boundary: the last values, on the way from the data to the outputs, that no trainable weight reaches.
 *
 * What lies before it gives the same numbers for the same sample at every step, so it can be computed apart from the
 * step, once a sample, and kept. Three things make a value belong behind the boundary: a trainable weight reaches it,
 * random numbers reach it, or it mixes samples of the batch (as batch statistics do). A value whose samples are not its first axis, as
 * those of attention are not, cannot be kept sample by sample: where one is needed, it is computed again from the last that can.
 *
 * @param outputs what the training step needs of the model
 * @param data the model's inputs; their first axis is the batch
 * @param moving values that change from step to step: trainable weights and random numbers
 * @returns the values at the boundary; the data itself where everything is trainable
 */
export function freezeBoundary(outputs: readonly Value[], data: readonly Value[], moving: Iterable<Value>): Value[] {
  const batch = data[0]?.shape[0] ?? 1;
  const behind = new Set<Value>(moving);
  /** On which axis the samples of a value stand that comes from the data and is not behind. */
  const places = new Map<Value, number>(data.map((value) => [value, 0]));
  /** What depends on how many samples there are, but on no sample: a class token spread over them. */
  const sized = new Set<Value>();
  const nodes = nodesInOrder(outputs);
  for (const node of nodes) {
    const some = (values: { has: (value: Value) => boolean }): boolean =>
      node.inputs.some((value) => value !== undefined && values.has(value));
    const moves = some(behind);
    if (!moves && (node.op === "Shape" ? some(places) : !some(places) && some(sized) && ofSizes.has(node.op))) {
      for (const output of node.outputs) sized.add(output);
      continue;
    }
    const touched = some(places) || some(sized);
    const place = moves || !some(places) ? undefined : batchPlace(node, (value) => places.get(value), batch);
    for (const output of node.outputs) {
      if (place !== undefined) places.set(output, place);
      else if (moves || touched) behind.add(output);
    }
  }
  const canBeKept = (value: Value): boolean => places.get(value) === 0 && value.shape[0] === batch;
  const needed = new Set<Value>(outputs);
  const computed = new Set<Node>();
  for (const node of nodes.toReversed()) {
    const again = node.outputs.some(
      (value) => needed.has(value) && (sized.has(value) || (places.has(value) && !canBeKept(value))),
    );
    if (!again && !node.outputs.some((value) => behind.has(value))) continue;
    computed.add(node);
    for (const value of node.inputs) if (value !== undefined) needed.add(value);
  }
  const made = new Set(nodes.filter((node) => computed.has(node)).flatMap((node) => node.outputs));
  const used = [...nodes.filter((node) => computed.has(node)).flatMap(({ inputs }) => inputs), ...outputs];
  return [
    ...new Set(
      used.filter(
        (value): value is Value => value !== undefined && canBeKept(value) && !behind.has(value) && !made.has(value),
      ),
    ),
  ];
}

import { nodesInOrder } from "../../graph/graph.js";
import type { Value } from "../../graph/value.js";

/**
 * The freeze boundary: the last values, on the way from the data to the outputs, that no trainable weight reaches.
 *
 * What lies before it gives the same numbers for the same sample at every step, so it can be computed apart from the
 * step, once a sample, and kept. Three things make a value belong behind the boundary: a trainable weight reaches it,
 * random numbers reach it, or it mixes samples of the batch (as batch statistics do).
 *
 * @param outputs what the training step needs of the model
 * @param data the model's inputs; their first axis is the batch
 * @param moving values that change from step to step: trainable weights and random numbers
 * @returns the values at the boundary; the data itself where everything is trainable
 */
export function freezeBoundary(outputs: readonly Value[], data: readonly Value[], moving: Iterable<Value>): Value[] {
  const behind = new Set<Value>(moving);
  const fromData = new Set<Value>(data);
  const batch = data[0]?.shape[0];
  const boundary = new Set<Value>();
  const cross = (value: Value | undefined): void => {
    if (value !== undefined && fromData.has(value) && !behind.has(value)) boundary.add(value);
  };
  for (const node of nodesInOrder(outputs)) {
    const touched = node.inputs.some((value) => value !== undefined && fromData.has(value));
    const moves = node.inputs.some((value) => value !== undefined && behind.has(value));
    const mixes = touched && node.outputs.some(({ shape }) => shape[0] !== batch);
    for (const output of node.outputs) {
      if (touched) fromData.add(output);
      if (moves || mixes) behind.add(output);
    }
    if (moves || mixes) node.inputs.forEach(cross);
  }
  outputs.forEach(cross);
  return [...boundary];
}

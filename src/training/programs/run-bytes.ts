import { nodesInOrder } from "../../graph/graph.js";
import type { Value } from "../../graph/value.js";
import { greatest } from "../../onnx/extremes.js";

/** Values of this size that a run keeps at a time: inputs, outputs and what a convolution lays out for its products. */
const atATime = 4;

/**
 * About the memory that a run of a graph takes beside its weights, in bytes: a few of its largest values.
 *
 * @param outputs of the graph, float32
 * @param batchSize what extents stand for that are known only when it runs
 */
export function runBytes(outputs: readonly Value[], batchSize: number): number {
  const sizes = nodesInOrder(outputs)
    .flatMap(({ outputs: values }) => values)
    .map(({ shape }) => shape.reduce<number>((size, dim) => size * (typeof dim === "number" ? dim : batchSize), 4));
  return atATime * greatest(sizes, 0);
}

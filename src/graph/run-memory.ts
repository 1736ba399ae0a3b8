import { allocate } from "../onnx/tensor-data.js";
import { inputsOf, nodesInOrder } from "./graph.js";
import type { Shape } from "./shape.js";
import type { Node, Value } from "./value.js";

/** What running a graph takes beside its weights. */
export interface RunMemory {
  /** Bytes of the values that are there at the same time, at the moment when they are most. */
  readonly bytes: number;
  /** What is computed at that moment; `undefined` where it is the inputs alone. */
  readonly node: Node | undefined;
}

/** The number of elements of a shape such as `[N, 3, 12*N]`. */
function elements(shape: Shape, extentOf: (symbol: string) => number): number {
  const extent = (part: string): number => (/^\d+$/.test(part) ? Number(part) : extentOf(part));
  return shape.reduce<number>((size, dim) => {
    const own = typeof dim === "number" ? dim : dim.split("*").reduce((product, part) => product * extent(part), 1);
    return size * own;
  }, 1);
}

/**
 * About the memory that a run of a graph takes: each value is there from where it is computed to where it is used last, and inputs
 * are there to the end. What an operator needs for itself is not counted.
 *
 * @param extentOf what the name of an open extent stands for, such as 32 for `"N"`
 */
export function runMemory(outputs: readonly Value[], extentOf: (symbol: string) => number): RunMemory {
  const order = nodesInOrder(outputs);
  const bytes = (value: Value): number => elements(value.shape, extentOf) * allocate(value.type, 0).BYTES_PER_ELEMENT;
  const lastUse = new Map<Value, Node>();
  for (const node of order) for (const value of node.inputs) if (value !== undefined) lastUse.set(value, node);
  const kept = new Set(outputs);
  let live = inputsOf(outputs).reduce((sum, value) => sum + bytes(value), 0);
  let most: RunMemory = { bytes: live, node: undefined };
  for (const node of order) {
    for (const value of node.outputs) live += bytes(value);
    if (live > most.bytes) most = { bytes: live, node };
    for (const value of node.outputs) if (!lastUse.has(value) && !kept.has(value)) live -= bytes(value);
    for (const value of new Set(node.inputs)) {
      if (value?.source.kind !== "node" || lastUse.get(value) !== node || kept.has(value)) continue;
      live -= bytes(value);
    }
  }
  return most;
}

import { nodesInOrder } from "./graph.js";
import type { Node, Value } from "./value.js";

/** What a rebuild puts in the place of a node: one value an output. */
export type Replace = (node: Node, inputs: readonly (Value | undefined)[]) => readonly Value[] | undefined;

/**
 * Copies a graph with changes, and gives the new value of every old one that was reached.
 *
 * @param outputs the values whose graph is copied
 * @param substitutes values to put in the place of others before anything else
 * @param replace what to put in the place of a node, given its new inputs; `undefined` keeps the node
 */
export function rebuild(
  outputs: Iterable<Value>,
  substitutes: ReadonlyMap<Value, Value>,
  replace: Replace = () => undefined,
): (value: Value) => Value {
  const renewed = new Map<Value, Value>(substitutes);
  const renew = (value: Value): Value => renewed.get(value) ?? value;
  for (const node of nodesInOrder(outputs, new Set(substitutes.keys()))) {
    const inputs = node.inputs.map((value) => (value === undefined ? undefined : renew(value)));
    const unchanged = inputs.every((value, index) => value === node.inputs[index]);
    const replaced = replace(node, inputs) ?? (unchanged ? node : node.withInputs(inputs)).outputs;
    node.outputs.forEach((output, index) => {
      const value = replaced[index];
      if (value !== undefined && !substitutes.has(output)) renewed.set(output, value);
    });
  }
  return renew;
}

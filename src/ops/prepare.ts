import type { Outputs } from "../graph/graph.js";
import { rebuild } from "../graph/rebuild.js";
import { shareEqualSubgraphs } from "../graph/share.js";
import { rowOf } from "./table.js";

/**
 * Makes a graph ready to run: expands operators that no runtime has, then computes equal sub-graphs once.
 *
 * @param outputs the graph's outputs by name
 */
export function prepare(outputs: Outputs): Outputs {
  const values = Object.values(outputs);
  const expanded = rebuild(values, new Map(), (node, inputs) => {
    const { expand, create } = rowOf(node.op);
    if (expand === undefined) return undefined;
    const plain = Object.fromEntries(Object.entries(node.attributes).map(([name, { value }]) => [name, value]));
    return [expand(create(inputs, plain))];
  });
  const shared = shareEqualSubgraphs(values.map(expanded));
  return Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, shared(expanded(value))]));
}

import type { Outputs } from "../graph/graph.js";
import { rebuild } from "../graph/rebuild.js";
import { shareEqualSubgraphs } from "../graph/share.js";
import { recreate, rowOf } from "../ops/table.js";
import { withKeptMargins } from "./kept-margins.js";
import { transposeMerged } from "./merge-axes.js";

/**
 * Makes a graph ready to run: expands operators that no runtime has, merges axes that Transposes move together, keeps
 * ONNX Runtime from a mistake, then computes equal sub-graphs once.
 *
 * @param outputs the graph's outputs by name
 * @param anySize whether the graph must go on computing the same for other sizes than those that it was written for: axes that
 * are merged are counted
 */
export function prepare(outputs: Outputs, anySize = false): Outputs {
  const values = Object.values(outputs);
  const expanded = rebuild(values, new Map(), (node, inputs) => {
    const [x] = inputs;
    const perm = node.attributes["perm"];
    if (!anySize && node.op === "Transpose" && x !== undefined && perm?.type === "ints") {
      const merged = transposeMerged(x, perm.value);
      return merged === undefined ? undefined : [merged];
    }
    if (node.op === "MaxPool") return withKeptMargins(recreate(node, inputs))?.outputs;
    const { expand } = rowOf(node.op);
    return expand === undefined ? undefined : [expand(recreate(node, inputs))];
  });
  const shared = shareEqualSubgraphs(values.map(expanded));
  return Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, shared(expanded(value))]));
}

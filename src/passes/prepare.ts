import type { Outputs } from "../graph/graph.js";
import { rebuild } from "../graph/rebuild.js";
import type { Shape } from "../graph/shape.js";
import { shareEqualSubgraphs } from "../graph/share.js";
import { producer, type Value } from "../graph/value.js";
import { canReshape, reshapeTo } from "../ops/reshape.js";
import { recreate, rowOf } from "../ops/table.js";
import { withEqualRanks } from "./equal-rank.js";
import { withKeptMargins } from "./kept-margins.js";
import { transposeMerged } from "./merge-axes.js";

/**
 * Makes a graph ready to run: expands operators that no runtime has, merges axes that Transposes move together and Reshapes in a row, keeps
 * ONNX Runtime from a mistake and from a slow way, then computes equal sub-graphs once.
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
  const whole = values.map(expanded);
  const tidied = rebuild(whole, new Map(), (node, inputs) => {
    const [x] = inputs;
    const [output] = node.outputs;
    if (node.op === "Reshape" && x !== undefined && output !== undefined && !anySize)
      return reshapedOnce(x, output.shape);
    return withEqualRanks(node.withInputs(inputs))?.outputs;
  });
  const shared = shareEqualSubgraphs(whole.map(tidied));
  return Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, shared(tidied(expanded(value)))]));
}

/** One Reshape instead of several in a row, or none: the engine then sees which products and Transposes are neighbours. */
function reshapedOnce(x: Value, shape: Shape): readonly Value[] | undefined {
  let source = x;
  for (let node = producer(x); node?.op === "Reshape"; node = producer(source)) {
    const [before] = node.inputs;
    if (before === undefined || !canReshape(before.shape, shape)) break;
    source = before;
  }
  return source === x && x.shape.join() !== shape.join() ? undefined : [reshapeTo(source, shape)];
}

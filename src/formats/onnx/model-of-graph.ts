import { FileError, GraftError } from "../../errors/errors.js";
import type { NamedGraph } from "../../graph/named-graph.js";
import { rebuild } from "../../graph/rebuild.js";
import { formatShape, isStatic, type Shape } from "../../graph/shape.js";
import { input, type Node, producer, type Value } from "../../graph/value.js";
import { GraphModel, type ImportedGraph, type ImportedNode, type ImportedWeight } from "../../models/graph-model.js";
import { weightsOfGraph } from "./weights-of-graph.js";

const statistics: ReadonlySet<string> = new Set(["moving_mean", "moving_variance"]);

/** Sizes that a file leaves open. */
export interface OpenGraph {
  /** Shapes of the inputs in the graph's order of axes; extents that vary are text. */
  readonly shapes: readonly Shape[];
  /** The same file for known extents behind the batch. */
  readonly at: (shapes: readonly Shape[]) => NamedGraph;
}

/**
 * Makes a model of a graph: constants that are weights become weights of layers. A shared one belongs to its first user.
 *
 * @param open sizes that the file leaves open: the model takes any, or, where the file computes with numbers that fit one size
 * only, that of the graph
 */
export function modelOfGraph(graph: NamedGraph, open?: OpenGraph): GraphModel {
  const imported = withPlaceholders(graph);
  const { name } = graph;
  if (open !== undefined) {
    const at = (shapes: readonly Shape[]): ImportedGraph => sameNodes(name, imported, shapes, open);
    try {
      return new GraphModel({ name, ...imported, open: { shapes: open.shapes, at } });
    } catch (error) {
      // What is said of sizes that nobody asked for is of no interest.
      if (!(error instanceof GraftError)) throw error;
    }
  }
  return new GraphModel({ name, ...imported });
}

/** The same network for another size. */
function sameNodes(name: string, known: ImportedGraph, shapes: readonly Shape[], open: OpenGraph): ImportedGraph {
  const refuse = (received: string): never => {
    throw new FileError(`${name} does not take this size.`, {
      subject: name,
      expected: "a size for which the file has the same weights",
      received,
    });
  };
  const sizes = shapes.map((shape) => (isStatic(shape.slice(1)) ? shape : refuse(formatShape(shape))));
  const graph = withPlaceholders(open.at(sizes));
  const weightsOfAll = ({ nodes }: ImportedGraph): string =>
    JSON.stringify(nodes.map((node) => [node.name, node.weights.map((one) => [one.name, one.tensor.dims])]));
  return weightsOfAll(graph) === weightsOfAll(known) ? graph : refuse(sizes.map(formatShape).join(" and "));
}

function withPlaceholders(graph: NamedGraph): ImportedGraph {
  const { inputs, outputs, names } = graph;
  const taken = new Set<string>();
  const unique = (wish: string): string => {
    let free = wish;
    for (let copy = 1; taken.has(free); copy++) free = `${wish}_${copy}`;
    taken.add(free);
    return free;
  };
  const placeholders = new Map<Value, Value>();
  const found: ImportedNode[] = [];
  for (const { node, weights: own } of weightsOfGraph(graph)) {
    const layer = unique(names.get(node) ?? node.op);
    const weights = own.map(({ value, name: weightName, tensor }): ImportedWeight => {
      const placeholder = input(`${layer}/${weightName}`, "float32", value.shape);
      placeholders.set(value, placeholder);
      return { name: weightName, placeholder, tensor, learnable: !statistics.has(weightName) };
    });
    found.push({ name: layer, node, weights });
  }
  const renew = rebuild(outputs, placeholders);
  const renewedNode = (node: Node): Node => {
    const [output] = node.outputs;
    return (output && producer(renew(output))) ?? node;
  };
  return {
    inputs,
    outputs: outputs.map(renew),
    nodes: found.map((imported) => ({ ...imported, node: renewedNode(imported.node) })),
  };
}

import { FileError, GraftError } from "../../errors/errors.js";
import { nodesInOrder } from "../../graph/graph.js";
import type { NamedGraph } from "../../graph/named-graph.js";
import { rebuild } from "../../graph/rebuild.js";
import { formatShape, isStatic, type Shape } from "../../graph/shape.js";
import { constantData, input, type Node, producer, type Value } from "../../graph/value.js";
import { GraphModel, type ImportedGraph, type ImportedNode, type ImportedWeight } from "../../models/graph-model.js";
import { elementCount, type TensorData } from "../../onnx/tensor-data.js";

/** Operators whose constants are weights: names of their weights by input. */
const weightNames: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  Conv: { 1: "kernel", 2: "bias" },
  ConvTranspose: { 1: "kernel", 2: "bias" },
  Gemm: { 1: "kernel", 2: "bias" },
  MatMul: { 0: "kernel", 1: "kernel" },
  BatchNormalization: { 1: "gamma", 2: "beta", 3: "moving_mean", 4: "moving_variance" },
  LayerNormalization: { 1: "gamma", 2: "beta" },
  GroupNormalization: { 1: "gamma", 2: "beta" },
  RMSNormalization: { 1: "gamma" },
  SimplifiedLayerNormalization: { 1: "gamma" },
  Einsum: { 0: "kernel", 1: "kernel" },
  PRelu: { 1: "alpha" },
};

const statistics: ReadonlySet<string> = new Set(["moving_mean", "moving_variance"]);

/** A weight where it stands in a graph. */
export interface FoundWeight {
  readonly value: Value;
  readonly name: string;
  readonly tensor: TensorData<"float32">;
}

function weight(value: Value | undefined, name: string): FoundWeight[] {
  const tensor = constantData(value);
  if (value === undefined || tensor?.type !== "float32") return [];
  return [{ value, name, tensor: tensor as TensorData<"float32"> }];
}

/**
 * The weights of a node. A constant that is added is a bias only directly behind a product with weights: elsewhere it is
 * part of the computation, such as the mean that preprocessing subtracts.
 */
export function weightsOf(node: Node): FoundWeight[] {
  const named = weightNames[node.op];
  if (named !== undefined) return node.inputs.flatMap((value, index) => weight(value, named[index] ?? ""));
  if (node.op !== "Add") return [];
  const behindWeights = node.inputs.some((value) => {
    const made = value && producer(value);
    return made !== undefined && (made.op === "Conv" || made.op === "MatMul" || made.op === "Einsum");
  });
  return behindWeights
    ? node.inputs.flatMap((value) => weight(value, "bias").filter(({ tensor }) => elementCount(tensor.dims) > 1))
    : [];
}

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

function withPlaceholders({ inputs, outputs, names }: NamedGraph): ImportedGraph {
  const taken = new Set<string>();
  const unique = (wish: string): string => {
    let free = wish;
    for (let copy = 1; taken.has(free); copy++) free = `${wish}_${copy}`;
    taken.add(free);
    return free;
  };
  const placeholders = new Map<Value, Value>();
  const found: ImportedNode[] = [];
  for (const node of nodesInOrder(outputs)) {
    const own = weightsOf(node).filter(({ value }) => !placeholders.has(value));
    if (own.length === 0) continue;
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

import { nodesInOrder } from "../../graph/graph.js";
import { constantData, type Node, producer, type Value } from "../../graph/value.js";
import type { NamedGraph } from "../../graph/named-graph.js";
import { elementCount, type TensorData } from "../../onnx/tensor-data.js";

/*
 * A file does not say which of its constants were learned. Those of products and normalizations are. Of the others these are taken for learned
 * ones, of numbers with a fraction and more than one:
 *
 * - what is added behind the first product of the network, such as a bias, a table of positions, or the shift of a normalization that is
 *   written with elementary operators; but not a mask, whose numbers are 0 or far below;
 * - what is multiplied there, if it has one number for each place along one axis alone: a scale of channels or heads; tables with two axes are
 *   turned by, not learned;
 * - tokens that are joined to others or repeated for each picture, and tables out of which rows are taken, unless all their numbers are alike;
 * - thresholds of channels that something is compared with by Max or Min, unless all their numbers are alike;
 * - what a function of one number makes a factor of, such as a temperature.
 *
 * A convolution with the same filter for each channel only smooths. Before the first product pixels are only standardized. What is subtracted or divided by is left as it is, too.
 */

/** Operators whose constants are weights wherever they stand: names of their weights by input. */
const weightNames: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  Conv: { 1: "kernel", 2: "bias" },
  ConvTranspose: { 1: "kernel", 2: "bias" },
  Gemm: { 1: "kernel", 2: "bias" },
  MatMul: { 0: "kernel", 1: "kernel" },
  // A kernel that is standardized.
  BatchNormalization: { 0: "kernel", 1: "gamma", 2: "beta", 3: "moving_mean", 4: "moving_variance" },
  InstanceNormalization: { 1: "gamma", 2: "beta" },
  LayerNormalization: { 1: "gamma", 2: "beta" },
  GroupNormalization: { 1: "gamma", 2: "beta" },
  RMSNormalization: { 1: "gamma" },
  SimplifiedLayerNormalization: { 1: "gamma" },
  Einsum: { 0: "kernel", 1: "kernel" },
  PRelu: { 1: "alpha" },
};

/** Products with weights: behind them something learned stands. */
const products: ReadonlySet<string> = new Set(["Conv", "ConvTranspose", "Gemm", "MatMul", "Einsum"]);

/** Functions of one number, of which a learned one may be made another: a temperature that is kept as its logarithm. */
const ofOneNumber: ReadonlySet<string> = new Set(["Exp", "Sigmoid", "Softplus", "Tanh", "Min", "Max", "Clip"]);

/** Of numbers that are added, those of a mask that hide something lie below this. */
const hidden = -20;

/** A weight where it stands in a graph. */
export interface FoundWeight {
  readonly value: Value;
  readonly name: string;
  readonly tensor: TensorData<"float32">;
}

/** A node and its weights. */
export interface NodeWithWeights {
  readonly node: Node;
  readonly weights: readonly FoundWeight[];
}

function floatsOf(value: Value | undefined): TensorData<"float32"> | undefined {
  const tensor = constantData(value);
  return tensor?.type === "float32" ? (tensor as TensorData<"float32">) : undefined;
}

function isMask({ data }: TensorData<"float32">): boolean {
  return data.some((number) => number <= hidden) && data.every((number) => number === 0 || number <= hidden);
}

function isVaried({ data }: TensorData<"float32">): boolean {
  return data.some((number) => number !== data[0]);
}

/** Whether a tensor has more than one extent that is not 1. */
function isTable({ dims }: TensorData<"float32">): boolean {
  return dims.filter((extent) => extent !== 1).length > 1;
}

/** Whether a kernel is the same filter for each of several channels, by which a map is smoothed: nobody learned it. */
function isBlur({ op, attributes }: Node, place: number, { dims, data }: TensorData<"float32">): boolean {
  const [channels = 1, each = 1] = dims;
  const extent = elementCount(dims.slice(1));
  if (op !== "Conv" || place !== 1 || each !== 1 || channels < 2 || attributes["group"]?.value !== channels)
    return false;
  return data.every((number, at) => number === data[at % extent]) && data.some((number) => number !== data[0]);
}

/** What a constant of a node is called as a weight; `undefined` for one that is none. */
function nameOf(
  { op, inputs }: Node,
  place: number,
  tensor: TensorData<"float32">,
  isBehind: boolean,
): string | undefined {
  const named = weightNames[op];
  // Of two constants, the first is something that is known of places.
  if (named !== undefined)
    return op === "MatMul" && place === 0 && floatsOf(inputs[1]) ? undefined : (named[place] ?? "");
  if (elementCount(tensor.dims) < 2) return undefined;
  if (op === "Add") return isBehind && !isMask(tensor) ? "bias" : undefined;
  if (op === "Attention") return place === 3 && !isMask(tensor) ? "bias" : undefined;
  if (op === "Mul") return isBehind && !isTable(tensor) ? "scale" : undefined;
  if (op === "Concat" || (op === "Expand" && place === 0)) return isVaried(tensor) ? "token" : undefined;
  if (op === "Gather" && place === 0) return isVaried(tensor) ? "embeddings" : undefined;
  if ((op === "Max" || op === "Min") && isBehind && isVaried(tensor) && !isTable(tensor)) return "threshold";
  return place === 0 && ofOneNumber.has(op) ? "logits" : undefined;
}

/** Nodes behind a product with weights. */
function behindProducts(nodes: readonly Node[]): ReadonlySet<Node> {
  const behind = new Set<Node>();
  for (const node of nodes) {
    const made = node.inputs.flatMap((value) => (value && producer(value)) ?? []);
    if (made.some((one) => behind.has(one) || isLearnedProduct(one))) behind.add(node);
  }
  return behind;
}

function isLearnedProduct({ op, inputs }: Node): boolean {
  return products.has(op) && inputs.some((value) => floatsOf(value) !== undefined);
}

/** Nodes whose numbers follow from what is fed; what only asks how many pictures there are does not. */
function dependentNodes(nodes: readonly Node[], inputs: readonly Value[]): ReadonlySet<Node> {
  const fed = new Set(inputs);
  const dependent = new Set<Node>();
  for (const node of nodes) {
    if (node.op === "Shape" || node.op === "Size") continue;
    const follows = node.inputs.some((value) => {
      const made = value && producer(value);
      return made === undefined ? value !== undefined && fed.has(value) : dependent.has(made);
    });
    if (follows) dependent.add(node);
  }
  return dependent;
}

/**
 * All nodes that the outputs reach, each after those that it needs. What is the same for all pictures, such as a query that is learned,
 * stands before what first uses it, not before all.
 */
function asDataPasses(outputs: readonly Value[], inputs: readonly Value[]): readonly Node[] {
  const nodes = nodesInOrder(outputs);
  const dependent = dependentNodes(nodes, inputs);
  const placed = new Set<Node>();
  return nodes
    .filter((node) => dependent.has(node))
    .flatMap((node) => {
      const same = node.inputs.flatMap((value) => {
        const made = value && producer(value);
        return value === undefined || made === undefined || dependent.has(made) ? [] : [value];
      });
      const all = [...nodesInOrder(same).filter((one) => !dependent.has(one)), node].filter((one) => !placed.has(one));
      all.forEach((one) => placed.add(one));
      return all;
    });
}

/**
 * The weights of a graph's nodes, in the order in which data passes them; a shared one belongs to its first user.
 *
 * @param graph what it gives and is fed, and which constants are weights, where that is known
 */
export function weightsOfGraph({
  outputs,
  inputs,
  weights: known,
}: Pick<NamedGraph, "outputs" | "inputs" | "weights">): readonly NodeWithWeights[] {
  const nodes = asDataPasses(outputs, inputs);
  const behind = behindProducts(nodes);
  const taken = new Set<Value>();
  return nodes.flatMap((node) => {
    const weights = node.inputs.flatMap((value, place): FoundWeight[] => {
      const tensor = value === undefined || known?.has(value) === false ? undefined : floatsOf(value);
      const isFixed = tensor !== undefined && known === undefined && isBlur(node, place, tensor);
      const name = tensor && !isFixed ? nameOf(node, place, tensor, behind.has(node)) : undefined;
      if (value === undefined || tensor === undefined || name === undefined || taken.has(value)) return [];
      taken.add(value);
      return [{ value, name, tensor }];
    });
    return weights.length === 0 ? [] : [{ node, weights }];
  });
}

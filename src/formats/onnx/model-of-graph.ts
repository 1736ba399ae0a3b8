import { type GraphWithWeights, nodesInOrder } from "../../graph/graph.js";
import { rebuild } from "../../graph/rebuild.js";
import { constantData, input, type Node, producer, type Value } from "../../graph/value.js";
import { GraphModel, type ImportedNode, type ImportedWeight } from "../../models/graph-model.js";
import { elementCount, type TensorData } from "../../onnx/tensor-data.js";

/** Operators whose constants are weights: names of their weights by input. */
const weightNames: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  Conv: { 1: "kernel", 2: "bias" },
  ConvTranspose: { 1: "kernel", 2: "bias" },
  Gemm: { 1: "kernel", 2: "bias" },
  MatMul: { 0: "kernel", 1: "kernel" },
  BatchNormalization: { 1: "gamma", 2: "beta", 3: "moving_mean", 4: "moving_variance" },
  LayerNormalization: { 1: "gamma", 2: "beta" },
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
    return made !== undefined && (made.op === "Conv" || made.op === "MatMul");
  });
  return behindWeights
    ? node.inputs.flatMap((value) => weight(value, "bias").filter(({ tensor }) => elementCount(tensor.dims) > 1))
    : [];
}

/** Makes a model of a graph: constants that are weights become weights of layers. A shared one belongs to its first user. */
export function modelOfGraph({ name, inputs, outputs, names }: GraphWithWeights): GraphModel {
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
  return new GraphModel({
    name,
    inputs,
    outputs: outputs.map(renew),
    nodes: found.map((imported) => ({ ...imported, node: renewedNode(imported.node) })),
  });
}

import { namedRecord } from "../../errors/named-record.js";
import { nodesInOrder } from "../../graph/graph.js";
import type { NamedGraph } from "../../graph/named-graph.js";
import { serialize } from "../../graph/serialize.js";
import { producer, type Value } from "../../graph/value.js";
import type { OnnxModel, OnnxValueInfo } from "../../onnx/model.js";
import { weightsOfGraph } from "./weights-of-graph.js";

/**
 * An ONNX model of a graph. A node's name is also that of its first output; weights are called `<node>/kernel` and so on.
 *
 * @param metadata key-value texts that travel with the file
 */
export function onnxOfGraph(graph: NamedGraph, metadata: Readonly<Record<string, string>> = {}): OnnxModel {
  const names = new Map<Value, string>();
  for (const node of nodesInOrder(graph.outputs)) {
    const name = graph.names.get(node) ?? node.op;
    const [output] = node.outputs;
    if (output !== undefined) names.set(output, name);
  }
  for (const { node, weights } of weightsOfGraph(graph)) {
    for (const { value, name } of weights) names.set(value, `${graph.names.get(node) ?? node.op}/${name}`);
  }
  const outputs = graph.outputs.map((value, index) => {
    const node = producer(value);
    return [(node && graph.names.get(node)) ?? `output_${index}`, value] as const;
  });
  const { name, inputs } = graph;
  const model = serialize(namedRecord(outputs), { name, inputs, names, metadata });
  return { ...model, nodes: model.nodes.map((node) => ({ ...node, name: node.outputs[0] ?? node.name })) };
}

/**
 * The same model for pictures of any size.
 *
 * @param model one whose nodes do not depend on the size, such as convolutions with automatic margins and elementwise
 * operators; inputs and outputs are pictures and maps `[N, C, H, W]`
 */
export function withOpenSize(model: OnnxModel): OnnxModel {
  const open = (info: OnnxValueInfo, height: string, width: string): OnnxValueInfo => {
    const channels = info.shape?.[1] ?? "channels";
    return { ...info, shape: ["batch", channels, height, width] };
  };
  return {
    ...model,
    inputs: model.inputs.map((info) => open(info, "height", "width")),
    outputs: model.outputs.map((info) => open(info, "rows", "columns")),
  };
}

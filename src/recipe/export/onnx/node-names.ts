import { constantData, type Node } from "../../../graph/value.js";

/**
 * How people are told of nodes: by operator and number in the graph's order, and of a convolution what it is.
 *
 * @param order all nodes of the graph
 */
export function nodeNames(order: readonly Node[]): (node: Node) => string {
  const counts = new Map<string, number>();
  const names = new Map<Node, string>();
  for (const node of order) {
    const number = (counts.get(node.op) ?? 0) + 1;
    counts.set(node.op, number);
    const [outputs, inputs, ...kernel] = constantData(node.inputs[1])?.dims ?? [];
    const what = `(${kernel.join("×")}, ${inputs} → ${outputs})`;
    names.set(node, node.op === "Conv" ? `convolution ${number} ${what}` : `${node.op} ${number}`);
  }
  return (node) => names.get(node) ?? node.op;
}

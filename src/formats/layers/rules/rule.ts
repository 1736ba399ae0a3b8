import type { Node, Value } from "../../../graph/value.js";
import type { LayerBuilder } from "../layer-builder.js";

/** Makes layers of a node, and says where its output is. */
export type Rule = (node: Node, build: LayerBuilder) => void;

/** Rules by operator. */
export type Rules = Readonly<Record<string, Rule>>;

/** The only output of a node that layers know. */
export function outputOf(node: Node): Value {
  const [output] = node.outputs;
  if (output === undefined) throw new TypeError("A node has outputs.");
  return output;
}

/** What a node takes. */
export function inputOf(node: Node, index = 0): Value {
  const value = node.inputs[index];
  if (value === undefined) throw new TypeError(`${node.op} has an input ${index}.`);
  return value;
}

/** Attributes of a node by name, as they are written in formulas. */
export function attributesOf<T>(node: Node): Partial<T> {
  return Object.fromEntries(Object.entries(node.attributes).map(([name, { value }]) => [name, value])) as Partial<T>;
}

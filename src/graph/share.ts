import type { Attribute } from "../onnx/model.js";
import { bytesOf, type TensorData } from "../onnx/tensor-data.js";
import { nodesInOrder } from "./graph.js";
import { rebuild } from "./rebuild.js";
import { constant, constantData, type Node, type Value } from "./value.js";

/** Larger constants are weights: two of them are never equal but by being the same array. */
const comparedBytes = 4096;

function tensorKey(tensor: TensorData, identity: (object: object) => number): string {
  const bytes = bytesOf(tensor);
  const content = bytes.length <= comparedBytes ? bytes.toString() : `#${identity(tensor.data)}`;
  return `${tensor.type}[${tensor.dims.join(",")}]${content}`;
}

function attributeKey(attribute: Attribute, identity: (object: object) => number): string {
  return attribute.type === "tensor" ? tensorKey(attribute.value, identity) : JSON.stringify(attribute.value);
}

/**
 * Computes equal sub-graphs once: two calls of the same operator with the same attributes on the same values become one.
 *
 * Formulas can so be written without thinking of what another formula has computed already; a convolution's forward
 * pass and its weight gradient share one im2col in this way. Every operator of Graft is a pure function.
 *
 * @param outputs the values whose graph is shared
 * @returns for each old value that was reached, its new value
 */
export function shareEqualSubgraphs(outputs: readonly Value[]): (value: Value) => Value {
  const numbers = new Map<object, number>();
  const identity = (object: object): number => {
    const number = numbers.get(object) ?? numbers.size;
    numbers.set(object, number);
    return number;
  };

  const constants = new Map<string, Value>();
  const shared = new Map<Value, Value>();
  const share = (value: Value | undefined): void => {
    const data = constantData(value);
    if (value === undefined || data === undefined || shared.has(value)) return;
    const key = tensorKey(data, identity);
    const first = constants.get(key) ?? constant(data);
    constants.set(key, first);
    shared.set(value, first);
  };
  for (const node of nodesInOrder(outputs)) node.inputs.forEach(share);
  outputs.forEach(share);

  const known = new Map<string, Node>();
  return rebuild(outputs, shared, (node, inputs) => {
    const operands = inputs.map((value) => (value === undefined ? "-" : String(identity(value))));
    const attributes = Object.entries(node.attributes)
      .map(([name, attribute]) => `${name}=${attributeKey(attribute, identity)}`)
      .sort();
    const key = `${node.op}(${operands.join(",")}){${attributes.join(";")}}${node.outputs.length}`;
    const first = known.get(key);
    if (first !== undefined) return first.outputs;
    const unchanged = inputs.every((value, index) => value === node.inputs[index]);
    const kept = unchanged ? node : node.withInputs(inputs);
    known.set(key, kept);
    return kept.outputs;
  });
}

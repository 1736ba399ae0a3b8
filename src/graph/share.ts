import type { Attribute } from "../onnx/model.js";
import { bytesOf, type TensorData } from "../onnx/tensor-data.js";
import { nodesInOrder } from "./graph.js";
import { rebuild } from "./rebuild.js";
import { constant, constantData, type Node, type Value } from "./value.js";

/** FNV-1a over 32-bit words, or over bytes where they are not whole words. */
function hash(tensor: TensorData): number {
  const { buffer, byteOffset, byteLength } = tensor.data;
  const words = byteOffset % 4 === 0 && byteLength % 4 === 0;
  const values = words ? new Uint32Array(buffer, byteOffset, byteLength / 4) : bytesOf(tensor);
  let state = 0x811c9dc5;
  for (const value of values) state = Math.imul(state ^ value, 0x01000193);
  return state >>> 0;
}

function equalBytes(a: TensorData, b: TensorData): boolean {
  if (a.data === b.data) return true;
  const [left, right] = [bytesOf(a), bytesOf(b)];
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

/** Numbers tensors so that equal ones, whatever array they lie in, have the same number. */
class TensorNumbers {
  private readonly buckets = new Map<string, { readonly tensor: TensorData; readonly number: number }[]>();
  private count = 0;

  of(tensor: TensorData): number {
    const key = `${tensor.type}[${tensor.dims.join(",")}]${hash(tensor)}`;
    const bucket = this.buckets.get(key) ?? [];
    this.buckets.set(key, bucket);
    const equal = bucket.find((known) => equalBytes(known.tensor, tensor));
    if (equal !== undefined) return equal.number;
    bucket.push({ tensor, number: this.count });
    return this.count++;
  }
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

  const tensors = new TensorNumbers();
  const attributeKey = (attribute: Attribute): string =>
    attribute.type === "tensor" ? `#${tensors.of(attribute.value)}` : JSON.stringify(attribute.value);

  const constants = new Map<number, Value>();
  const shared = new Map<Value, Value>();
  const share = (value: Value | undefined): void => {
    const data = constantData(value);
    if (value === undefined || data === undefined || shared.has(value)) return;
    const key = tensors.of(data);
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
      .map(([name, attribute]) => `${name}=${attributeKey(attribute)}`)
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

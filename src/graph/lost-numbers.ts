import { NumberError } from "../errors/errors.js";
import type { Attribute } from "../onnx/model.js";
import type { TensorData } from "../onnx/tensor-data.js";
import { nodesInOrder } from "./graph.js";
import type { NamedGraph } from "./named-graph.js";
import { constantData, type Node, type Value } from "./value.js";

/** A number of a graph with which nothing can be computed. */
interface LostNumber {
  /** The node that would compute with it. */
  readonly node: Node;
  /** Name of its attribute; `undefined` where the number stands in a constant that it is given. */
  readonly attribute: string | undefined;
  /** NaN or an infinity. */
  readonly value: number;
}

/**
 * What computes with all that it is given. An infinity elsewhere may be a bound, what a choice or a margin gives, or a mask that is added:
 * `Clip`, `Max`, `Where`, `Pad`, and minus infinity of `Add`.
 */
const computing: ReadonlySet<string> = new Set([
  "BatchNormalization",
  "Conv",
  "ConvTranspose",
  "Div",
  "Einsum",
  "Gemm",
  "GroupNormalization",
  "InstanceNormalization",
  "LayerNormalization",
  "MatMul",
  "Mul",
  "PRelu",
  "Pow",
  "RMSNormalization",
  "SimplifiedLayerNormalization",
  "Sub",
]);

/** The first of the numbers of a tensor that is not finite, and is not let through. */
function lostIn({ type, data }: TensorData, isFine: (infinity: number) => boolean): number | undefined {
  // What files hold in float16 is made float32 when it is read.
  if (type !== "float32" && type !== "float64") return undefined;
  for (const value of data as Float32Array | Float64Array) {
    // The difference of a number and itself is 0.
    if (value - value !== 0 && (Number.isNaN(value) || !isFine(value))) return value;
  }
  return undefined;
}

function lostInAttribute(attribute: Attribute): number | undefined {
  const isLost = (value: number): boolean => !Number.isFinite(value);
  if (attribute.type === "float") return isLost(attribute.value) ? attribute.value : undefined;
  if (attribute.type === "floats") return attribute.value.find(isLost);
  return attribute.type === "tensor" ? lostIn(attribute.value, () => true) : undefined;
}

function lostOf(node: Node): LostNumber | undefined {
  for (const [name, attribute] of Object.entries(node.attributes)) {
    const value = lostInAttribute(attribute);
    if (value !== undefined) return { node, attribute: name, value };
  }
  for (const given of node.inputs) {
    const data = constantData(given);
    const value = data && lostIn(data, (infinity) => !computing.has(node.op) && !(node.op === "Add" && infinity > 0));
    if (value !== undefined) return { node, attribute: undefined, value };
  }
  return undefined;
}

/**
 * The first number of a graph that is NaN, or infinite where it is computed with.
 *
 * @param outputs values; the graph is all that they reach
 */
function lostNumber(outputs: readonly Value[]): LostNumber | undefined {
  for (const node of nodesInOrder(outputs)) {
    const lost = lostOf(node);
    if (lost !== undefined) return lost;
  }
  return undefined;
}

/**
 * Refuses a graph that computes with NaN or an infinity.
 *
 * @param trouble what becomes of that, as the beginning of a sentence
 * @throws NumberError
 */
export function requireFiniteNumbers({ outputs, names }: NamedGraph, trouble: string): void {
  const lost = lostNumber(outputs);
  if (lost === undefined) return;
  const { node, attribute, value } = lost;
  const name = names.get(node) ?? node.op;
  throw new NumberError(
    `${trouble}: not all of its ${attribute === undefined ? "constants" : "attributes"} are numbers.`,
    {
      subject: name,
      expected: "finite numbers",
      received: `${value} in ${attribute === undefined ? "a constant" : `the attribute "${attribute}"`} of "${name}" (${node.op})`,
      advice: "The file is damaged, or its training has failed: use another one.",
    },
  );
}

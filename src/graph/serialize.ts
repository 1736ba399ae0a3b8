import type { OnnxModel, OnnxNode, OnnxValueInfo } from "../onnx/model.js";
import type { TensorData } from "../onnx/tensor-data.js";
import { UsageError } from "../errors/errors.js";
import { namedRecord } from "../errors/named-record.js";
import { inputsOf, nodesInOrder, type Outputs } from "./graph.js";
import type { Node, Value } from "./value.js";

/** Version of the standard operator set that graphs of Graft are written for. */
const opsetVersion = 18;
/** Version of the ONNX file format that belongs to it. */
const irVersion = 8;

/** What may go into a file beside the graph. */
export interface SerializeOptions {
  /** Name of the graph; default "graft". */
  readonly name?: string;
  /** Inputs that the file must list in this order, used or not; default: those that are used. */
  readonly inputs?: readonly Value[];
  /** Names for constants and inner values, for people who look into the file. */
  readonly names?: ReadonlyMap<Value, string>;
  /** Key-value texts that travel with the file. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Gives every value a name that no other has, and remembers which constants have got one. */
class Names {
  /** The constants that are used, by their names. */
  readonly constants = new Map<string, TensorData>();
  private readonly names = new Map<Value, string>();
  private readonly taken = new Set<string>();

  constructor(private readonly wishes: ReadonlyMap<Value, string>) {}

  reserve(value: Value, name: string): void {
    if (this.taken.has(name)) {
      throw new UsageError(`Two inputs or outputs of a graph are named "${name}".`, {
        subject: name,
        expected: "a name of its own for each",
        received: `"${name}" twice`,
      });
    }
    this.taken.add(name);
    this.names.set(value, name);
  }

  /** The name of an input of a node; nothing for one that is absent. */
  ofInput(value: Value | undefined): string {
    if (value === undefined) return "";
    if (value.source.kind !== "constant") return this.of(value, "value");
    const name = this.of(value, "constant");
    this.constants.set(name, value.source.data);
    return name;
  }

  of(value: Value, hint: string): string {
    const known = this.names.get(value);
    if (known !== undefined) return known;
    const wish = this.wishes.get(value) ?? hint;
    let name = wish;
    for (let copy = 1; this.taken.has(name); copy++) name = `${wish}_${copy}`;
    this.taken.add(name);
    this.names.set(value, name);
    return name;
  }
}

/**
 * Gives outputs their names.
 *
 * @returns those that need an Identity of their own for it: inputs, constants, and twins of other outputs
 */
function nameOutputs(outputs: Outputs, names: Names): Outputs {
  const aliased = namedRecord<Value>();
  const direct = new Set<Value>();
  for (const [name, value] of Object.entries(outputs)) {
    if (value.source.kind === "node" && !direct.has(value)) {
      direct.add(value);
      names.reserve(value, name);
    } else {
      aliased[name] = value;
    }
  }
  return aliased;
}

/** The nodes that the values reach, each after those that it needs. */
function onnxNodes(values: readonly Value[], names: Names): OnnxNode[] {
  const order = nodesInOrder(values);
  const used = new Set<Value | undefined>([...values, ...order.flatMap((node) => node.inputs)]);
  // An optional output that is written is also computed: MaxPool with indices is slower than without.
  const written = (node: Node): readonly Value[] => {
    const last = node.outputs.findLastIndex((value, index) => index < node.requiredOutputs || used.has(value));
    return node.outputs.slice(0, last + 1);
  };
  const counts = new Map<string, number>();
  return order.map((node) => {
    const count = counts.get(node.op) ?? 0;
    counts.set(node.op, count + 1);
    const name = `${node.op}_${count}`;
    return {
      name,
      op: node.op,
      domain: "",
      inputs: node.inputs.map((value) => names.ofInput(value)),
      outputs: written(node).map((value, index) => names.of(value, index === 0 ? name : `${name}_${index}`)),
      attributes: node.attributes,
    };
  });
}

/** Writes the graph that the outputs reach as an ONNX model. Inputs that the outputs do not reach are listed only on request. */
export function serialize(outputs: Outputs, options: SerializeOptions = {}): OnnxModel {
  const names = new Names(options.names ?? new Map());
  const values = Object.values(outputs);
  const inputs = options.inputs ?? inputsOf(values);
  for (const value of inputs) if (value.source.kind === "input") names.reserve(value, value.source.name);
  const aliased = nameOutputs(outputs, names);
  const nodes = onnxNodes(values, names);
  const aliases = Object.entries(aliased).map(([name, value]): OnnxNode => {
    return { name, op: "Identity", domain: "", inputs: [names.ofInput(value)], outputs: [name], attributes: {} };
  });
  const info = (name: string, { type, shape }: Value): OnnxValueInfo => ({ name, type, shape });
  return {
    irVersion,
    opsets: { "": opsetVersion },
    producer: "graft-ml",
    graphName: options.name ?? "graft",
    nodes: [...nodes, ...aliases],
    inputs: inputs.map((value) => info(names.ofInput(value), value)),
    outputs: Object.entries(outputs).map(([name, value]) => info(name, value)),
    constants: names.constants,
    metadata: options.metadata ?? {},
  };
}

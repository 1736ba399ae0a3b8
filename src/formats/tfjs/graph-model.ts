import { FileError, GraftError } from "../../errors/errors.js";
import type { NamedGraph } from "../../graph/named-graph.js";
import type { Shape } from "../../graph/shape.js";
import { input, type Node, producer, type Value } from "../../graph/value.js";
import type { GraphModel } from "../../models/graph-model.js";
import { channelsFirst } from "../../nn/channels.js";
import { modelOfGraph } from "../onnx/model-of-graph.js";
import { attributeOf, type TfNode } from "./attributes.js";
import type { TfjsGraphModel } from "./model-json.js";
import { type Known, NodeInputs } from "./operators/node-inputs.js";
import { importOperator } from "./operators/table.js";

/** Pixels of pictures of which the graph does not say the size, where it computes for one size only. */
const defaultSize = 224;

/** A node's name, and which of its outputs is meant: `split:1`. */
function reference(text: string): { readonly name: string; readonly output: number } {
  const [, name = text, output = "0"] = /^(.*?)(?::(\d+))?$/.exec(text) ?? [];
  return { name, output: Number(output) };
}

/** Data inputs of a node; those that it only waits for are left out. */
function dataInputs({ inputs }: TfNode): readonly string[] {
  return inputs.filter((name) => !name.startsWith("^"));
}

/** A part of a graph, between some of its nodes. */
export interface TfjsCut {
  /** Values in the place of nodes, by the nodes' names: the part's inputs. Of rank 4, channels are second. */
  readonly inputs: ReadonlyMap<string, Value>;
  /** Names of the nodes that give the part's outputs. */
  readonly outputs: readonly string[];
}

class GraphImporter {
  private readonly nodes = new Map<string, TfNode>();
  private readonly known = new Map<string, readonly Known[]>();
  private readonly names = new Map<Node, string>();
  private readonly inputs: Value[] = [];
  /** Shapes of the inputs in the graph's order of axes; heights and widths that it leaves open are text. */
  readonly shapes: Shape[] = [];

  /** @param given shapes of the inputs in the graph's order of axes, in the place of those that it leaves open */
  constructor(
    private readonly model: TfjsGraphModel,
    private readonly file: string,
    private readonly given?: readonly Shape[],
  ) {
    for (const node of model.nodes) this.nodes.set(node.name, node);
  }

  import(): NamedGraph {
    const { signature } = this.model;
    const placeholders = this.model.nodes.filter(({ op }) => op === "Placeholder").map(({ name }) => name);
    const inputs = signature?.inputs.map((name) => reference(name).name) ?? placeholders;
    for (const name of inputs) this.placeholder(this.node(name));
    return this.graph(signature?.outputs ?? this.ends());
  }

  importPart({ inputs, outputs }: TfjsCut): NamedGraph {
    for (const [name, value] of inputs) {
      this.inputs.push(value);
      this.known.set(name, [{ kind: "value", value }]);
    }
    return this.graph(outputs);
  }

  private graph(outputs: readonly string[]): NamedGraph {
    for (const node of this.order(outputs)) this.known.set(node.name, this.convert(node));
    return {
      name: this.file,
      inputs: this.inputs,
      outputs: outputs.map((name) => this.outputValue(name)),
      names: this.names,
    };
  }

  private node(name: string): TfNode {
    const node = this.nodes.get(name);
    if (node !== undefined) return node;
    throw new FileError(`${this.file} has no node "${name}".`, {
      subject: name,
      expected: "a graph that has all nodes that it names",
      received: `${this.nodes.size} nodes without it`,
      advice: "Convert the model again.",
    });
  }

  /** Nodes whose results nobody uses. */
  private ends(): readonly string[] {
    const used = new Set(this.model.nodes.flatMap((node) => dataInputs(node).map((name) => reference(name).name)));
    const idle = ["Const", "Placeholder", "NoOp"];
    return this.model.nodes.filter(({ name, op }) => !used.has(name) && !idle.includes(op)).map(({ name }) => name);
  }

  private placeholder(node: TfNode): void {
    if (this.known.has(node.name)) return;
    const shape = attributeOf(node, "shape", "shape", null);
    if (shape === null || shape.length === 0) {
      throw new FileError(`The input "${node.name}" of ${this.file} has no shape.`, {
        subject: node.name,
        expected: "the number of its axes, and their extents",
        received: shape === null ? "none" : "a single number",
        advice: "Convert the model with a signature that says the shapes of its inputs.",
      });
    }
    const extents = shape.map((extent, axis) => {
      if (axis === 0) return "N";
      if (extent > 0) return extent;
      if (shape.length === 4 && axis < 3) return axis === 1 ? "H" : "W";
      throw new FileError(`The input "${node.name}" of ${this.file} leaves an extent open.`, {
        subject: node.name,
        expected: "pictures [batch, height, width, channels], or known extents behind the batch",
        received: `[${shape.join(", ")}]`,
        advice: "Convert the model with a signature that says the shapes of its inputs.",
      });
    });
    const open = channelsFirst(extents);
    const known = open.map((extent, axis) => (axis > 0 && typeof extent === "string" ? defaultSize : extent));
    const value = input(node.name, "float32", this.given?.[this.inputs.length] ?? known);
    this.shapes.push(open);
    this.inputs.push(value);
    this.known.set(node.name, [{ kind: "value", value }]);
  }

  /** The nodes that outputs need, each behind those that it needs. */
  private order(outputs: readonly string[]): readonly TfNode[] {
    const order: TfNode[] = [];
    const seen = new Set<string>(this.known.keys());
    const stack = outputs.map((name) => ({ name: reference(name).name, inputsDone: false }));
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      if (top.inputsDone) {
        order.push(this.node(top.name));
      } else if (!seen.has(top.name)) {
        seen.add(top.name);
        stack.push({ name: top.name, inputsDone: true });
        for (const name of dataInputs(this.node(top.name))) {
          stack.push({ name: reference(name).name, inputsDone: false });
        }
      }
    }
    return order;
  }

  private knownOf(name: string): Known {
    const { name: node, output } = reference(name);
    const known = this.known.get(node)?.[output];
    if (known !== undefined) return known;
    throw new FileError(`Output ${output} of the node "${node}" of ${this.file} cannot be used.`, {
      subject: node,
      expected: "an output that inference needs",
      received: `"${name}"`,
    });
  }

  private convert(node: TfNode): readonly Known[] {
    if (node.op === "Const") return [this.constant(node)];
    if (node.op === "Placeholder") {
      this.placeholder(node);
      return this.known.get(node.name) ?? [];
    }
    const inputs = new NodeInputs(
      node,
      dataInputs(node).map((name) => this.knownOf(name)),
    );
    try {
      const results = importOperator(inputs);
      for (const result of results) {
        const made = result.kind === "value" ? producer(result.value) : undefined;
        if (made !== undefined) this.nameNodes(made, node.name);
      }
      return results;
    } catch (cause) {
      if (!(cause instanceof GraftError)) throw cause;
      throw new FileError(`The node "${node.name}" (${node.op}) of ${this.file} cannot be used: ${cause.message}`, {
        subject: node.name,
        advice: "Where there is an ONNX file of the network, load that.",
        cause,
      });
    }
  }

  /** What a node was made of has its name: a fused one is several operators. */
  private nameNodes(made: Node, name: string): void {
    if (this.names.has(made)) return;
    this.names.set(made, name);
    for (const value of made.inputs) {
      const before = value && producer(value);
      if (before !== undefined) this.nameNodes(before, name);
    }
  }

  private constant(node: TfNode): Known {
    const tensor = this.model.weights.get(node.name);
    if (tensor !== undefined) return { kind: "constant", tensor };
    throw new FileError(`${this.file} lacks the values of the constant "${node.name}".`, {
      subject: node.name,
      expected: "values among the model's weights",
      received: "none",
      advice: "Convert the model again.",
    });
  }

  private outputValue(name: string): Value {
    const known = this.knownOf(name);
    if (known.kind === "value") return known.value;
    throw new FileError(`The output "${name}" of ${this.file} does not depend on its inputs.`, {
      subject: name,
      expected: "what the network computes",
      received: "a constant",
    });
  }
}

/**
 * Makes a model of a TensorFlow.js graph. Its layers are the nodes with weights, under the graph's names; inputs and outputs
 * are those of its signature, or else its placeholders and the nodes whose results nobody uses. Heights and widths that the
 * graph leaves open may be any; they are 224 pixels where it computes with numbers that fit one size only.
 *
 * @param file the file's name, for messages
 * @throws FileError when the graph is inconsistent, or has an operator that Graft does not have
 * @see https://www.tensorflow.org/js/guide/conversion
 */
export function graphModelOfTfjs(model: TfjsGraphModel, file: string): GraphModel {
  const importer = new GraphImporter(model, file);
  const graph = importer.import();
  const { shapes } = importer;
  const isOpen = shapes.some((shape) => shape.slice(1).some((extent) => typeof extent === "string"));
  const at = (given: readonly Shape[]): NamedGraph => new GraphImporter(model, file, given).import();
  return modelOfGraph(graph, isOpen ? { shapes, at } : undefined);
}

/**
 * Makes a graph of a part of a TensorFlow.js graph; what the part does not need may hold operators that Graft does not have.
 *
 * @param file the file's name, for messages
 * @throws FileError as {@link graphModelOfTfjs} does
 */
export function partOfTfjs(model: TfjsGraphModel, file: string, cut: TfjsCut): NamedGraph {
  return new GraphImporter(model, file).importPart(cut);
}

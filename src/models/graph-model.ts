import { UsageError } from "../errors/errors.js";
import type { TensorData } from "../onnx/tensor-data.js";
import { nodesInOrder } from "../graph/graph.js";
import { type Replace, rebuild } from "../graph/rebuild.js";
import { sameShape, type Shape } from "../graph/shape.js";
import type { Node, Value } from "../graph/value.js";
import { channelsLast } from "../nn/channels.js";
import type { CallContext } from "../nn/context.js";
import type { Initializer } from "../nn/initializers/initializer.js";
import { Layer } from "../nn/layer.js";
import { type LayerCall, SymbolicTensor } from "../nn/symbolic-tensor.js";
import type { Variable } from "../nn/variable.js";
import { recreate } from "../ops/table.js";
import { BaseModel } from "./base-model.js";

/** A weight of an imported node: the graph's placeholder for it, and its values. */
export interface ImportedWeight {
  readonly name: string;
  readonly placeholder: Value;
  readonly tensor: TensorData<"float32">;
  /** `false` for statistics, which gradients do not change. */
  readonly learnable: boolean;
}

/** A node with weights. */
export interface ImportedNode {
  readonly name: string;
  readonly node: Node;
  readonly weights: readonly ImportedWeight[];
}

/** Weights that are there already: nothing is drawn. */
function fromFile(tensor: TensorData<"float32">): Initializer {
  return { className: "FromFile", values: () => tensor.data, getConfig: () => ({}) };
}

/** A node of an imported graph that has weights: it can be looked at and frozen, but is called only as part of its graph. */
class ImportedLayer extends Layer {
  /** Shape of the node's output in Keras's order. */
  readonly nodeShape: Shape;
  private readonly op: string;
  /** What leads to the node's output; its graph says it. */
  cut: (() => SymbolicTensor) | undefined;
  /** The graph's placeholder of each weight. */
  readonly placeholders = new Map<Value, Variable>();

  constructor({ name, node, weights }: ImportedNode) {
    super({ name });
    this.op = node.op;
    this.nodeShape = channelsLast(node.outputs[0]?.shape ?? []);
    for (const { name: weight, placeholder, tensor, learnable } of weights) {
      this.placeholders.set(placeholder, this.createWeight(weight, tensor.dims, fromFile(tensor), { learnable }));
    }
  }

  override get className(): string {
    return this.op;
  }

  /** What the node computes, of its graph's inputs: the graph is cut behind it. */
  override get output(): SymbolicTensor {
    return this.cut?.() ?? super.output;
  }

  protected override compute(): never {
    throw new UsageError(`The layer "${this.name}" is a part of an imported graph.`, {
      subject: this.name,
      expected: "a call of the whole model",
      received: "a call of one layer",
    });
  }

  override getConfig(): Record<string, unknown> {
    return { name: this.name, trainable: this.trainable };
  }
}

/** What a graph model is made from. */
export interface GraphModelOptions {
  readonly name: string;
  /** Inputs of the graph; rank 4 is `[N, C, H, W]`. */
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Nodes with weights in the order in which data passes them; weights are placeholders (inputs) of the graph. */
  readonly nodes: readonly ImportedNode[];
}

/** A part of another graph model, whose layers it shares. */
interface Cut {
  readonly layers: readonly ImportedLayer[];
  readonly inputs: readonly SymbolicTensor[];
}

/**
 * A network that came as a graph of operators rather than of layers. Its nodes with weights are its layers, so it can be
 * frozen and unfrozen like any model; imported batch normalization always uses its own statistics, as a frozen one does.
 */
export class GraphModel extends BaseModel {
  static readonly className: string = "GraphModel";
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
  private readonly imported: readonly ImportedLayer[];
  private readonly graphInputs: readonly Value[];
  private readonly graphOutputs: readonly Value[];
  private readonly nodesOfLayers: ReadonlyMap<Layer, Node>;

  constructor({ name, inputs, outputs, nodes }: GraphModelOptions, cut?: Cut) {
    super({ name });
    this.imported = cut?.layers ?? nodes.map((node) => new ImportedLayer(node));
    this.nodesOfLayers = new Map(
      nodes.flatMap(({ node }, index) => {
        const layer = this.imported[index];
        return layer === undefined ? [] : [[layer, node] as const];
      }),
    );
    this.graphInputs = inputs;
    this.graphOutputs = outputs;
    this.inputs =
      cut?.inputs ?? inputs.map(({ shape, type }) => new SymbolicTensor(channelsLast(shape), type, undefined));
    const call = (): LayerCall => ({ layer: this, inputs: this.inputs, outputs: this.outputs });
    this.outputs = outputs.map(({ shape, type }) => new SymbolicTensor(channelsLast(shape), type, call));
    if (cut === undefined) this.offerCuts(nodes);
  }

  /** Lets each layer give its node's output: the model is then cut behind the node. */
  private offerCuts(nodes: readonly ImportedNode[]): void {
    this.imported.forEach((layer, index) => {
      const value = nodes[index]?.node.outputs[0];
      let output: SymbolicTensor | undefined;
      layer.cut = () => (output ??= this.upTo(value, layer.name, nodes).output);
    });
  }

  private upTo(value: Value | undefined, name: string, nodes: readonly ImportedNode[]): GraphModel {
    const outputs = value === undefined ? [] : [value];
    const reached = new Set(nodesInOrder(outputs));
    const isInside = (_: unknown, index: number): boolean => {
      const node = nodes[index]?.node;
      return node !== undefined && reached.has(node);
    };
    return new GraphModel(
      { name: `${this.name}_to_${name}`, inputs: this.graphInputs, outputs, nodes: nodes.filter(isInside) },
      { layers: this.imported.filter(isInside), inputs: this.inputs },
    );
  }

  get layers(): readonly ImportedLayer[] {
    return [...this.imported];
  }

  /** A graph's outputs come from no layer of a name of its own. */
  override get outputNames(): readonly string[] {
    return this.outputs.map((_, index) => (this.outputs.length === 1 ? "output" : `output_${index}`));
  }

  override get built(): boolean {
    return true;
  }

  layerShapes(): ReadonlyMap<Layer, Shape> {
    return new Map(this.layers.map((layer) => [layer, layer.nodeShape]));
  }

  protected override compute(inputs: readonly Value[], context: CallContext): readonly Value[] {
    const substitutes = new Map<Value, Value>();
    this.graphInputs.forEach((placeholder, index) => {
      const value = inputs[index];
      if (value !== undefined) substitutes.set(placeholder, value);
    });
    for (const { placeholders } of this.layers) {
      for (const [placeholder, variable] of placeholders) substitutes.set(placeholder, context.weight(variable));
    }
    const sized = this.graphInputs.some(({ shape }, index) => !sameShape(shape, inputs[index]?.shape ?? shape));
    // Where a size was open, what follows from it is inferred anew.
    const replace: Replace = (node, given) => recreate(node, given).outputs;
    return this.graphOutputs.map(rebuild(this.graphOutputs, substitutes, sized ? replace : undefined));
  }

  /**
   * Name of the first layer of the network's last block: of the layers behind the last place where branches join or the
   * picture shrinks by pooling, with at least one such layer behind it.
   */
  get lastBlock(): string {
    const order = nodesInOrder(this.graphOutputs);
    const position = new Map(order.map((node, index) => [node, index]));
    const joints = order.flatMap((node, index) => (isJoint(node) ? [index] : []));
    const places = this.layers.map((layer) => {
      const node = this.nodesOfLayers.get(layer);
      return node === undefined ? -1 : (position.get(node) ?? -1);
    });
    const last = places.at(-1) ?? -1;
    const joint = joints.filter((index) => index < last).at(-1) ?? -1;
    const first = places.findIndex((place) => place > joint);
    return this.layers[Math.max(first, 0)]?.name ?? this.name;
  }

  override getConfig(): Record<string, unknown> {
    return { name: this.name, trainable: this.trainable };
  }
}

/** Whether branches join here (a sum or concatenation of two computed values), or pooling shrinks the picture. */
function isJoint({ op, inputs }: Node): boolean {
  if (op === "MaxPool" || op === "AveragePool" || op === "Concat") return true;
  return op === "Add" && inputs.every((value) => value?.source.kind === "node");
}

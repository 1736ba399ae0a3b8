import { UsageError } from "../errors/errors.js";
import type { TensorData } from "../onnx/tensor-data.js";
import { nodesInOrder } from "../graph/graph.js";
import { rebuild } from "../graph/rebuild.js";
import type { Shape } from "../graph/shape.js";
import type { Node, Value } from "../graph/value.js";
import { channelsLast } from "../nn/channels.js";
import type { CallContext } from "../nn/context.js";
import type { Initializer } from "../nn/initializers/initializer.js";
import { Layer } from "../nn/layer.js";
import { SymbolicTensor } from "../nn/symbolic-tensor.js";
import type { Variable } from "../nn/variable.js";
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
  readonly outputShape: Shape;
  private readonly op: string;
  /** The graph's placeholder of each weight. */
  readonly placeholders = new Map<Value, Variable>();

  constructor({ name, node, weights }: ImportedNode) {
    super({ name });
    this.op = node.op;
    this.outputShape = channelsLast(node.outputs[0]?.shape ?? []);
    for (const { name: weight, placeholder, tensor, learnable } of weights) {
      this.placeholders.set(placeholder, this.createWeight(weight, tensor.dims, fromFile(tensor), { learnable }));
    }
  }

  override get className(): string {
    return this.op;
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

/**
 * A network that came as a graph of operators rather than of layers. Its nodes with weights are its layers, so it can be
 * frozen and unfrozen like any model; imported batch normalization always uses its own statistics, as a frozen one does.
 */
export class GraphModel extends BaseModel {
  static readonly className: string = "GraphModel";
  readonly layers: readonly ImportedLayer[];
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: readonly SymbolicTensor[];
  private readonly graphInputs: readonly Value[];
  private readonly graphOutputs: readonly Value[];
  private readonly nodesOfLayers: ReadonlyMap<Layer, Node>;

  constructor({ name, inputs, outputs, nodes }: GraphModelOptions) {
    super({ name });
    this.layers = nodes.map((node) => new ImportedLayer(node));
    this.nodesOfLayers = new Map(
      nodes.flatMap(({ node }, index) => {
        const layer = this.layers[index];
        return layer === undefined ? [] : [[layer, node] as const];
      }),
    );
    this.graphInputs = inputs;
    this.graphOutputs = outputs;
    this.inputs = inputs.map(({ shape, type }) => new SymbolicTensor(channelsLast(shape), type, undefined));
    this.outputs = outputs.map(({ shape, type }) => new SymbolicTensor(channelsLast(shape), type, undefined));
  }

  override get built(): boolean {
    return true;
  }

  layerShapes(): ReadonlyMap<Layer, Shape> {
    return new Map(this.layers.map((layer) => [layer, layer.outputShape]));
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
    return this.graphOutputs.map(rebuild(this.graphOutputs, substitutes));
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

import { UsageError } from "../errors/errors.js";
import type { TensorData } from "../onnx/tensor-data.js";
import { nodesInOrder } from "../graph/graph.js";
import { type Replace, rebuild } from "../graph/rebuild.js";
import { sameShape, type Shape } from "../graph/shape.js";
import type { Node, Value, ValueType } from "../graph/value.js";
import { channelsLast } from "../nn/channels.js";
import type { CallContext } from "../nn/context.js";
import { Layer } from "../nn/layer.js";
import { inferOpen } from "../nn/open-extents.js";
import { type LayerCall, SymbolicTensor } from "../nn/symbolic-tensor.js";
import type { InitialValues, Variable } from "../nn/variable.js";
import { recreate } from "../ops/table.js";
import { BaseModel } from "./base-model.js";
import { stagesOf } from "./graph-stages.js";

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
function fromFile(tensor: TensorData<"float32">): InitialValues {
  return { values: () => tensor.data };
}

/** A node of an imported graph that has weights: it can be looked at and frozen, but is called only as part of its graph. */
class ImportedLayer extends Layer {
  private readonly op: string;
  /** What leads to the node's output; its graph says it. */
  cut: (() => SymbolicTensor) | undefined;
  /** The node's weights, in the order in which it was imported. */
  readonly nodeWeights: readonly Variable[];

  /** @param nodeShape shape of the node's output in Keras's order */
  constructor(
    { name, node, weights }: ImportedNode,
    readonly nodeShape: Shape,
  ) {
    super({ name });
    this.op = node.op;
    this.nodeWeights = weights.map(({ name: weight, tensor, learnable }) =>
      this.createWeight(weight, tensor.dims, fromFile(tensor), { learnable }),
    );
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

/** A graph whose weights are placeholders. */
export interface ImportedGraph {
  /** Inputs of the graph; rank 4 is `[N, C, H, W]`. */
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  /** Nodes with weights in the order in which data passes them; weights are placeholders (inputs) of the graph. */
  readonly nodes: readonly ImportedNode[];
}

/** Inputs whose extents vary: what a file computes is written anew for each size that comes, since constants may follow from it. */
export interface OpenSizes {
  /** Shapes of the inputs, in the graph's order of axes; extents that vary are text. */
  readonly shapes: readonly Shape[];
  /**
   * The same network for known extents behind the batch: nodes with weights are those of every other size, in the same order.
   *
   * @throws GraftError when the network does not take this size
   */
  readonly at: (shapes: readonly Shape[]) => ImportedGraph;
}

/** What a graph model is made from. */
export interface GraphModelOptions extends ImportedGraph {
  readonly name: string;
  /** Default: the sizes of `inputs` are the only ones. */
  readonly open?: OpenSizes | undefined;
}

/**
 * What a graph gives for inputs, and what its nodes with weights give.
 *
 * @throws GraftError when sizes are open and no graph takes all of them
 */
function typesOf({ inputs, outputs, nodes, open }: GraphModelOptions): {
  readonly inputs: readonly ValueType[];
  readonly outputs: readonly ValueType[];
  readonly nodes: readonly ValueType[];
} {
  const results = (graph: ImportedGraph): readonly ValueType[] => [
    ...graph.outputs,
    ...graph.nodes.flatMap(({ node }) => node.outputs.slice(0, 1)),
  ];
  if (open === undefined) return { inputs, outputs, nodes: results({ inputs, outputs: [], nodes }) };
  const types = inputs.map(({ type }, index) => ({ type, shape: open.shapes[index] ?? [] }));
  const found = inferOpen(types, (given) => results(open.at(given.map(({ shape }) => shape))));
  return { inputs: types, outputs: found.slice(0, outputs.length), nodes: found.slice(outputs.length) };
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
  private readonly graph: ImportedGraph;
  private readonly open: OpenSizes | undefined;

  /** @throws GraftError when sizes are open and the network does not take them */
  constructor(options: GraphModelOptions, cut?: Cut) {
    super({ name: options.name });
    this.graph = options;
    this.open = options.open;
    const { inputs, outputs, nodes } = typesOf(options);
    this.imported =
      cut?.layers ??
      options.nodes.map((node, index) => new ImportedLayer(node, channelsLast(nodes[index]?.shape ?? [])));
    this.inputs =
      cut?.inputs ?? inputs.map(({ shape, type }) => new SymbolicTensor(channelsLast(shape), type, undefined));
    const call = (): LayerCall => ({ layer: this, inputs: this.inputs, outputs: this.outputs });
    this.outputs = outputs.map(({ shape, type }) => new SymbolicTensor(channelsLast(shape), type, call));
    if (cut === undefined) this.offerCuts(options.nodes);
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
    const place = nodes.findIndex(({ node }) => value !== undefined && node.outputs.includes(value));
    const part = (whole: ImportedGraph): ImportedGraph => ({
      inputs: whole.inputs,
      outputs: whole.nodes[place]?.node.outputs.slice(0, 1) ?? [],
      nodes: whole.nodes.filter(isInside),
    });
    const { open } = this;
    return new GraphModel(
      {
        name: `${this.name}_to_${name}`,
        ...part(this.graph),
        open: open && { shapes: open.shapes, at: (shapes) => part(open.at(shapes)) },
      },
      { layers: this.imported.filter(isInside), inputs: this.inputs },
    );
  }

  /**
   * The same network, whose layers it shares, with more outputs.
   *
   * @param find values of its graph that become outputs too; of graphs for other sizes, those in the same place
   */
  withOutputs(find: (graph: ImportedGraph) => readonly Value[]): GraphModel {
    const more = (whole: ImportedGraph): ImportedGraph => ({ ...whole, outputs: [...whole.outputs, ...find(whole)] });
    const { open, name } = this;
    const wider = open && { shapes: open.shapes, at: (shapes: readonly Shape[]) => more(open.at(shapes)) };
    const { inputs, outputs, nodes } = more(this.graph);
    return new GraphModel(
      { name, inputs, outputs, nodes, open: wider },
      { layers: this.imported, inputs: this.inputs },
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
    const graph = this.graphFor(inputs);
    const substitutes = new Map<Value, Value>();
    graph.inputs.forEach((placeholder, index) => {
      const value = inputs[index];
      if (value !== undefined) substitutes.set(placeholder, value);
    });
    this.imported.forEach(({ nodeWeights }, layer) => {
      nodeWeights.forEach((variable, index) => {
        const placeholder = graph.nodes[layer]?.weights[index]?.placeholder;
        if (placeholder !== undefined) substitutes.set(placeholder, context.weight(variable));
      });
    });
    const sized = graph.inputs.some(({ shape }, index) => !sameShape(shape, inputs[index]?.shape ?? shape));
    // Where a size is another, such as a known number of samples, what follows from it is inferred anew.
    const replace: Replace = (node, given) => recreate(node, given).outputs;
    return graph.outputs.map(rebuild(graph.outputs, substitutes, sized ? replace : undefined));
  }

  /** The graph that is written for the sizes of some inputs. */
  private graphFor(inputs: readonly Value[]): ImportedGraph {
    const { open, graph } = this;
    if (open === undefined) return graph;
    const shapes = graph.inputs.map(({ shape }, index) => [
      ...shape.slice(0, 1),
      ...(inputs[index]?.shape ?? shape).slice(1),
    ]);
    return graph.inputs.every(({ shape }, index) => sameShape(shape, shapes[index] ?? [])) ? graph : open.at(shapes);
  }

  /** Names of the layers with which the network's stages begin, in order: see {@link stagesOf}. */
  get stages(): readonly string[] {
    const layers = this.graph.nodes.map(({ node, weights }, index) => ({
      name: this.imported[index]?.name ?? "",
      node,
      weightDims: weights.map(({ tensor }) => tensor.dims),
    }));
    return stagesOf(this.graph.outputs, layers);
  }

  override getConfig(): Record<string, unknown> {
    return { name: this.name, trainable: this.trainable };
  }
}

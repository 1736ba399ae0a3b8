import { type GraphWithWeights, nodesInOrder, usesOf } from "../graph/graph.js";
import { rebuild } from "../graph/rebuild.js";
import { constant, constantData, type Node, producer, type Value } from "../graph/value.js";
import { float32, type TensorData } from "../onnx/tensor-data.js";
import { recreate } from "../ops/table.js";

type Float32 = TensorData<"float32">;

function floats(value: Value | undefined): Float32 | undefined {
  const data = constantData(value);
  return data?.type === "float32" ? (data as Float32) : undefined;
}

/** A convolution with constant weights. */
interface Convolution {
  readonly node: Node;
  readonly kernel: Float32;
  readonly bias: Float32 | undefined;
}

function convolutionOf(value: Value | undefined): Convolution | undefined {
  const node = value && producer(value);
  if (node?.op !== "Conv") return undefined;
  const kernel = floats(node.inputs[1]);
  const bias = floats(node.inputs[2]);
  // A bias that is computed cannot be changed here.
  return kernel === undefined || (node.inputs[2] !== undefined && bias === undefined)
    ? undefined
    : { node, kernel, bias };
}

/** The numbers of a constant with one for each channel of `[N, C, H, W]`. */
function perChannel(value: Value | undefined, channels: number | undefined): Float32Array | undefined {
  const tensor = floats(value);
  const [batch, , height, width] = tensor?.dims ?? [];
  const isAlongChannels = tensor?.dims.length === 4 && batch === 1 && height === 1 && width === 1;
  return isAlongChannels && tensor.data.length === channels ? tensor.data : undefined;
}

/** The convolution with its results multiplied: the weights of each output channel are. */
function scaled({ node, kernel, bias }: Convolution, factors: Float32Array): Node {
  const size = kernel.data.length / factors.length;
  const weights = kernel.data.map((value, index) => value * (factors[Math.floor(index / size)] ?? 1));
  const moved = bias?.data.map((value, channel) => value * (factors[channel] ?? 1));
  return recreate(node, [
    node.inputs[0],
    constant(float32(weights, kernel.dims)),
    moved && constant(float32(moved, [moved.length])),
  ]);
}

/** The convolution with something added to its results. */
function shifted({ node, bias }: Convolution, shifts: Float32Array): Node {
  const sums = shifts.map((value, channel) => (bias?.data[channel] ?? 0) + value);
  return recreate(node, [node.inputs[0], node.inputs[1], constant(float32(sums, [sums.length]))]);
}

/** Folds in one graph; keeps count of users and names of the nodes that it makes. */
class Folding {
  readonly names: Map<Node, string>;
  private readonly uses: Map<Value, number>;

  constructor({ outputs, names }: GraphWithWeights) {
    this.names = new Map(names);
    this.uses = new Map(usesOf(outputs));
  }

  /** What stands in the place of a node, all of whose inputs are renewed already. */
  replace(node: Node, inputs: readonly (Value | undefined)[]): readonly Value[] {
    const made = this.fold(node, inputs) ?? node.withInputs(inputs);
    const name = this.names.get(node);
    if (name !== undefined && !this.names.has(made)) this.names.set(made, name);
    node.outputs.forEach((output, index) => {
      const value = made.outputs[index];
      if (value !== undefined) this.uses.set(value, this.uses.get(output) ?? 0);
    });
    return made.outputs;
  }

  private fold({ op }: Node, inputs: readonly (Value | undefined)[]): Node | undefined {
    if (op !== "Mul" && op !== "Add") return undefined;
    const place = inputs.findIndex((value) => floats(value) === undefined);
    const [value, other] = [inputs[place], inputs[1 - place]];
    if (value === undefined || this.uses.get(value) !== 1) return undefined;
    if (op === "Mul") return this.inConvolution(value, other, scaled);
    return this.inConvolution(value, other, shifted) ?? this.inBranch(value, other);
  }

  private inConvolution(
    value: Value,
    other: Value | undefined,
    change: (convolution: Convolution, numbers: Float32Array) => Node,
  ): Node | undefined {
    const convolution = convolutionOf(value);
    const numbers = perChannel(other, convolution?.kernel.dims[0]);
    if (convolution === undefined || numbers === undefined) return undefined;
    return this.named(change(convolution, numbers), convolution.node);
  }

  /** TensorFlow's optimizer moves a bias behind the sum of two branches; it goes back into the branch that ends in a convolution. */
  private inBranch(sum: Value, other: Value | undefined): Node | undefined {
    const node = producer(sum);
    if (node?.op !== "Add") return undefined;
    for (const [place, branch] of node.inputs.entries()) {
      if (branch === undefined || this.uses.get(branch) !== 1) continue;
      const [made] = this.inConvolution(branch, other, shifted)?.outputs ?? [];
      if (made === undefined) continue;
      this.uses.set(made, 1);
      return node.withInputs(node.inputs.map((value, index) => (index === place ? made : value)));
    }
    return undefined;
  }

  private named(made: Node, convolution: Node): Node {
    const name = this.names.get(convolution);
    if (name !== undefined) this.names.set(made, name);
    return made;
  }
}

/**
 * A graph in which factors and shifts behind convolutions, one a channel, are part of these: what is left of batch
 * normalization in graphs that were prepared for inference. Only what is used nowhere else is folded; convolutions keep
 * their names.
 */
export function foldScales(graph: GraphWithWeights): GraphWithWeights {
  const folding = new Folding(graph);
  const renew = rebuild(graph.outputs, new Map(), (node, inputs) => folding.replace(node, inputs));
  const outputs = graph.outputs.map(renew);
  const left = new Set(nodesInOrder(outputs));
  return { ...graph, outputs, names: new Map([...folding.names].filter(([node]) => left.has(node))) };
}

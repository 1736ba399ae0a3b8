import { FileError } from "../../errors/errors.js";
import type { Attribute, OnnxModel, OnnxNode } from "../../onnx/model.js";
import { elementCount, float32, type TensorData } from "../../onnx/tensor-data.js";
import { attributeOf, type TfNode } from "./tfjs-attributes.js";
import type { TfjsGraphModel } from "./tfjs.js";

type Float32 = TensorData<"float32">;

/** Which part of a TensorFlow.js graph is converted, and what the result is called. */
export interface TfjsCut {
  /** The model's name, for messages. */
  readonly file: string;
  /** The convolution that the image goes into; everything before it is left out. */
  readonly from: string;
  /** The node whose output is the result. */
  readonly to: string;
  /** The name that a node gets in the result; default its own. */
  readonly rename?: (name: string) => string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What stands for a TensorFlow node while its graph is converted. */
type Converted =
  | { readonly kind: "constant"; readonly tensor: Float32 }
  /** A convolution whose scale and bias may still follow in nodes of their own. */
  | {
      readonly kind: "conv";
      readonly node: TfNode;
      readonly x: string;
      readonly kernel: Float32;
      readonly bias: Float32 | undefined;
    }
  /** A sum of values whose bias may still follow: TensorFlow's optimizer moves biases behind the sum of two branches. */
  | { readonly kind: "sum"; readonly node: TfNode; readonly values: readonly string[] }
  | { readonly kind: "value"; readonly name: string };

/** Kernels from TensorFlow's `[kh, kw, in, out]` to ONNX's `[out, in, kh, kw]`. */
function toOutputFirst({ dims, data }: Float32): Float32 {
  const [height = 1, width = 1, inputs = 1, outputs = 1] = dims;
  const moved = new Float32Array(data.length);
  let from = 0;
  for (let place = 0; place < height * width; place++) {
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < outputs; o++) moved[(o * inputs + i) * height * width + place] = data[from++] ?? 0;
    }
  }
  return float32(moved, [outputs, inputs, height, width]);
}

/** Kernels of depthwise convolutions from `[kh, kw, channels, multiplier]` to ONNX's `[channels · multiplier, 1, kh, kw]`. */
function toChannelFirst({ dims, data }: Float32): Float32 {
  const [height = 1, width = 1, channels = 1, multiplier = 1] = dims;
  const flat = float32(data, [height, width, 1, channels * multiplier]);
  return toOutputFirst(flat);
}

/** Multiplies each output channel of an `[out, …]` kernel, or each element of a bias, by its factor. */
function scaled(tensor: Float32, factors: Float32): Float32 {
  const size = tensor.data.length / factors.data.length;
  return float32(
    tensor.data.map((value, index) => value * (factors.data[Math.floor(index / size)] ?? 1)),
    tensor.dims,
  );
}

function sum(a: Float32, b: Float32): Float32 {
  return float32(
    a.data.map((value, index) => value + (b.data[index] ?? 0)),
    a.dims,
  );
}

class Converter {
  private readonly converted = new Map<string, Converted>();
  private readonly nodes = new Map<string, TfNode>();
  private readonly written: OnnxNode[] = [];
  private readonly constants = new Map<string, TensorData>();
  /** Number of nodes that use each node: only a convolution with one user may take that user in. */
  private readonly users = new Map<string, number>();

  constructor(
    private readonly model: TfjsGraphModel,
    private readonly cut: TfjsCut,
  ) {
    for (const node of model.nodes) this.nodes.set(node.name, node);
  }

  convert(): OnnxModel {
    const order = this.order();
    for (const node of order) {
      for (const name of this.inputsOf(node)) this.users.set(name, (this.users.get(name) ?? 0) + 1);
    }
    for (const node of order) this.converted.set(node.name, this.convertNode(node));
    const output = this.valueOf(this.cut.to);
    const channels = this.written.findLast(({ outputs }) => outputs.includes(output))?.name ?? "channels";
    return {
      irVersion: 8,
      opsets: { "": 18 },
      producer: "graft-ml",
      graphName: this.cut.file,
      nodes: this.written,
      inputs: [{ name: "input", type: "float32", shape: ["batch", 3, "height", "width"] }],
      outputs: [{ name: output, type: "float32", shape: ["batch", `${channels}_channels`, "rows", "columns"] }],
      constants: this.constants,
      metadata: this.cut.metadata ?? {},
    };
  }

  private node(name: string): TfNode {
    const node = this.nodes.get(name);
    if (node !== undefined) return node;
    throw new FileError(`${this.cut.file} has no node "${name}".`, {
      subject: name,
      expected: "the network that Graft knows",
      received: `a graph of ${this.nodes.size} nodes without it`,
    });
  }

  /** Data inputs without output numbers; the image goes into the first convolution in the place of its own input. */
  private inputsOf(node: TfNode): string[] {
    const names = node.inputs.filter((name) => !name.startsWith("^")).map((name) => name.replace(/:0$/, ""));
    return node.name === this.cut.from ? names.slice(1) : names;
  }

  private order(): TfNode[] {
    const order: TfNode[] = [];
    const seen = new Set<string>();
    const stack = [{ name: this.cut.to, inputsDone: false }];
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      const node = this.node(top.name);
      if (top.inputsDone) {
        order.push(node);
      } else if (!seen.has(top.name)) {
        seen.add(top.name);
        stack.push({ name: top.name, inputsDone: true });
        for (const name of this.inputsOf(node)) stack.push({ name, inputsDone: false });
      }
    }
    if (!seen.has(this.cut.from)) this.node(this.cut.from);
    return order;
  }

  private nameOf(node: TfNode): string {
    return this.cut.rename?.(node.name) ?? node.name;
  }

  /** The name of a node's value, once everything that belongs to it is written. */
  private valueOf(name: string): string {
    const converted = this.converted.get(name);
    if (converted?.kind === "conv") return this.writeConv(name, converted);
    if (converted?.kind === "sum") {
      const written = this.write(converted.node, "Add", converted.values);
      this.converted.set(name, { kind: "value", name: written });
      return written;
    }
    if (converted?.kind === "value") return converted.name;
    throw this.unsupported(this.node(name), "a constant in the place of data");
  }

  private constantOf(name: string | undefined): Float32 | undefined {
    const converted = name === undefined ? undefined : this.converted.get(name);
    return converted?.kind === "constant" ? converted.tensor : undefined;
  }

  private unsupported(node: TfNode, received: string): FileError {
    return new FileError(`The node "${node.name}" of ${this.cut.file} cannot be converted.`, {
      subject: node.name,
      expected: "Conv2D, DepthwiseConv2dNative, Add, AddN, BiasAdd, Mul by a constant, Relu or Relu6",
      received,
    });
  }

  private convertNode(node: TfNode): Converted {
    const inputs = this.inputsOf(node);
    const [first, second] = inputs;
    switch (node.op) {
      case "Const":
        return { kind: "constant", tensor: this.weight(node) };
      case "Conv2D":
      case "DepthwiseConv2dNative":
        return this.convolution(node, inputs);
      case "Mul":
        return this.folded(node, first, second, (conv, factors) => ({
          ...conv,
          kernel: scaled(conv.kernel, factors),
          bias: conv.bias && scaled(conv.bias, factors),
        }));
      case "Add":
      case "AddV2":
      case "AddN":
      case "BiasAdd":
        return this.sum(node, inputs);
      case "Relu":
        return { kind: "value", name: this.write(node, "Relu", inputs) };
      case "Relu6":
        return {
          kind: "value",
          name: this.write(node, "Clip", inputs, [this.limit("relu6_min", 0), this.limit("relu6_max", 6)]),
        };
      default:
        throw this.unsupported(node, node.op);
    }
  }

  private weight(node: TfNode): Float32 {
    const tensor = this.model.weights.get(node.name);
    if (tensor?.type === "float32") return tensor as Float32;
    throw this.unsupported(
      node,
      tensor === undefined ? "a constant without values" : `a constant of type ${tensor.type}`,
    );
  }

  private convolution(node: TfNode, inputs: readonly string[]): Converted {
    const kernel = this.constantOf(inputs.at(-1));
    if (kernel === undefined || attributeOf(node, "data_format", "string", "NHWC") !== "NHWC") {
      throw this.unsupported(node, kernel === undefined ? "a kernel that is not constant" : "channels first");
    }
    const x = node.name === this.cut.from ? "input" : this.valueOf(inputs[0] ?? "");
    const moved = node.op === "Conv2D" ? toOutputFirst(kernel) : toChannelFirst(kernel);
    return { kind: "conv", node, x, kernel: moved, bias: undefined };
  }

  /** Takes a scale or bias into the convolution before it: the way inference has always folded batch normalization. */
  private folded(
    node: TfNode,
    first: string | undefined,
    second: string | undefined,
    change: (conv: Extract<Converted, { kind: "conv" }>, constant: Float32) => Converted,
  ): Converted {
    const [name, constant] = [
      [first, this.constantOf(second)] as const,
      [second, this.constantOf(first)] as const,
    ].find(([, tensor]) => tensor !== undefined) ?? [undefined, undefined];
    const conv = name === undefined ? undefined : this.converted.get(name);
    if (name === undefined || constant === undefined || conv?.kind !== "conv" || this.users.get(name) !== 1) {
      throw this.unsupported(node, `${node.op} of something else than a convolution and a constant`);
    }
    if (elementCount(constant.dims) !== conv.kernel.dims[0]) {
      throw this.unsupported(node, `${elementCount(constant.dims)} values for ${conv.kernel.dims[0] ?? 0} channels`);
    }
    return change(conv, constant);
  }

  /** A sum of values and of biases; a bias goes into a convolution whose result is used nowhere else. */
  private sum(node: TfNode, inputs: readonly string[]): Converted {
    const constants = inputs.flatMap((name) => this.constantOf(name) ?? []);
    const values = inputs.filter((name) => this.constantOf(name) === undefined);
    const [first, ...others] = constants;
    const bias = first && others.reduce(sum, first);
    const [value] = values;
    if (bias === undefined) return { kind: "sum", node, values };
    if (value === undefined) return { kind: "constant", tensor: bias };
    const before = this.converted.get(value);
    const alone = values.length === 1 && this.users.get(value) === 1;
    const terms = alone && before?.kind === "sum" ? before.values : values;
    const taker = terms.find((name) => this.converted.get(name)?.kind === "conv" && this.users.get(name) === 1);
    const conv = taker === undefined ? undefined : this.converted.get(taker);
    if (taker === undefined || conv?.kind !== "conv" || elementCount(bias.dims) !== conv.kernel.dims[0]) {
      throw this.unsupported(node, "a bias that no convolution before it can take in");
    }
    const biased: Converted = { ...conv, bias: conv.bias === undefined ? bias : sum(conv.bias, bias) };
    if (terms.length === 1) return biased;
    this.converted.set(taker, biased);
    return { kind: "sum", node, values: terms };
  }

  private limit(name: string, value: number): string {
    this.constants.set(name, float32([value], []));
    return name;
  }

  private writeConv(name: string, { node, x, kernel, bias }: Extract<Converted, { kind: "conv" }>): string {
    const output = this.nameOf(node);
    const [, strideH = 1, strideW = 1] = attributeOf(node, "strides", "ints");
    const [, dilationH = 1, dilationW = 1] = attributeOf(node, "dilations", "ints", [1, 1, 1, 1]);
    const padding = attributeOf(node, "padding", "string");
    if (padding !== "SAME" && padding !== "VALID") throw this.unsupported(node, `padding ${padding}`);
    const inputs = [x, `${output}/kernel`];
    this.constants.set(`${output}/kernel`, kernel);
    if (bias !== undefined) {
      inputs.push(`${output}/bias`);
      this.constants.set(`${output}/bias`, float32(bias.data, [bias.data.length]));
    }
    const ints = (...value: number[]): Attribute => ({ type: "ints", value });
    this.written.push({
      name: output,
      op: "Conv",
      domain: "",
      inputs,
      outputs: [output],
      attributes: {
        kernel_shape: ints(kernel.dims[2] ?? 1, kernel.dims[3] ?? 1),
        strides: ints(strideH, strideW),
        dilations: ints(dilationH, dilationW),
        group: { type: "int", value: node.op === "Conv2D" ? 1 : (kernel.dims[0] ?? 1) },
        auto_pad: { type: "string", value: padding === "SAME" ? "SAME_UPPER" : "VALID" },
      },
    });
    this.converted.set(name, { kind: "value", name: output });
    return output;
  }

  /** Writes a node and gives the name of its output. */
  private write(node: TfNode, op: string, inputs: readonly string[], more: readonly string[] = []): string {
    const values = inputs.map((name) => this.valueOf(name));
    const [first = "", second, ...others] = values;
    if (others.length > 0) throw this.unsupported(node, `${node.op} of ${values.length} values`);
    const name = `${this.nameOf(node)}/${op}`;
    this.written.push({
      name,
      op,
      domain: "",
      inputs: [first, ...(second === undefined ? [] : [second]), ...more],
      outputs: [name],
      attributes: {},
    });
    return name;
  }
}

/**
 * Converts a part of a TensorFlow.js graph to ONNX: convolutions with the scales and biases behind them folded in, sums
 * and rectifiers, which is what MobileNets are made of. Channels come first in the result.
 *
 * @throws FileError when the graph lacks the named nodes or holds operators that are not converted
 */
export function tfjsToOnnx(model: TfjsGraphModel, cut: TfjsCut): OnnxModel {
  return new Converter(model, cut).convert();
}

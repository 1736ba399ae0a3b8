import { FileError, GraftError } from "../../errors/errors.js";
import { type Dim, dimProduct, dimQuotient, isStatic, type Shape } from "../../graph/shape.js";
import { constant, constantData, type Value } from "../../graph/value.js";
import type { Attribute, OnnxNode } from "../../onnx/model.js";
import { allocate, elementCount, float32, type TensorData } from "../../onnx/tensor-data.js";
import { integers, scalar } from "../../ops/constants.js";
import { identity } from "../../ops/layout.js";
import { reshapeTo } from "../../ops/reshape.js";
import { isOperatorName, rowOf } from "../../ops/table.js";
import { halfToFloat32 } from "../../onnx/half.js";

type Inputs = readonly (Value | undefined)[];
type Plain = Record<string, Attribute["value"] | undefined>;

/** Attributes that change nothing in inference, or say what is so anyway. */
const ignored: Readonly<Record<string, readonly string[]>> = {
  BatchNormalization: ["momentum", "spatial", "training_mode", "is_test", "consumed_inputs"],
  MaxPool: ["storage_order"],
  Gemm: ["broadcast"],
  Add: ["broadcast", "axis", "consumed_inputs"],
  Mul: ["broadcast", "axis", "consumed_inputs"],
  Reshape: ["allowzero"],
  Relu: ["consumed_inputs"],
};

/** Inputs that older versions of an operator had as attributes: name and place. */
const formerAttributes: Readonly<Record<string, readonly (readonly [attribute: string, input: number])[]>> = {
  ReduceSum: [["axes", 1]],
  ReduceMean: [["axes", 1]],
  ReduceMax: [["axes", 1]],
  ReduceMin: [["axes", 1]],
  ReduceProd: [["axes", 1]],
  ReduceSumSquare: [["axes", 1]],
  ReduceL2: [["axes", 1]],
  Squeeze: [["axes", 1]],
  Unsqueeze: [["axes", 1]],
  Reshape: [["shape", 1]],
  Slice: [
    ["starts", 1],
    ["ends", 2],
    ["axes", 3],
  ],
  Pad: [
    ["pads", 1],
    ["paddings", 1],
    ["value", 2],
  ],
  Clip: [
    ["min", 1],
    ["max", 2],
  ],
  Split: [["split", 1]],
};

const elementTypes: Readonly<Record<number, TensorData["type"]>> = {
  1: "float32",
  2: "uint8",
  3: "int8",
  6: "int32",
  7: "int64",
  9: "bool",
  10: "float32",
  11: "float64",
};

function asValue(attribute: Attribute["value"]): Value {
  if (typeof attribute === "number") return scalar("float32", attribute);
  return integers(attribute as readonly number[]);
}

function plainOf(node: OnnxNode): Plain {
  return Object.fromEntries(Object.entries(node.attributes).map(([name, { value }]) => [name, value]));
}

/** Makes operators of Graft of a file's nodes, one after the other. */
export class NodeImporter {
  /** Shapes that the file computes: the extents that an int64 value will hold, as far as they are known. */
  private readonly extents = new Map<Value, readonly Dim[]>();

  constructor(
    private readonly file: string,
    private readonly opset: number,
  ) {}

  /**
   * The outputs of one node.
   *
   * @throws FileError naming the node, when Graft lacks its operator or its inputs do not fit
   */
  import(node: OnnxNode, inputs: Inputs): readonly Value[] {
    try {
      return this.convert(node, inputs);
    } catch (error) {
      if (!(error instanceof GraftError) || error instanceof FileError) throw error;
      throw new FileError(`The node "${node.name}" (${node.op}) of ${this.file} cannot be used: ${error.message}`, {
        subject: node.name,
        cause: error,
      });
    }
  }

  private convert(node: OnnxNode, inputs: Inputs): readonly Value[] {
    const [x] = inputs;
    const plain = plainOf(node);
    switch (node.op) {
      case "Constant":
        return [this.constant(node)];
      case "ConstantOfShape":
        return [this.constantOfShape(node, x)];
      case "Identity":
      case "Dropout":
        return x === undefined ? [] : [x];
      case "Sum":
        return [this.sum(inputs)];
      case "Cast":
        return [this.cast(node, x, Number(plain["to"]))];
      case "Reshape":
        return [this.reshape(node, this.withFormerAttributes(node.op, inputs, plain))];
      case "Softmax":
      case "LogSoftmax":
        return [this.softmax(node, x, plain)];
      default:
        return this.generic(node, this.withFormerAttributes(node.op, inputs, plain), plain);
    }
  }

  private generic(node: OnnxNode, inputs: Inputs, plain: Plain): readonly Value[] {
    if (node.domain !== "" || !isOperatorName(node.op)) {
      throw new FileError(`${this.file} uses the operator "${node.op}", which Graft does not have.`, {
        subject: node.name,
        expected: "a network of standard ONNX operators for images",
        received: node.domain === "" ? node.op : `${node.op} of the domain ${node.domain}`,
        advice: "Export the network for inference with standard operators, or cut it before this node.",
      });
    }
    const former = (formerAttributes[node.op] ?? []).map(([attribute]) => attribute);
    const dropped = [...(ignored[node.op] ?? []), ...former];
    const attributes = Object.fromEntries(Object.entries(plain).filter(([name]) => !dropped.includes(name)));
    const { outputs } = rowOf(node.op).create(inputs, attributes);
    this.follow(node, inputs, plain, outputs[0]);
    return outputs;
  }

  /** The inputs, with attributes moved to the places that they have among them now. */
  private withFormerAttributes(op: string, inputs: Inputs, plain: Plain): Inputs {
    const moved = [...inputs];
    for (const [attribute, place] of formerAttributes[op] ?? []) {
      const value = plain[attribute];
      if (value !== undefined) moved[place] = asValue(value);
    }
    return Array.from(moved);
  }

  private constant(node: OnnxNode): Value {
    const { value, value_float, value_floats, value_int, value_ints } = node.attributes;
    if (value?.type === "tensor") {
      const tensor = value.value;
      return constant(
        tensor.type === "float16" ? float32(halfToFloat32(tensor.data as Uint16Array), tensor.dims) : tensor,
      );
    }
    if (value_float?.type === "float") return scalar("float32", value_float.value);
    if (value_floats?.type === "floats") return constant(float32(value_floats.value, [value_floats.value.length]));
    if (value_int?.type === "int") return scalar("int64", value_int.value);
    if (value_ints?.type === "ints") return integers(value_ints.value);
    throw new FileError(`The constant "${node.name}" of ${this.file} holds nothing that Graft reads.`, {
      subject: node.name,
      expected: "numbers",
      received: Object.keys(node.attributes).join(", ") || "nothing",
    });
  }

  private constantOfShape(node: OnnxNode, shape: Value | undefined): Value {
    const data = constantData(shape);
    const fill = node.attributes["value"];
    const tensor = fill?.type === "tensor" ? fill.value : float32([0], [1]);
    if (data === undefined) {
      throw new FileError(`The shape of "${node.name}" in ${this.file} is not known when the graph is built.`, {
        subject: node.name,
        expected: "a constant shape",
        received: "a computed one",
      });
    }
    const dims = Array.from(data.data as BigInt64Array, Number);
    const filled = allocate(tensor.type, elementCount(dims));
    filled.fill((tensor.data[0] ?? 0) as never);
    return constant({ type: tensor.type, dims, data: filled });
  }

  private sum(inputs: Inputs): Value {
    const values = inputs.filter((value): value is Value => value !== undefined);
    const [first, ...rest] = values;
    if (first === undefined) throw new FileError(`A Sum of ${this.file} has no inputs.`, { subject: "Sum" });
    return rest.reduce((total, value) => rowOf("Add").create([total, value], {}).outputs[0] ?? total, first);
  }

  private cast(node: OnnxNode, x: Value | undefined, code: number): Value {
    const to = elementTypes[code];
    if (x === undefined || to === undefined) {
      throw new FileError(`The node "${node.name}" of ${this.file} casts to a type that Graft does not have.`, {
        subject: node.name,
        expected: Object.values(elementTypes).join(", "),
        received: `type number ${code}`,
      });
    }
    const [y] = x.type === to ? [x] : rowOf("Cast").create([x], { to: code === 10 ? 1 : code }).outputs;
    const known = this.extentsOf(x);
    if (y !== undefined && known !== undefined) this.extents.set(y, known);
    return y ?? identity(x);
  }

  private reshape(node: OnnxNode, [x, shape]: Inputs): Value {
    const target = shape && this.extentsOf(shape);
    if (x === undefined || target === undefined) {
      throw new FileError(`The shape that "${node.name}" of ${this.file} gives is not known when the graph is built.`, {
        subject: node.name,
        expected: "a constant, or something computed from shapes",
        received: "another computed value",
      });
    }
    const data = constantData(x);
    const copied = target.map((dim, axis) => (dim === 0 ? (x.shape[axis] ?? 0) : dim));
    const total = dimProduct(x.shape);
    const rest = dimQuotient(total, dimProduct(copied.filter((dim) => dim !== -1)));
    let resolved: Shape = copied.map((dim) => (dim === -1 ? (rest ?? dim) : dim));
    if (rest === undefined || (rest !== 1 && !copied.includes(-1))) {
      // The file was exported for a fixed batch: its first extent is the batch that is open here.
      const [, ...others] = copied;
      const batch = dimQuotient(total, dimProduct(others.filter((dim) => dim !== -1)));
      if (batch !== undefined) {
        const opened = others.includes(-1) ? "N" : batch;
        const left = dimQuotient(total, dimProduct([opened, ...others.filter((dim) => dim !== -1)]));
        resolved = [opened, ...others.map((dim) => (dim === -1 ? (left ?? dim) : dim))];
      }
    }
    if (data !== undefined && isStatic(resolved)) return constant({ ...data, dims: resolved });
    return reshapeTo(x, resolved);
  }

  /** Before version 13, softmax ran over everything from `axis` (default 1) on. */
  private softmax(node: OnnxNode, x: Value | undefined, plain: Plain): Value {
    const axis = Number(plain["axis"] ?? (this.opset < 13 ? 1 : -1));
    const [y] = rowOf(node.op).create([x], { axis }).outputs;
    const others = x?.shape.slice(axis + 1) ?? [];
    if (y === undefined || (this.opset < 13 && others.some((dim) => dim !== 1))) {
      throw new FileError(`The node "${node.name}" of ${this.file} takes a softmax over several axes.`, {
        subject: node.name,
        expected: "a softmax over one axis",
        received: `version ${this.opset} with axis ${axis} on [${x?.shape.join(", ") ?? ""}]`,
      });
    }
    return y;
  }

  private extentsOf(value: Value): readonly Dim[] | undefined {
    const known = this.extents.get(value);
    if (known !== undefined) return known;
    const data = constantData(value);
    return data?.type === "int64" ? Array.from(data.data as BigInt64Array, Number) : undefined;
  }

  /** Follows a file's arithmetic with shapes: Shape, Gather, Concat, Slice, Squeeze, Unsqueeze. */
  private follow(node: OnnxNode, inputs: Inputs, plain: Plain, y: Value | undefined): void {
    if (y?.type !== "int64") return;
    const known = inputs.map((value) => (value === undefined ? undefined : this.extentsOf(value)));
    const [first, second, third] = known;
    let extents: readonly Dim[] | undefined;
    switch (node.op) {
      case "Shape":
        extents = inputs[0]?.shape.slice(
          Number(plain["start"] ?? 0),
          plain["end"] === undefined ? undefined : Number(plain["end"]),
        );
        break;
      case "Gather":
        extents = first && second?.flatMap((index) => first.at(Number(index)) ?? []);
        break;
      case "Concat":
        extents = known.every((part) => part !== undefined) ? known.flat() : undefined;
        break;
      case "Slice":
        extents = first?.slice(Number(second?.[0] ?? 0), Number(third?.[0] ?? first.length));
        break;
      case "Squeeze":
      case "Unsqueeze":
        extents = first;
        break;
    }
    if (extents !== undefined) this.extents.set(y, extents);
  }
}

import { FileError, GraftError, ShapeError } from "../../errors/errors.js";
import {
  type Dim,
  dimProduct,
  dimQuotient,
  formatShape,
  isStatic,
  normalizeAxis,
  type Shape,
} from "../../graph/shape.js";
import { constant, constantData, type Value } from "../../graph/value.js";
import type { Attribute, OnnxNode } from "../../onnx/model.js";
import { allocate, elementCount, float32, type TensorData } from "../../onnx/tensor-data.js";
import { integers, scalar } from "../../ops/constants.js";
import { concat } from "../../ops/joining.js";
import { expand, identity, shapeOp } from "../../ops/layout.js";
import { reshape, reshapeTo } from "../../ops/reshape.js";
import { isOperatorName, rowOf } from "../../ops/table.js";
import { halfToFloat32 } from "../../onnx/half.js";
import { batch, batchAxes, BatchTracker, countsBatch, reshapedBatch } from "./batch-axis.js";
import { SizeGuard } from "./size-guard.js";

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

/** What is known of a file whose nodes are read. */
export interface NodeSource {
  /** Its name, for messages. */
  readonly file: string;
  /** Version of its operators. */
  readonly opset: number;
  /** How many pictures it was made for; `undefined` where that is open. */
  readonly batch: number | undefined;
  /** Whether Graft wrote it: then nothing in it counts the batch by a constant, and it may do with the batch what it likes. */
  readonly own: boolean;
}

/** Makes operators of Graft of a file's nodes, one after the other. */
export class NodeImporter {
  /** Shapes that the file computes: the extents that an int64 value will hold, as far as they are known. */
  private readonly extents = new Map<Value, readonly Dim[]>();
  private readonly tracker = new BatchTracker();
  private readonly sizes: SizeGuard;

  constructor(private readonly source: NodeSource) {
    this.sizes = new SizeGuard(source.file);
  }

  private get file(): string {
    return this.source.file;
  }

  private get opset(): number {
    return this.source.opset;
  }

  /**
   * The outputs of one node.
   *
   * @throws FileError naming the node, when Graft lacks its operator or its inputs do not fit
   */
  import(node: OnnxNode, inputs: Inputs): readonly Value[] {
    try {
      const outputs = this.convert(node, inputs);
      outputs.forEach((value) => {
        this.sizes.check(value.shape, node.name);
      });
      return outputs;
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
      case "Flatten":
        return [this.flatten(node, x, Number(plain["axis"] ?? 1))];
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
    this.checkKinds(node, Object.keys(attributes));
    const opened = this.source.own ? inputs : this.withOpenBatch(node.op, inputs, attributes);
    if (opened === "nothing to do") return inputs[0] === undefined ? [] : [inputs[0]];
    const outputs = this.make(node.op, opened, attributes);
    this.follow(node, inputs, plain, outputs[0]);
    return outputs;
  }

  /** @throws FileError when an attribute is of another kind than the operator's, such as one number for several */
  private checkKinds(node: OnnxNode, names: readonly string[]): void {
    const { attributeKinds } = rowOf(node.op);
    for (const name of names) {
      const [expected, received] = [attributeKinds[name], node.attributes[name]?.type];
      const fits = expected === received || (expected === "float" && received === "int");
      if (fits || expected === undefined || received === undefined) continue;
      throw new FileError(
        `The attribute "${name}" of "${node.name}" (${node.op}) in ${this.file} is of another kind.`,
        {
          subject: node.name,
          expected,
          received,
          advice: "The file is damaged: export it again.",
        },
      );
    }
  }

  private make(op: string, inputs: Inputs, attributes: Plain): readonly Value[] {
    const { outputs } = rowOf(op).create(inputs, attributes);
    if (!this.source.own) this.tracker.follow(op, inputs, attributes, outputs);
    return outputs;
  }

  /**
   * Inputs of an operator, without constants that count the batch: a size of 1 in a Resize or an Expand, a whole slice of it.
   */
  private withOpenBatch(op: string, inputs: Inputs, attributes: Plain): Inputs | "nothing to do" {
    const [x] = inputs;
    const axes = x === undefined ? [] : batchAxes(x.shape);
    switch (op) {
      case "Slice":
        return x === undefined || axes.length === 0 ? inputs : this.withoutWholeBatch(x, inputs);
      case "Expand":
        return this.expanded(inputs);
      case "Resize":
        return x === undefined ? inputs : this.resized(x, inputs, attributes);
      case "Concat":
        return this.joined(inputs, Number(attributes["axis"] ?? 0));
      default:
        return inputs;
    }
  }

  /** A slice of a fixed batch that takes all of it takes all of an open one. */
  private withoutWholeBatch(x: Value, inputs: Inputs): Inputs | "nothing to do" {
    const [starts, ends, given, steps] = inputs.slice(1).map((value) => value && this.extentsOf(value));
    const size = this.source.batch;
    if (starts === undefined || ends === undefined || size === undefined) return inputs;
    const axes = (given ?? starts.map((_, axis) => axis)).map((axis) => normalizeAxis(Number(axis), x.rank, "Slice"));
    const kept = axes.flatMap((axis, index) => {
      const [start, end, step] = [Number(starts[index]), Number(ends[index]), Number(steps?.[index] ?? 1)];
      const whole = x.shape[axis] === batch && (start === 0 || start === -size) && end >= size && step === 1;
      return whole ? [] : [index];
    });
    if (kept.length === axes.length) return inputs;
    if (kept.length === 0) return "nothing to do";
    const part = (numbers: readonly Dim[] | undefined): Value =>
      integers(kept.map((index) => Number(numbers?.[index] ?? 1)));
    return [x, part(starts), part(ends), part(axes), part(steps)];
  }

  private expanded([x, shape]: Inputs): Inputs {
    const target = shape && this.extentsOf(shape);
    if (x === undefined || target === undefined) return [x, shape];
    const opened = target.map((dim, at): Dim => {
      const own = x.shape[at - target.length + x.rank];
      // The batch stays what it is, whether the file counts it or asks for it.
      return own !== undefined && countsBatch(own) && (dim === own || dim === (this.source.batch ?? 1)) ? 1 : dim;
    });
    return [x, this.shapeOfExtents(opened) ?? shape];
  }

  private resized(x: Value, [image, roi, scales, sizes]: Inputs, attributes: Plain): Inputs {
    const target = sizes && this.extentsOf(sizes);
    if (target?.length !== x.rank || attributes["axes"] !== undefined) return [image, roi, scales, sizes];
    const given = target.map((dim, axis): Dim => {
      const own = x.shape[axis] ?? 1;
      return countsBatch(own) && dim === (this.source.batch ?? 1) ? own : dim;
    });
    const parts = given.map((dim, axis) =>
      typeof dim === "number"
        ? integers([dim])
        : dim === x.shape[axis]
          ? shapeOp(x, { start: axis, end: axis + 1 })
          : undefined,
    );
    if (!parts.every((part) => part !== undefined)) return [image, roi, scales, sizes];
    // Resize takes no empty scales beside sizes.
    return [image, roi, undefined, given.every((dim) => typeof dim === "number") ? sizes : concat(parts, { axis: 0 })];
  }

  /** What is the same for every picture, such as a class token, is repeated for those that it is joined to. */
  private joined(inputs: Inputs, given: number): Inputs {
    const carrier = inputs.find((value) => value !== undefined && batchAxes(value.shape).length === 1);
    const [at = 0] = carrier === undefined ? [] : batchAxes(carrier.shape);
    if (carrier?.shape[at] !== batch || normalizeAxis(given, carrier.rank, "Concat") === at) return inputs;
    return inputs.map((value) => {
      if (value?.rank !== carrier.rank || value.shape[at] !== 1 || batchAxes(value.shape).length > 0) return value;
      const parts = carrier.shape.map((_, axis) =>
        axis === at ? shapeOp(carrier, { start: at, end: at + 1 }) : integers([1]),
      );
      return expand(value, concat(parts, { axis: 0 }));
    });
  }

  /** A constant of extents, where all of them are known. */
  private shapeOfExtents(extents: readonly Dim[]): Value | undefined {
    const numbers = extents.filter((dim): dim is number => typeof dim === "number");
    return numbers.length === extents.length ? integers(numbers) : undefined;
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
    this.sizes.take(dims, node.name);
    const filled = allocate(tensor.type, elementCount(dims));
    filled.fill((tensor.data[0] ?? 0) as never);
    return constant({ type: tensor.type, dims, data: filled });
  }

  private sum(inputs: Inputs): Value {
    const values = inputs.filter((value): value is Value => value !== undefined);
    const [first, ...rest] = values;
    if (first === undefined) throw new FileError(`A Sum of ${this.file} has no inputs.`, { subject: "Sum" });
    return rest.reduce((total, value) => this.make("Add", [total, value], {})[0] ?? total, first);
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
    const [y] = x.type === to ? [x] : this.make("Cast", [x], { to: code === 10 ? 1 : code });
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
    const dims = literalReshape(x.shape, target);
    if (data !== undefined && dims !== undefined && isStatic(dims)) return constant({ ...data, dims });
    if (this.source.own) return shape === undefined ? x : reshape(x, shape);
    return this.openReshape(x, target);
  }

  /** The target of a Reshape with the batch in its place. */
  private openReshape(x: Value, target: readonly Dim[]): Value {
    if (batchAxes(x.shape).length === 0) return reshapeTo(x, literalReshape(x.shape, target) ?? target);
    const placed = reshapedBatch(x.shape, this.tracker.outerOf(x), target, this.source.batch ?? 1);
    if (placed === undefined) {
      throw new ShapeError("Reshape: the batch has no place in the new shape.", {
        subject: "Reshape",
        expected: `as many elements as ${formatShape(x.shape)}, with the batch where it was`,
        received: formatShape(target),
        advice: "Export the network with an open batch (dynamic axes).",
      });
    }
    const y = reshapeTo(x, placed.shape);
    this.tracker.placed(y, placed);
    return y;
  }

  private flatten(node: OnnxNode, x: Value | undefined, given: number): Value {
    const axis = x === undefined || given === x.rank ? given : normalizeAxis(given, x.rank, "Flatten");
    const left = x?.shape.slice(0, axis) ?? [];
    if (x === undefined || this.source.own || batchAxes(x.shape).length === 0 || left.some(countsBatch)) {
      const [y] = this.generic(node, [x], { axis: given });
      if (y !== undefined) return y;
    }
    // Of a batch of one, Flatten from the first axis on leaves a row of all.
    return this.openReshape(x ?? scalar("float32", 0), [dimProduct(left), -1]);
  }

  /** Before version 13, softmax ran over everything from `axis` (default 1) on. */
  private softmax(node: OnnxNode, x: Value | undefined, plain: Plain): Value {
    const axis = Number(plain["axis"] ?? (this.opset < 13 ? 1 : -1));
    const [y] = this.make(node.op, [x], { axis });
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

  /** Follows a file's arithmetic with shapes. */
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
      case "Mul":
      case "Div":
        extents = first && second && withEach(first, second, node.op === "Mul" ? product : dimQuotient);
        break;
    }
    if (extents !== undefined) this.extents.set(y, extents);
  }
}

/** The shape that a Reshape says, 0 and -1 resolved; `undefined` where the number of elements would change. */
function literalReshape(from: Shape, target: readonly Dim[]): Shape | undefined {
  const copied = target.map((dim, axis) => (dim === 0 ? (from[axis] ?? 0) : dim));
  const rest = dimQuotient(dimProduct(from), dimProduct(copied.filter((dim) => dim !== -1)));
  if (rest === undefined || (rest !== 1 && !copied.includes(-1))) return undefined;
  return copied.map((dim) => (dim === -1 ? rest : dim));
}

function product(a: Dim, b: Dim): Dim {
  return dimProduct([a, b]);
}

/** Puts extents together one by one; a single one goes with each. */
function withEach(
  a: readonly Dim[],
  b: readonly Dim[],
  combine: (a: Dim, b: Dim) => Dim | undefined,
): readonly Dim[] | undefined {
  const results = Array.from({ length: Math.max(a.length, b.length) }, (_, index) => {
    const [left, right] = [a[a.length === 1 ? 0 : index], b[b.length === 1 ? 0 : index]];
    return left === undefined || right === undefined ? undefined : combine(left, right);
  });
  return results.every((dim) => dim !== undefined) ? results : undefined;
}

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
import { gather } from "../../ops/indexing.js";
import { expand, identity } from "../../ops/layout.js";
import { moments } from "../../ops/normalization.js";
import { reshape, reshapeTo } from "../../ops/reshape.js";
import { isOperatorName, rowOf } from "../../ops/table.js";
import { padsOfAll } from "../../ops/slicing.js";
import { cumSum } from "../../ops/triangles.js";
import { elementTypeCode } from "../../onnx/element-types.js";
import { type Amount, amountOf, compare, sameAmount } from "./amounts.js";
import { withoutAlikeRows } from "./alike-rows.js";
import { batch, batchAxes, BatchTracker, countsBatch, reshapedBatch } from "./batch-axis.js";
import { computable } from "./computable.js";
import { contributed, contributedDomain } from "./contributed.js";
import { GridTracker } from "./grid-indices.js";
import type { Known } from "./known-numbers.js";
import { fixedPictureIndices, IndexTracker } from "./picture-indices.js";
import { recurrent } from "./recurrent.js";
import { ShapeArithmetic } from "./shape-arithmetic.js";
import { SizeGuard } from "./size-guard.js";
import { writePart } from "./write-part.js";

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
  ReduceL1: [["axes", 1]],
  ReduceL2: [["axes", 1]],
  ReduceLogSum: [["axes", 1]],
  ReduceLogSumExp: [["axes", 1]],
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
  /** What it is fed, by which extents that are open are known when the graph runs. */
  readonly inputs: readonly Value[];
  /** Whether Graft wrote it: then nothing in it counts the batch by a constant, and it may do with the batch what it likes. */
  readonly own: boolean;
}

/** Makes operators of Graft of a file's nodes, one after the other. */
export class NodeImporter {
  private readonly numbers: ShapeArithmetic;
  private readonly tracker = new BatchTracker();
  private readonly indices = new IndexTracker();
  private readonly grids = new GridTracker();
  private readonly sizes: SizeGuard;

  constructor(private readonly source: NodeSource) {
    this.sizes = new SizeGuard(source.file);
    this.numbers = new ShapeArithmetic(source.inputs);
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
      const [y] = outputs;
      const given = this.withFormerAttributes(node.op, inputs, plainOf(node));
      const known = (value: Value): Known | undefined => this.numbers.of(value);
      if (y !== undefined) this.indices.follow(node.op, given, known, y);
      if (y !== undefined) this.grids.follow(node.op, given, known, y);
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

  /**
   * Whether the condition of an If holds.
   *
   * @throws FileError where it is not known when the graph is built
   */
  holds(node: OnnxNode, condition: Value | undefined): boolean {
    const [item] = (condition && this.numbers.of(condition)?.items) ?? [];
    if (typeof item === "number") return item !== 0;
    throw new FileError(`The condition of "${node.name}" (If) of ${this.file} is not known when the graph is built.`, {
      subject: node.name,
      expected: "a constant, or something that follows from shapes",
      received: this.numbers.describe(condition),
      advice: "Export the network for inference, without control flow.",
    });
  }

  private convert(node: OnnxNode, inputs: Inputs): readonly Value[] {
    const [x] = inputs;
    const plain = plainOf(node);
    const known =
      node.domain === "" ? this.numbers.compute(node, this.withFormerAttributes(node.op, inputs, plain)) : undefined;
    if (known !== undefined) return known;
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
      case "CastLike":
        return [this.cast(node, x, elementTypeCode(inputs[1]?.type ?? "float32"))];
      case "Reshape":
        return [this.reshape(node, this.withFormerAttributes(node.op, inputs, plain))];
      case "Flatten":
        return [this.flatten(node, x, Number(plain["axis"] ?? 1))];
      case "Softmax":
      case "LogSoftmax":
        return [this.softmax(node, x, plain)];
      case "BatchNormalization":
        return this.generic(node, plain["training_mode"] === 1 ? ownStatistics(inputs) : inputs, plain);
      case "GroupNormalization":
        return this.generic(node, this.opset < 21 ? byChannel(inputs, Number(plain["num_groups"])) : inputs, plain);
      case "Split":
        return this.split(node, this.withFormerAttributes(node.op, inputs, plain), plain);
      case "Upsample":
      case "Resize":
        return this.resize(node, inputs, plain);
      case "Range":
        return [
          this.rangeOfBatch(inputs) ??
            unknownRange(
              node,
              this.file,
              inputs.map((value) => this.numbers.describe(value)),
            ),
        ];
      case "Gather":
        return [this.ofEachPicture(inputs, Number(plain["axis"] ?? 0)) ?? this.generic(node, inputs, plain)].flat();
      case "LSTM":
      case "GRU":
      case "RNN":
        return recurrent(node.op, inputs, plain, (op, values, attributes = {}) =>
          this.make(op, values, attributes as Plain),
        );
      case "ScatterND":
        return [this.writtenPart(inputs, plain) ?? this.generic(node, inputs, plain)].flat();
      case "GatherND":
        return this.gatherNd(node, inputs, Number(plain["batch_dims"] ?? 0));
      default:
        return this.generic(node, this.withFormerAttributes(node.op, inputs, plain), plain);
    }
  }

  private generic(node: OnnxNode, inputs: Inputs, plain: Plain): readonly Value[] {
    const writing = node.domain === contributedDomain ? contributed(node.op) : undefined;
    if (writing !== undefined) {
      return [
        writing(
          inputs,
          plain,
          (op, values, attributes = {}) => this.make(op, values, attributes as Plain)[0] ?? noOutput(op),
        ),
      ];
    }
    if (node.domain !== "" || !isOperatorName(node.op)) {
      throw new FileError(`${this.file} uses the operator "${node.op}", which Graft does not have.`, {
        subject: node.name,
        expected: "a network of standard ONNX operators for images",
        received: node.domain === "" ? `"${node.op}"` : `${node.op} of the domain ${node.domain}`,
        advice: "Export the network for inference with standard operators, or cut it before this node.",
      });
    }
    const former = (formerAttributes[node.op] ?? []).map(([attribute]) => attribute);
    const dropped = [...(ignored[node.op] ?? []), ...former];
    const attributes = Object.fromEntries(Object.entries(plain).filter(([name]) => !dropped.includes(name)));
    this.checkKinds(node, Object.keys(attributes));
    this.checkInputs(node, inputs);
    const opened = this.source.own ? inputs : this.withOpenBatch(node.op, inputs, attributes);
    if (opened === "nothing to do") return inputs[0] === undefined ? [] : [inputs[0]];
    return this.make(node.op, opened, attributes);
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

  /** @throws FileError when there are inputs that the operator's row does not know, such as a cache of an Attention */
  private checkInputs(node: OnnxNode, inputs: Inputs): void {
    const { inputs: names } = rowOf(node.op);
    const more = names === "variadic" ? [] : inputs.slice(names.length).filter((value) => value !== undefined);
    if (more.length === 0) return;
    throw new FileError(`The node "${node.name}" (${node.op}) of ${this.file} has inputs that Graft does not know.`, {
      subject: node.name,
      expected: typeof names === "string" ? "" : names.join(", "),
      received: `${inputs.length} inputs`,
      advice: "Export the network for inference of single pictures, or cut it before this node.",
    });
  }

  /** Places in each of some first axes are those of elements along the next one. */
  private gatherNd(node: OnnxNode, inputs: Inputs, batchDims: number): readonly Value[] {
    const [x, places] = inputs;
    if (batchDims === 0 || x === undefined || places === undefined) return this.generic(node, inputs, {});
    if (places.shape.at(-1) !== 1) {
      throw new ShapeError("GatherND: with batch_dims, indices must name one place along one axis.", {
        subject: "GatherND",
        expected: "indices whose last extent is 1",
        received: formatShape(places.shape),
      });
    }
    const rest = x.shape.slice(batchDims + 1);
    const own = places.shape.slice(batchDims, -1);
    const count = dimProduct(own);
    const first = x.shape.slice(0, batchDims);
    const rows = reshapeTo(places, [...first, count, ...rest.map(() => 1)]);
    const target = [...first.map(() => 1), 1, ...rest];
    const spread = rest.length === 0 ? rows : expand(rows, this.numbers.shapeValue(target));
    const taken = this.make("GatherElements", [x, spread], { axis: batchDims });
    return taken.map((y) => reshapeTo(y, [...first, ...own, ...rest]));
  }

  /** A part of a tensor that is replaced in place, of all pictures. */
  private writtenPart([x, indices, updates]: Inputs, { reduction = "none" }: Plain): Value | undefined {
    if (x === undefined || indices === undefined || updates === undefined || reduction !== "none") return undefined;
    const grid = this.grids.of(indices, (value) => this.numbers.of(value));
    const sameOuter = this.tracker.outerOf(x) === 1 && this.tracker.outerOf(updates) === 1;
    return grid && sameOuter ? writePart(x, indices, updates, grid) : undefined;
  }

  /** 0, 1, … for the pictures of an open batch. */
  private rangeOfBatch(inputs: Inputs): Value | undefined {
    const [start, limit, step] = inputs.map((value) => value && this.numbers.of(value)?.items[0]);
    if (start !== 0 || step !== 1 || limit === undefined || !sameAmount(limit, amountOf(batch))) return undefined;
    const ones = expand(integers([1]), this.numbers.shapeValue([batch]));
    const y = cumSum(ones, scalar("int64", 0), { exclusive: 1 });
    this.indices.counts(y);
    this.grids.counts(y);
    return y;
  }

  /** What a Gather takes out of all pictures in a row, where it takes of each the same: numbers are laid out anew. */
  private ofEachPicture([x, places]: Inputs, axis: number): Value | undefined {
    const stride = x?.rank === 1 && axis === 0 ? dimQuotient(x.shape[0] ?? 0, batch) : undefined;
    if (x === undefined || places === undefined || typeof stride !== "number" || this.tracker.outerOf(x) !== 1) {
      return undefined;
    }
    const known = this.source.batch === undefined ? undefined : this.numbers.of(places);
    const found = this.indices.of(places) ?? (known && fixedPictureIndices(known, this.source.batch ?? 1, stride));
    if (found?.stride !== stride) return undefined;
    const rest = found.offsets.dims.slice(1);
    const rows = reshapeTo(x, [batch, stride]);
    if (found.offsets.items.length === stride && found.offsets.items.every((at, place) => at === place)) {
      return reshapeTo(rows, [batch, ...rest]);
    }
    const data = BigInt64Array.from(found.offsets.items, (at) => BigInt(Number(at)));
    return gather(rows, constant({ type: "int64", dims: rest, data }), { axis: 1 });
  }

  /** Without sizes the parts are equal, as many as the node has outputs. */
  private split(node: OnnxNode, inputs: Inputs, plain: Plain): readonly Value[] {
    const counted = inputs[1] !== undefined || plain["num_outputs"] !== undefined;
    return this.generic(node, inputs, counted ? plain : { ...plain, num_outputs: node.outputs.length });
  }

  /** Before version 11 the factors were the second input, and pixels lay at `position · factor`. */
  private resize(node: OnnxNode, inputs: Inputs, plain: Plain): readonly Value[] {
    if (node.op === "Resize" && this.opset > 10) return this.generic(node, inputs, plain);
    const factors = plain["scales"] as readonly number[] | undefined;
    const [x, scales = factors && constant(float32(factors, [factors.length]))] = inputs;
    return this.generic({ ...node, op: "Resize" }, [x, undefined, scales], {
      mode: plain["mode"] ?? "nearest",
      coordinate_transformation_mode: "asymmetric",
      nearest_mode: "floor",
    });
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
      case "Pad":
        return this.padded(inputs);
      case "Slice":
        return x === undefined || axes.length === 0 ? inputs : this.withoutWholeBatch(x, inputs);
      case "Expand":
        return this.expanded(inputs);
      case "Tile":
        return this.tiled(inputs);
      case "Resize":
        return x === undefined ? inputs : this.resized(x, inputs, attributes);
      case "Concat":
        return this.joined(inputs, Number(attributes["axis"] ?? 0));
      default:
        return inputs;
    }
  }

  /** Margins of all axes: see {@link padsOfAll}. */
  private padded(inputs: Inputs): Inputs {
    const [x, pads, fill, axes] = inputs;
    if (x === undefined || pads === undefined || axes === undefined) return inputs;
    const [margins, places] = [pads, axes].map((value) => this.numbers.of(value)?.items.map(Number));
    return margins === undefined || places === undefined ? inputs : [x, integers(padsOfAll(x, margins, places)), fill];
  }

  /** A slice of a fixed batch that takes all of it takes all of an open one. */
  private withoutWholeBatch(x: Value, inputs: Inputs): Inputs | "nothing to do" {
    const [starts, ends, given, steps] = inputs.slice(1).map((value) => value && this.numbers.of(value)?.items);
    if (starts === undefined || ends === undefined) return inputs;
    const axes = (given ?? starts.map((_, axis) => axis)).map((axis) => normalizeAxis(Number(axis), x.rank, "Slice"));
    const kept = axes.flatMap((axis, index) => {
      const extent = x.shape[axis] ?? 1;
      const [start = 0, end = 0, step = 1] = [starts[index], ends[index], steps?.[index]];
      const whole = countsBatch(extent) && step === 1 && this.isWhole(start, end, extent);
      return whole ? [] : [index];
    });
    if (kept.length === axes.length) return inputs;
    if (kept.length === 0) return "nothing to do";
    // What follows from the batch elsewhere, Slice itself refuses.
    if (kept.some((index) => typeof starts[index] !== "number" || typeof ends[index] !== "number")) return inputs;
    const part = (numbers: readonly Amount[] | undefined): Value =>
      integers(kept.map((index) => Number(numbers?.[index] ?? 1)));
    return [x, part(starts), part(ends), integers(kept.map((index) => axes[index] ?? 0)), part(steps)];
  }

  /** Whether `start:end` is all of an extent that counts the batch. */
  private isWhole(start: Amount, end: Amount, extent: Dim): boolean {
    const size =
      this.source.batch === undefined
        ? undefined
        : dimProduct([dimQuotient(extent, batch) ?? extent, this.source.batch]);
    const fromBegin = start === 0 || (typeof size === "number" && start === -size);
    const order = compare(end, amountOf(extent));
    return (
      fromBegin &&
      (order === 0 ||
        order === 1 ||
        (typeof end === "number" && (end >= 2 ** 31 - 1 || (typeof size === "number" && end >= size))))
    );
  }

  /** Where the file repeats what is the same for every picture as often as there are pictures, it is spread over them. */
  private tiled(inputs: Inputs): Inputs {
    const [x, repeats] = inputs;
    const counts = repeats && this.numbers.extentsOf(repeats);
    if (x === undefined || counts?.length !== x.rank || isStatic(counts)) return inputs;
    const target = counts.map((count, axis) => (typeof count === "string" && x.shape[axis] === 1 ? count : 1));
    const rest = counts.map((count, axis) => (target[axis] === 1 ? count : 1));
    if (!isStatic(rest)) return inputs;
    return [expand(x, this.numbers.shapeValue(target)), integers(rest)];
  }

  private expanded([x, shape]: Inputs): Inputs {
    const target = shape && this.numbers.extentsOf(shape);
    if (x === undefined || target === undefined) return [x, shape];
    // Of a fixed batch the same numbers may stand there as often as there are pictures.
    const reduced = target.reduce((value, dim, at) => {
      const axis = at - target.length + x.rank;
      const isCounted = countsBatch(dim) && typeof x.shape[axis] === "number" && x.shape[axis] !== 1;
      return isCounted ? (withoutAlikeRows(value, axis) ?? value) : value;
    }, x);
    const opened = target.map((dim, at): Dim => {
      const own = x.shape[at - target.length + x.rank];
      // The batch stays what it is, whether the file counts it or asks for it.
      return own !== undefined && countsBatch(own) && (dim === own || dim === (this.source.batch ?? 1)) ? 1 : dim;
    });
    return [reduced, this.numbers.shapeValue(opened)];
  }

  private resized(x: Value, [image, roi, scales, sizes]: Inputs, attributes: Plain): Inputs {
    const target = sizes && this.numbers.extentsOf(sizes);
    if (target?.length !== x.rank || attributes["axes"] !== undefined) return [image, roi, scales, sizes];
    const given = target.map((dim, axis): Dim => {
      const own = x.shape[axis] ?? 1;
      return countsBatch(own) && dim === (this.source.batch ?? 1) ? own : dim;
    });
    // Resize takes no empty scales beside sizes.
    return [image, roi, undefined, this.numbers.shapeValue(given)];
  }

  /** What is the same for every picture, such as a class token, is repeated for those that it is joined to. */
  private joined(inputs: Inputs, given: number): Inputs {
    const carrier = inputs.find((value) => value !== undefined && batchAxes(value.shape).length === 1);
    const [at = 0] = carrier === undefined ? [] : batchAxes(carrier.shape);
    if (carrier?.shape[at] !== batch || normalizeAxis(given, carrier.rank, "Concat") === at) return inputs;
    return inputs.map((value) => {
      if (value?.rank !== carrier.rank || value.shape[at] !== 1 || batchAxes(value.shape).length > 0) return value;
      return expand(value, this.numbers.shapeValue(carrier.shape.map((_, axis) => (axis === at ? batch : 1))));
    });
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
      return constant(computable(value.value));
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
    const dims = shape && this.numbers.extentsOf(shape);
    const fill = node.attributes["value"];
    const tensor = fill?.type === "tensor" ? computable(fill.value) : float32([0], [1]);
    if (dims === undefined) {
      throw new FileError(`The shape of "${node.name}" in ${this.file} is not known when the graph is built.`, {
        subject: node.name,
        expected: "a constant shape, or one computed from shapes by sums and products",
        received: this.numbers.describe(shape),
      });
    }
    if (!isStatic(dims)) {
      const one = constant({ ...tensor, dims: [], data: tensor.data.slice(0, 1) });
      return expand(one, this.numbers.shapeValue(dims));
    }
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
    const [y] = x.type === to ? [x] : this.make("Cast", [x], { to: elementTypeCode(to) });
    return y ?? identity(x);
  }

  private reshape(node: OnnxNode, [x, shape]: Inputs): Value {
    const target = shape && this.numbers.extentsOf(shape);
    if (x === undefined || target === undefined) {
      throw new FileError(`The shape that "${node.name}" of ${this.file} gives is not known when the graph is built.`, {
        subject: node.name,
        expected: "a constant, or something computed from shapes by sums and products",
        received: this.numbers.describe(shape),
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
}

function noOutput(op: string): never {
  throw new TypeError(`${op} made no output.`);
}

function unknownRange({ name, op }: OnnxNode, file: string, received: readonly string[]): never {
  throw new FileError(`What "${name}" (${op}) of ${file} counts is not known when the graph is built.`, {
    subject: name,
    expected: "constants, or the number of pictures",
    received: received.join(", "),
    advice: "Export the network for one size of images.",
  });
}

/**
 * A batch normalization of a kernel, by which it is standardized: its statistics are those of the numbers that are normalized, which change
 * while these learn, whatever the file computed them of. Those of pictures stay as they are, as in a network that runs.
 */
function ownStatistics(inputs: Inputs): Inputs {
  const [x, scale, bias, ...statistics] = inputs;
  if (x === undefined || batchAxes(x.shape).length > 0) return inputs;
  const axes = x.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));
  const { mean, variance } = moments(x, axes);
  const byChannel = (value: Value): Value => reshapeTo(value, [x.shape[1] ?? 1]);
  return [x, scale, bias, byChannel(mean), byChannel(variance), ...statistics.slice(2)];
}

/** Before version 21 GroupNormalization had a scale and a bias for each group: now each channel has its group's. */
function byChannel([x, ...parameters]: Inputs, groups: number): Inputs {
  const channels = Number(x?.shape[1]);
  return [
    x,
    ...parameters.map((value) =>
      value === undefined || value.shape[0] === channels
        ? value
        : reshapeTo(expand(reshapeTo(value, [groups, 1]), integers([groups, channels / groups])), [channels]),
    ),
  ];
}

/** The shape that a Reshape says, 0 and -1 resolved; `undefined` where the number of elements would change. */
function literalReshape(from: Shape, target: readonly Dim[]): Shape | undefined {
  const copied = target.map((dim, axis) => (dim === 0 ? (from[axis] ?? 0) : dim));
  const rest = dimQuotient(dimProduct(from), dimProduct(copied.filter((dim) => dim !== -1)));
  if (rest === undefined || (rest !== 1 && !copied.includes(-1))) return undefined;
  return copied.map((dim) => (dim === -1 ? rest : dim));
}

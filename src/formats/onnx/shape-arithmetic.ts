import { type Dim, isStatic, type Shape } from "../../graph/shape.js";
import { constant, constantData, type Value } from "../../graph/value.js";
import { elementTypeOf } from "../../onnx/element-types.js";
import type { OnnxNode } from "../../onnx/model.js";
import { allocate } from "../../onnx/tensor-data.js";
import { integers } from "../../ops/constants.js";
import { add, mul } from "../../ops/elementwise.js";
import { concat } from "../../ops/joining.js";
import { cast as castValue, shapeOp } from "../../ops/layout.js";
import { reshapeTo } from "../../ops/reshape.js";
import { rowOf } from "../../ops/table.js";
import { allKnown } from "./all-known.js";
import { type Amount, amountOf, dimOf, formatAmount, isWhole } from "./amounts.js";
import { cast, evaluate, hasRule, type Known, movesOnly } from "./known-numbers.js";
import { transposed } from "./transposed.js";

/** The most whole numbers of a value that are computed when the file is read: masks and places of the windows of a picture. */
const mostWhole = 2 ** 18;

/** The most floating-point ones: shapes pass through them, and weights are none of them. */
const mostFloating = 2 ** 10;

/** The most numbers of a value that follow from open extents. */
const mostOpen = 64;

type Inputs = readonly (Value | undefined)[];

/**
 * What a file computes with shapes, computed when it is read: constants come out as constants, and of what follows from the
 * batch it is known how.
 */
export class ShapeArithmetic {
  private readonly found = new Map<Value, Known>();

  /** @param inputs what the graph is fed */
  constructor(private readonly inputs: readonly Value[]) {}

  /** The numbers of a value, where they are known. */
  of(value: Value): Known | undefined {
    const known = this.found.get(value);
    if (known !== undefined) return known;
    const tensor = constantData(value);
    const most = tensor?.type.startsWith("float") === true ? mostFloating : mostWhole;
    if (tensor === undefined || tensor.data.length > most) return undefined;
    const read = { type: tensor.type, dims: tensor.dims, items: Array.from(tensor.data as ArrayLike<number>, Number) };
    this.found.set(value, read);
    return read;
  }

  /** The extents that a value says, -1 among them; `undefined` where they are not known, or no products of open extents. */
  extentsOf(value: Value): readonly Dim[] | undefined {
    const known = this.of(value);
    if (known?.type !== "int64" && known?.type !== "int32") return undefined;
    return allKnown(known.items.map(dimOf));
  }

  /** What is known of a value, for messages. */
  describe(value: Value | undefined): string {
    const known = value && this.of(value);
    if (known !== undefined) return `[${known.items.map(formatAmount).join(", ")}]`;
    return value?.source.kind === "node" ? `the result of ${value.source.node.op}` : "another computed value";
  }

  /** A value of the given extents, for Expand and Resize. */
  shapeValue(dims: Shape): Value {
    if (isStatic(dims)) return integers(dims);
    return this.valueOf({ type: "int64", dims: [dims.length], items: dims.map(amountOf) }) ?? integers([]);
  }

  /**
   * The results of a node, where all of its inputs are known.
   *
   * @param node the node, of the standard operators
   * @param inputs with former attributes in their places
   */
  compute(node: OnnxNode, inputs: Inputs): readonly Value[] | undefined {
    const [x] = inputs;
    if (x === undefined) return undefined;
    if (movesOnly.has(node.op)) {
      const moved = this.moved(node, inputs);
      if (moved !== undefined) return [moved];
    }
    const results = this.results(node, inputs, x);
    return allKnown(results?.map((known) => this.valueOf(known)));
  }

  private results(node: OnnxNode, inputs: Inputs, x: Value): readonly Known[] | undefined {
    const plain = plainOf(node);
    if (node.op === "Shape" || node.op === "Size") {
      const { start = 0, end } = plain as { start?: number; end?: number };
      const items = x.shape.slice(start, end).map(amountOf);
      const shape: Known = { type: "int64", dims: [items.length], items };
      return node.op === "Shape"
        ? [shape]
        : evaluate("ReduceProd", { inputs: [shape], attributes: { keepdims: 0 }, most: 1 });
    }
    const to = node.op === "Cast" ? elementTypeOf(Number(plain["to"])) : inputs[1]?.type;
    if (node.op === "Cast" || node.op === "CastLike") {
      const known = this.of(x);
      const result = known && to && cast(known, to === "float16" ? "float32" : to);
      return result && [result];
    }
    if (!hasRule(node.op)) return undefined;
    const known = inputs.map((value) => value && this.of(value));
    if (known.some((one, index) => one === undefined && inputs[index] !== undefined)) return undefined;
    const floating = known.some((one) => one?.type.startsWith("float") === true);
    const attributes = node.op === "Split" ? { num_outputs: node.outputs.length, ...plain } : plain;
    return evaluate(node.op, { inputs: known, attributes, most: floating ? mostFloating : mostWhole });
  }

  /** A constant of which the numbers only get other places, weights included. */
  private moved(node: OnnxNode, inputs: Inputs): Value | undefined {
    const [x, ...others] = inputs;
    const tensor = constantData(x);
    const known = others.every((value) => value === undefined || constantData(value) !== undefined);
    // A Reshape counts the batch in its own way.
    if (x === undefined || tensor === undefined || !known || node.op === "Reshape") return undefined;
    const plain = plainOf(node);
    // Axes are an input by now.
    const attributes = Object.fromEntries(Object.entries(plain).filter(([name]) => name !== "axes"));
    const [y] = rowOf(node.op).create(inputs, attributes).outputs;
    if (y === undefined || !isStatic(y.shape)) return undefined;
    const perm = (plain["perm"] as readonly number[] | undefined) ?? tensor.dims.map((_, axis) => axis).reverse();
    return constant(node.op === "Transpose" ? transposed(tensor, perm) : { ...tensor, dims: y.shape });
  }

  /** A constant, or a formula in the extents of the graph's inputs; `undefined` where it is too long or has no such extents. */
  private valueOf(known: Known): Value | undefined {
    const { type, dims, items } = known;
    const value = items.every((item) => typeof item === "number") ? this.constantOf(known) : this.formulaOf(known);
    if (value === undefined) return undefined;
    this.found.set(value, { type, dims, items });
    return value;
  }

  private constantOf({ type, dims, items }: Known): Value {
    const data = allocate(type, items.length);
    items.forEach((item, index) => {
      data[index] = data instanceof BigInt64Array ? wholeOf(Number(item)) : Number(item);
    });
    return constant({ type, dims, data });
  }

  private formulaOf({ type, dims, items }: Known): Value | undefined {
    if (items.length > mostOpen || !items.every(isWhole)) return undefined;
    const parts = allKnown(items.map((item) => this.amountValue(item)));
    if (parts === undefined) return undefined;
    const whole = concat(parts, { axis: 0 });
    return castValue(reshapeTo(whole, dims), type);
  }

  /** An amount when the graph runs, `[1]` int64. */
  private amountValue(amount: Amount): Value | undefined {
    if (typeof amount === "number") return integers([amount]);
    const terms = [...amount].map(([symbols, factor]) => {
      const factors = allKnown(symbols === "" ? [] : symbols.split("*").map((symbol) => this.extentValue(symbol)));
      if (factors === undefined) return undefined;
      const all = factor === 1 && factors.length > 0 ? factors : [...factors, integers([factor])];
      return all.reduce((product, value) => mul(product, value));
    });
    return allKnown(terms)?.reduce((sum, term) => add(sum, term));
  }

  private extentValue(symbol: string): Value | undefined {
    for (const input of this.inputs) {
      const axis = input.shape.indexOf(symbol);
      if (axis >= 0) return shapeOp(input, { start: axis, end: axis + 1 });
    }
    return undefined;
  }
}

function plainOf(node: OnnxNode): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(node.attributes).map(([name, { value }]) => [name, value]));
}

/** The nearest int64: files write the greatest one for "to the end", which a float64 does not hold. */
function wholeOf(value: number): bigint {
  return BigInt.asIntN(64, value >= 2 ** 63 ? 2n ** 63n - 1n : BigInt(Math.max(value, -(2 ** 63))));
}

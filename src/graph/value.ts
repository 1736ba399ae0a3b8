import type { Attribute } from "../onnx/model.js";
import type { ElementType, TensorData } from "../onnx/tensor-data.js";
import { isStatic, type Shape } from "./shape.js";

/** Element type and shape of a value. */
export interface ValueType {
  readonly type: ElementType;
  readonly shape: Shape;
}

/** Where a value comes from. */
export type Source =
  | { readonly kind: "input"; readonly name: string }
  | { readonly kind: "constant"; readonly data: TensorData }
  | { readonly kind: "node"; readonly node: Node; readonly index: number };

/** How many values there are so far. */
let count = 0;

/**
 * A tensor that will exist when the graph runs: its type, its shape and where it comes from.
 *
 * Values and nodes never change, and a graph is all that its outputs reach; so a formula is written by calling
 * operators on values, and nothing has to be registered.
 */
export class Value implements ValueType {
  readonly type: ElementType;
  readonly shape: Shape;
  readonly source: Source;
  /** Greater than that of each value that was there before: what was computed before a moment can be told by it. */
  readonly serial: number;

  constructor({ type, shape }: ValueType, source: Source) {
    this.type = type;
    this.shape = shape;
    this.source = source;
    this.serial = count++;
  }

  /** Number of axes. */
  get rank(): number {
    return this.shape.length;
  }
}

/** One call of an operator on values. */
export class Node {
  readonly outputs: readonly Value[];

  /**
   * @param op the operator's name, such as `Conv`
   * @param inputs one value an input; `undefined` for an optional one that is absent
   * @param attributes the attributes that are set
   * @param outputTypes type and shape of each output
   * @param requiredOutputs how many of the outputs must be written to a file; those behind them are left out where nobody uses them
   */
  constructor(
    readonly op: string,
    readonly inputs: readonly (Value | undefined)[],
    readonly attributes: Readonly<Record<string, Attribute>>,
    outputTypes: readonly ValueType[],
    readonly requiredOutputs: number = outputTypes.length,
  ) {
    this.outputs = outputTypes.map((type, index) => new Value(type, { kind: "node", node: this, index }));
  }

  /** The same call on other inputs of the same types and shapes. */
  withInputs(inputs: readonly (Value | undefined)[]): Node {
    return new Node(this.op, inputs, this.attributes, this.outputs, this.requiredOutputs);
  }
}

/**
 * A value that is fed when the graph runs.
 *
 * @param name its name among the graph's inputs; must be unique there
 * @param type element type
 * @param shape extents; strings for those that vary from run to run
 */
export function input(name: string, type: ElementType, shape: Shape): Value {
  return new Value({ type, shape }, { kind: "input", name });
}

/** A value that is part of the graph. */
export function constant(data: TensorData): Value {
  return new Value({ type: data.type, shape: data.dims }, { kind: "constant", data });
}

/** The tensor of a constant, or `undefined` for any other value. */
export function constantData(value: Value | undefined): TensorData | undefined {
  return value?.source.kind === "constant" ? value.source.data : undefined;
}

/** The node that makes a value, or `undefined` for inputs and constants. */
export function producer(value: Value): Node | undefined {
  return value.source.kind === "node" ? value.source.node : undefined;
}

/** A number above the serials of all values that there are, and below those of values to come. */
export function presentMoment(): number {
  return count - 0.5;
}

/** A value's extents when all of them are numbers, else `undefined`. */
export function staticShape(value: Value): readonly number[] | undefined {
  return isStatic(value.shape) ? value.shape : undefined;
}

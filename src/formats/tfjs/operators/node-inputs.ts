import { UsageError } from "../../../errors/errors.js";
import { isStatic, type Shape } from "../../../graph/shape.js";
import { constant, type Value } from "../../../graph/value.js";
import { toChannelsFirst, toChannelsLast } from "../../../nn/channels.js";
import { elementCount, float32, type TensorData } from "../../../onnx/tensor-data.js";
import type { TfNode } from "../attributes.js";

/*
 * TensorFlow's operators, written with Graft's. TensorFlow puts channels last, graphs of Graft second: as everywhere in
 * Graft, a value that TensorFlow would give four axes is `[N, C, H, W]` here, and all others are the same on both sides.
 */

/** What a node of a TensorFlow graph gives. */
export type Known =
  | { readonly kind: "value"; readonly value: Value }
  /** In TensorFlow's order of axes. */
  | { readonly kind: "constant"; readonly tensor: TensorData }
  /** Whole numbers that are extents of other values, such as a shape; `scalar` where they are one without axes. */
  | { readonly kind: "extents"; readonly extents: Shape; readonly scalar: boolean };

/** A node that is imported, and what its inputs are. */
export class NodeInputs {
  constructor(
    readonly node: TfNode,
    private readonly known: readonly Known[],
  ) {}

  /** Number of inputs. */
  get count(): number {
    return this.known.length;
  }

  /** An error that says what the node should have been. */
  refuse(expected: string, received: string): UsageError {
    return new UsageError(`TensorFlow's ${this.node.op} is used in a way that Graft does not have.`, {
      subject: this.node.name,
      expected,
      received,
    });
  }

  at(index: number): Known {
    const known = this.known[index];
    if (known === undefined) throw this.refuse(`at least ${index + 1} inputs`, `${this.count}`);
    return known;
  }

  /** An input as a value: of rank 4, channels are second. */
  value(index = 0): Value {
    const known = this.at(index);
    if (known.kind === "value") return known.value;
    if (known.kind === "extents") throw this.refuse("values that are no shape", "a shape");
    return constant(channelsSecond(floats(known.tensor)));
  }

  /** All inputs from one on as values. */
  values(from = 0, to = this.count): Value[] {
    return this.known.slice(from, to).map((_, index) => this.value(from + index));
  }

  /** An input that must be constant, in TensorFlow's order of axes. */
  constant(index: number): TensorData<"float32"> {
    const known = this.at(index);
    if (known.kind === "constant") return floats(known.tensor);
    throw this.refuse(`a constant as input ${index}`, "a value that is computed");
  }

  /** An input that must be whole numbers which are known now, such as axes. */
  integers(index: number): readonly number[] {
    const extents = this.extents(index);
    if (isStatic(extents)) return extents;
    throw this.refuse(`known numbers as input ${index}`, `[${extents.join(", ")}]`);
  }

  /** An input that must be whole numbers of which some may be known only when the graph runs. */
  extents(index: number): Shape {
    const known = this.at(index);
    if (known.kind === "extents") return known.extents;
    return Array.from(this.constant(index).data);
  }
}

function floats(tensor: TensorData): TensorData<"float32"> {
  if (tensor.type === "float32") return tensor as TensorData<"float32">;
  return float32(Float32Array.from(tensor.data as ArrayLike<number | bigint>, Number), tensor.dims);
}

/** A constant with its axes in another order. */
export function permuted({ dims, data }: TensorData<"float32">, order: readonly number[]): TensorData<"float32"> {
  const strides = dims.map((_, axis) => elementCount(dims.slice(axis + 1)));
  const shape = order.map((axis) => dims[axis] ?? 1);
  const steps = order.map((axis) => strides[axis] ?? 1);
  const moved = new Float32Array(data.length);
  const place = order.map(() => 0);
  let from = 0;
  for (let to = 0; to < moved.length; to++) {
    moved[to] = data[from] ?? 0;
    for (let axis = order.length - 1; axis >= 0; axis--) {
      const next = (place[axis] ?? 0) + 1;
      from += steps[axis] ?? 0;
      place[axis] = next;
      if (next < (shape[axis] ?? 1)) break;
      from -= (shape[axis] ?? 1) * (steps[axis] ?? 0);
      place[axis] = 0;
    }
  }
  return float32(moved, shape);
}

/** A constant of four axes as graphs of Graft have it; others as they are. */
export function channelsSecond(tensor: TensorData<"float32">): TensorData<"float32"> {
  return tensor.dims.length === 4 ? permuted(tensor, [0, 3, 1, 2]) : tensor;
}

/** What a node gives: values or what else is known, one for each output where there are several. */
export type Operator = (inputs: NodeInputs) => Value | Known | readonly (Value | Known)[];

/** A family of operators, by TensorFlow's names. */
export type Operators = Readonly<Record<string, Operator>>;

/** Something that is done in TensorFlow's order of axes. */
export function inOrder(values: readonly Value[], change: (values: readonly Value[]) => Value): Value {
  return toChannelsFirst(change(values.map(toChannelsLast)));
}

/** @throws UsageError when there is none */
export function first(inputs: NodeInputs, [value]: readonly Value[]): Value {
  if (value === undefined) throw inputs.refuse("an input", "none");
  return value;
}

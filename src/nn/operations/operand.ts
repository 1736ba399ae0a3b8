import { show } from "../../errors/check.js";
import { UsageError } from "../../errors/errors.js";
import { formatShape } from "../../graph/shape.js";
import { constant, constantData, type Value } from "../../graph/value.js";
import type { ElementType } from "../../onnx/tensor-data.js";
import { scalar } from "../../ops/constants.js";
import { cast, transpose } from "../../ops/layout.js";
import { reshapeTo } from "../../ops/reshape.js";
import { fromTensor, isTensor, type Tensor } from "../../runtime/runtime.js";
import type { CallContext } from "../context.js";
import { SymbolicTensor } from "../symbolic-tensor.js";
import { Variable } from "../variable.js";

/** What functions of `ops` compute with: tensors, weights, arrays, and single numbers. */
export type Operand = SymbolicTensor | Variable | Tensor | number | boolean;

/** What functions of `ops` give: of arrays and numbers alone a promise of an array, otherwise a symbolic tensor. */
export type Answer<Given> = [Extract<Given, SymbolicTensor | Variable>] extends [never]
  ? Promise<Tensor>
  : SymbolicTensor;

/** What something is, in a few words, for messages. */
export function describeOperand(given: unknown): string {
  if (given instanceof SymbolicTensor) {
    return `${given.traced === undefined ? "a placeholder" : "a tensor"} of shape ${formatShape(given.shape)}`;
  }
  if (isTensor(given)) return `an array of shape [${given.dims.join(", ")}]`;
  if (given instanceof Variable) return `the weight "${given.path}"`;
  if (given instanceof Promise) return "a Promise";
  if (Array.isArray(given)) return `a list of ${given.length}`;
  if (given === null || given === undefined) return String(given);
  if (typeof given === "object") return `an object of the class ${given.constructor.name}`;
  return typeof given === "function" ? "a function" : show(given);
}

const toFirst = [0, 3, 1, 2];
const toLast = [0, 2, 3, 1];

/** What was moved here, and what it was before: a layer's own transposition is another tensor, which may be asked for. */
const sources = new WeakMap<Value, { readonly source: Value; readonly perm: readonly number[] }>();

function moved(x: Value, perm: readonly number[]): Value {
  if (x.rank !== 4) return x;
  const before = sources.get(x);
  if (before !== undefined && before.perm !== perm) return before.source;
  const made = transpose(x, { perm });
  sources.set(made, { source: x, perm });
  return made;
}

/** The value in Keras's order of axes that a value in the graph's order was made of here; `undefined` where it was not. */
export function beforeMove(x: Value): Value | undefined {
  return sources.get(x)?.source;
}

/** A value in the graph's order of axes in Keras's order; what was moved there is not moved twice. */
export function inKerasOrder(x: Value): Value {
  return moved(x, toLast);
}

/** A value in Keras's order of axes in the graph's order; what was moved there is not moved twice. */
export function inGraphOrder(x: Value): Value {
  return moved(x, toFirst);
}

/** An array, a weight, a number or a tensor of the same computation as a value, in the graph's order of axes. */
export function toValue(given: SymbolicTensor | Variable | Tensor | number | boolean, context: CallContext): Value {
  if (given instanceof SymbolicTensor) {
    if (given.traced !== undefined) return given.traced.value;
    throw new UsageError("A placeholder of a functional model cannot be used here.", {
      subject: describeOperand(given),
      expected: "tensors that are computed from what call, the loss or the metric is given",
      received: "what layers.Input or a layer outside gave",
    });
  }
  if (given instanceof Variable) return inGraphOrder(context.weight(given));
  if (typeof given === "number") return scalar("float32", given);
  if (typeof given === "boolean") return scalar("bool", Number(given));
  return inGraphOrder(constant(fromTensor(given)));
}

/** As {@link toValue}, as a tensor. */
export function toSymbolic(given: Parameters<typeof toValue>[0], context: CallContext): SymbolicTensor {
  return given instanceof SymbolicTensor ? given : SymbolicTensor.of(toValue(given, context), context);
}

/** Types by how much they hold, as Keras promotes them. */
const ranks: readonly ElementType[] = ["bool", "uint8", "int8", "int32", "int64", "float16", "float32", "float64"];

/** The type in which Keras computes with tensors of some types, and with single numbers. */
export function commonType(given: readonly (Value | number | boolean)[]): ElementType {
  const types = given.flatMap((one) => (typeof one === "object" ? [one.type] : []));
  const greatest = types.reduce<ElementType>((a, b) => (ranks.indexOf(b) > ranks.indexOf(a) ? b : a), "bool");
  // Unsigned and signed bytes have a common type that holds both.
  const both = types.includes("uint8") && types.includes("int8") && greatest === "int8";
  const numbers = given.filter((one) => typeof one === "number");
  if (types.length === 0) return numbers.length > 0 ? "float32" : "bool";
  if (numbers.some((one) => !Number.isInteger(one)) && !isFloat(greatest)) return "float32";
  if (numbers.length > 0 && greatest === "bool") return "int32";
  return both ? "int32" : greatest;
}

/** Whether a type holds fractions. */
export function isFloat(type: ElementType): boolean {
  return type === "float16" || type === "float32" || type === "float64";
}

/** A value or number in a type. */
export function asType(given: Value | number | boolean, type: ElementType): Value {
  if (typeof given !== "object") return scalar(type, Number(given));
  return given.type === type ? given : cast(given, type);
}

/** Values and numbers in their common type. */
export function promoted(given: readonly (Value | number | boolean)[]): readonly Value[] {
  const type = commonType(given);
  return given.map((one) => asType(one, type));
}

/** A value in a type that holds fractions: integers become float32. */
export function asFloat(given: Value | number | boolean): Value {
  const type = typeof given === "object" && isFloat(given.type) ? given.type : "float32";
  return asType(given, type);
}

/** A value of rank 0 or 1 so that it broadcasts against values of rank 4 in the graph's order; `undefined` for other ranks. */
export function besideImages(x: Value): Value | undefined {
  if (x.rank === 4 || x.rank === 0) return x;
  const [channels] = x.shape;
  if (x.rank !== 1 || channels === undefined) return undefined;
  const data = constantData(x);
  if (data !== undefined) return constant({ ...data, dims: [Number(channels), 1, 1] });
  return reshapeTo(x, [channels, 1, 1]);
}

import type { TensorData } from "../../onnx/tensor-data.js";
import type { Variable } from "../variable.js";

/** A tensor among the arguments of a call: the number of the call's input. */
export interface InputPlace {
  readonly kind: "input";
  readonly index: number;
}

/** An array among the arguments of a call, in Keras's order of axes. */
export interface ArrayArgument {
  readonly kind: "array";
  readonly data: TensorData;
}

/** A weight among the arguments of a call. */
export interface WeightArgument {
  readonly kind: "weight";
  readonly variable: Variable;
}

/** Part of an axis, as Python's `start:stop:step` says it. */
export interface SliceArgument {
  readonly kind: "slice";
  readonly start: number | null;
  readonly stop: number | null;
  readonly step: number | null;
}

/** All axes that are not named: Python's `...`. */
export interface EllipsisArgument {
  readonly kind: "ellipsis";
}

/** An argument of the call of an operation, as it stays the same from one writing to the next. */
export type Argument =
  | InputPlace
  | ArrayArgument
  | WeightArgument
  | SliceArgument
  | EllipsisArgument
  | number
  | string
  | boolean
  | null
  | readonly Argument[];

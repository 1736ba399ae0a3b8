import type { SymbolicTensor } from "../../symbolic-tensor.js";
import { Add } from "./add.js";
import { Average } from "./average.js";
import { Concatenate, type ConcatenateOptions } from "./concatenate.js";
import { Dot, type DotOptions } from "./dot.js";
import { Maximum } from "./maximum.js";
import { Minimum } from "./minimum.js";
import { Multiply } from "./multiply.js";
import { Subtract } from "./subtract.js";

/* The merging layers as functions of placeholders, as Keras has them. */

type Inputs = readonly SymbolicTensor[];

/** `new Add().apply(inputs)`. @see https://keras.io/api/layers/merging_layers/add/ */
export function add(inputs: Inputs): SymbolicTensor {
  return new Add().apply(inputs);
}

/** `new Subtract().apply(inputs)`. @see https://keras.io/api/layers/merging_layers/subtract/ */
export function subtract(inputs: Inputs): SymbolicTensor {
  return new Subtract().apply(inputs);
}

/** `new Multiply().apply(inputs)`. @see https://keras.io/api/layers/merging_layers/multiply/ */
export function multiply(inputs: Inputs): SymbolicTensor {
  return new Multiply().apply(inputs);
}

/** `new Average().apply(inputs)`. @see https://keras.io/api/layers/merging_layers/average/ */
export function average(inputs: Inputs): SymbolicTensor {
  return new Average().apply(inputs);
}

/** `new Maximum().apply(inputs)`. @see https://keras.io/api/layers/merging_layers/maximum/ */
export function maximum(inputs: Inputs): SymbolicTensor {
  return new Maximum().apply(inputs);
}

/** `new Minimum().apply(inputs)`. @see https://keras.io/api/layers/merging_layers/minimum/ */
export function minimum(inputs: Inputs): SymbolicTensor {
  return new Minimum().apply(inputs);
}

/** `new Concatenate(options).apply(inputs)`. @see https://keras.io/api/layers/merging_layers/concatenate/ */
export function concatenate(inputs: Inputs, options: ConcatenateOptions = {}): SymbolicTensor {
  return new Concatenate(options).apply(inputs);
}

/** `new Dot(axes, options).apply(inputs)`; axes default -1. @see https://keras.io/api/layers/merging_layers/dot/ */
export function dot(
  inputs: Inputs,
  options: DotOptions & { readonly axes?: number | readonly number[] } = {},
): SymbolicTensor {
  return new Dot({ axes: -1, ...options }).apply(inputs);
}

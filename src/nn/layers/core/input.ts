import type { SymbolicTensor } from "../../symbolic-tensor.js";
import { InputLayer, type InputOptions } from "./input-layer.js";

/**
 * A placeholder that a functional model begins with.
 *
 * @returns of shape `[N, …shape]`
 * @throws UsageError when the shape is not usable
 * @see https://keras.io/api/layers/core_layers/input/
 *
 * @example
 * ```ts
 * import { layers } from "graft-ml";
 *
 * // Photos of any size, in colour.
 * const photo = layers.Input({ shape: [null, null, 3], name: "photo" });
 * console.log(photo.shape); // → [ 'N', 'H', 'W', 3 ]
 * ```
 */
export function Input(shape: NonNullable<InputOptions["shape"]>, options?: InputOptions): SymbolicTensor;
export function Input(options: InputOptions): SymbolicTensor;
export function Input(
  first: NonNullable<InputOptions["shape"]> | InputOptions,
  options: InputOptions = {},
): SymbolicTensor {
  // As in Keras, the shape may stand first by itself.
  const isShape = Array.isArray as (value: unknown) => value is NonNullable<InputOptions["shape"]>;
  return new InputLayer(isShape(first) ? { ...options, shape: first } : first).output;
}

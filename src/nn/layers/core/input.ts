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
export function Input(options: InputOptions): SymbolicTensor {
  return new InputLayer(options).output;
}

import { elementCount, float32, type TensorData } from "../../onnx/tensor-data.js";
import type { Variable } from "../variable.js";

/** The slot of the moving average of a weight. */
export const averageSlot = "average";

/** What an optimizer remembers: its slots by weight, and how many steps it has taken. */
export interface OptimizerState {
  step: number;
  /** By weight and name; slots of weights that stay trainable survive from fit to fit. */
  readonly slots: Map<Variable, Map<string, TensorData<"float32">>>;
}

/**
 * What a slot holds before the first step of its weight. The average begins with the weight itself: one that is unfrozen late
 * would take long to come from anywhere else.
 *
 * @param initial the value that all elements of other slots start with
 */
export function newSlot(
  slot: string,
  shape: readonly number[],
  initial: number,
  weight: TensorData<"float32">,
): TensorData<"float32"> {
  if (slot === averageSlot) return float32(weight.data.slice(), weight.dims);
  const data = new Float32Array(elementCount(shape));
  return float32(initial === 0 ? data : data.fill(initial), shape);
}

import type { TensorData } from "../../onnx/tensor-data.js";
import type { Variable } from "../variable.js";

/** What an optimizer remembers: its slots by weight, and how many steps it has taken. */
export interface OptimizerState {
  step: number;
  /** By weight and name; slots of weights that stay trainable survive from fit to fit. */
  readonly slots: Map<Variable, Map<string, TensorData<"float32">>>;
}

import type { TensorData } from "../../onnx/tensor-data.js";
import type { Variable } from "../variable.js";
import type { Optimizer } from "./optimizer.js";

/** What an optimizer remembers: its slots by weight, and how many steps it has taken. */
export interface OptimizerState {
  step: number;
  readonly slots: Map<Variable, Map<string, TensorData<"float32">>>;
}

const states = new WeakMap<Optimizer, OptimizerState>();

/** The state of an optimizer; slots of weights that stay trainable survive from fit to fit. */
export function optimizerState(optimizer: Optimizer): OptimizerState {
  const state = states.get(optimizer) ?? { step: 0, slots: new Map<Variable, Map<string, TensorData<"float32">>>() };
  states.set(optimizer, state);
  return state;
}

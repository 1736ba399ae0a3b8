export { Model, type ModelOptions } from "./model.js";
export { Sequential } from "./sequential.js";
export { BaseModel } from "./base-model.js";
export type {
  Callback,
  CallbackContext,
  CompileOptions,
  EvaluateOptions,
  FitOptions,
  History,
  InputArrays,
  Logs,
  MetricsOption,
  OutputArrays,
  PredictOptions,
} from "./training-types.js";
export type { Each, PerOutput } from "./each.js";
export type { LoadWeightsOptions } from "./assign-weights.js";
export { loadModel } from "./load-model.js";
export type { LoadModelOptions } from "./platform.js";

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
  Logs,
  PredictOptions,
} from "./training-types.js";

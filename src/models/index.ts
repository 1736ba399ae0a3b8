export { Model, type ModelOptions } from "./model.js";
export { Sequential } from "./sequential.js";
export type { LayerPlace } from "./find-layer.js";
export { BaseModel } from "./base-model.js";
export type { CompileOptions, MetricsOption } from "./compile-types.js";
export type {
  AnySamples,
  Arrays,
  BatchOptions,
  Callback,
  CallbackContext,
  EvaluateOptions,
  FitOptions,
  GivenBatch,
  GivenNumbers,
  History,
  InputArrays,
  Logs,
  OutputArrays,
  PredictOptions,
  TrunkPrecision,
  TrunkReport,
  Verbosity,
  WithNumbers,
} from "./training-types.js";
export type { BatchSource, BatchSupply, Destination } from "./sources/batch-source.js";
export type { NumberList, Numbers, TypedNumbers } from "./sources/number-lists.js";
export type { Each, PerOutput } from "./each.js";
export type { SummaryOptions } from "./summary.js";
export type { LoadWeightsOptions } from "./assign-weights.js";
export { cloneModel } from "./clone-model.js";
export type { CloneModelOptions, ModelFromJsonOptions, ToJsonOptions } from "./config-options.js";
export { modelFromJson } from "./model-from-json.js";
export { saveModel } from "./save-model.js";
export { loadModel } from "./load-model.js";
export type { LoadModelOptions } from "./platform.js";

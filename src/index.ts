/**
 * Graft: fine-tune pretrained image networks in TypeScript, on an ordinary computer, without Python.
 *
 * @packageDocumentation
 */
import { installPlatform } from "./models/platform.js";
import { createNodePlatform } from "./hosts/node/platform.js";

installPlatform(createNodePlatform());

export * as activations from "./nn/activations/index.js";
export * as applications from "./applications/index.js";
export * as constraints from "./nn/constraints/index.js";
export * as backend from "./backend.js";
export * as callbacks from "./training/callbacks/index.js";
export * as datasets from "./datasets.js";
export * as initializers from "./nn/initializers/index.js";
export * as layers from "./nn/layers/index.js";
export * as losses from "./nn/losses/index.js";
export * as metrics from "./nn/metrics/index.js";
export * as models from "./models/index.js";
export * as ops from "./nn/operations/index.js";
export type { StepData, StepFigures, StepLogs, StepTensors } from "./models/step-data.js";
export {
  GradientTape,
  type GradientCallOptions,
  type GradientSource,
  type GradientTapeOptions,
} from "./nn/eager/gradient-tape.js";
export * as optimizers from "./nn/optimizers/index.js";
export * as random from "./nn/random/index.js";
export * as recipes from "./recipes.js";
export * as regularizers from "./nn/regularizers/index.js";
export * as saving from "./saving.js";
export * as schedules from "./nn/schedules/index.js";
export * as utils from "./utils.js";
export * as plots from "./plots.js";
export { diagnose, type DiagnoseOptions } from "./report/diagnosis/diagnose.js";
export { explain, type ExplainOptions } from "./recipe/explain/explain.js";
export type { Explanation } from "./recipe/explain/explainer.js";
export type { ExplainMethod } from "./recipe/explain/methods.js";
export type { Finding, FindingCode } from "./report/diagnosis/finding.js";
export {
  type GeneratorFitOptions,
  ImageDataGenerator,
  type ImageDataGeneratorOptions,
} from "./data/generator/image-data-generator.js";
export type { ArrayIterator, FlowOptions } from "./data/generator/array-iterator.js";
export type { DirectoryIterator, FlowFromDirectoryOptions } from "./data/generator/directory-iterator.js";
export type { DataframeIterator } from "./data/generator/dataframe-iterator.js";
export type { Dataframe, FlowFromDataframeOptions } from "./data/generator/dataframe-options.js";
export type { MultiOutputBatch, WeightedBatch } from "./data/generator/batch-iterator.js";
export type { AffineTransform } from "./data/augment/affine-parameters.js";
export { Dataset, type DatasetBatchOptions, type MapOptions, type ShuffleOptions } from "./data/dataset/dataset.js";
export type { BatchOf, Element, ElementOf, ElementSpec, SliceOf } from "./data/dataset/element.js";
export type { ImageDataset, PhotoBatch } from "./data/dataset/photo-dataset.js";
export { imageDatasetFromDirectory, type ImageDatasetOptions } from "./data/dataset/image-dataset.js";
export { setRandomSeed } from "./random/seed.js";
export { setDevice } from "./hosts/node/device.js";
export { availableDevices, type Device, type DeviceSupport } from "./runtime/node/devices.js";
export type { DeviceName } from "./runtime/node/runtime.js";
export { SymbolicTensor } from "./nn/symbolic-tensor.js";
export { Variable } from "./nn/variable.js";
export type { Shape } from "./graph/shape.js";
export type { Value } from "./graph/value.js";
export type { ElementType, TensorData } from "./onnx/tensor-data.js";
export { type Float32Tensor, Tensor } from "./runtime/runtime.js";
export type { Loose, Pair, Word } from "./errors/check.js";
export * from "./errors/errors.js";

import { FileError } from "../../errors/errors.js";
import { textOf } from "../../errors/text-of.js";
import { assignWeights, type LoadWeightsOptions } from "../../models/assign-weights.js";
import type { BaseModel } from "../../models/base-model.js";
import type { LoadModelOptions } from "../../models/platform.js";
import type { Config } from "../../nn/config.js";
import { compileFromConfig, hasLossScale } from "./deserialize-compile.js";
import { modelFromConfig } from "./from-config.js";
import { generationOf, type Generation } from "./generation.js";
import { graftKey } from "../../models/graft-key.js";
import { restoreMultipliers } from "../../models/learning-rate-multipliers.js";
import { serializeModel } from "./serialize-model.js";
import type { TensorData } from "../../onnx/tensor-data.js";
import type { H5Model } from "./hdf5-contents.js";
import { readHdf5 } from "./read-hdf5.js";
import { type Hdf5Group, type Hdf5Tensor, writeHdf5 } from "./write-hdf5.js";
import { kerasJson, parseKerasJson } from "./json.js";
import {
  archivedKeras2Slots,
  type OptimizerVariable,
  optimizerVariables,
  restoreKeras2Optimizer,
  restoreOptimizer,
} from "./optimizer-variables.js";
import { assignVariables, asWritten, namesEveryLayer, requireVariables, variableGroups } from "./variables.js";
import { isZip, readZip, writeZip } from "./zip.js";
import { keras2Slots, nativeKeras2Slots, type NamedVariable } from "./keras2-optimizer.js";

/** A model of a file, and what the caller should know of it. */
export interface ReadModel {
  readonly model: BaseModel;
  readonly warnings: readonly string[];
}

type Float32 = TensorData<"float32">;

const configName = "config.json";
const metadataName = "metadata.json";
const weightsName = "model.weights.h5";

/** The Keras whose format is written. */
const kerasVersion = "3.15.1";

interface Archive {
  /** The Keras that wrote it: the last versions of Keras 2 wrote archives, too. */
  readonly generation: Generation;
  readonly config: unknown;
  readonly weights: Uint8Array;
}

/** @throws FileError when the archive is no `.keras` file */
async function readArchive(bytes: Uint8Array, file: string): Promise<Archive> {
  const { members, names } = await readZip(bytes, file, [configName, metadataName, weightsName]);
  const { [metadataName]: metadata } = members;
  const config = members[configName];
  const weights = members[weightsName];
  if (config === undefined || weights === undefined) {
    throw new FileError(`${file} is no Keras model that Graft can read.`, {
      subject: file,
      expected: `a ZIP archive with ${configName} and ${weightsName}`,
      received: names.slice(0, 8).join(", ") || "an empty archive",
      advice: 'In Keras 3, save it with model.save("model.keras").',
    });
  }
  const json = (text: Uint8Array, name: string): unknown =>
    parseKerasJson(textOf(text, `${name} of ${file}`), file, name);
  const version = metadata === undefined ? undefined : property(json(metadata, metadataName), "keras_version");
  return {
    generation: generationOf(typeof version === "string" ? version : undefined, 3),
    config: json(config, configName),
    weights,
  };
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** What a file says of an optimizer beside its configuration. */
interface OptimizerState {
  readonly variables: readonly NamedVariable[];
  /** Whether it is one of Keras 2 in a `.keras` archive, where variables have no names. */
  readonly isArchived?: boolean;
}

/** Compiles a model as a file says; what cannot be restored of the optimizer is said. */
function restoreCompiled(model: BaseModel, config: unknown, given: OptimizerState, file: string): string[] {
  const options = compileFromConfig(config, file);
  if (options === undefined) return [];
  model.compile(options);
  const { optimizer } = model.compiled;
  const { state } = optimizer;
  const weights = model.trainableWeights;
  const variables = hasLossScale(config) ? withoutLossScale(given.variables) : given.variables;
  const old =
    given.isArchived === true
      ? archivedKeras2Slots(optimizer, weights, tensorsOf(variables))
      : (keras2Slots(optimizer, variables) ?? nativeKeras2Slots(optimizer, variables, weights.length));
  const mismatch =
    old === undefined
      ? restoreOptimizer(optimizer, weights, tensorsOf(variables), state)
      : restoreKeras2Optimizer(optimizer, weights, old, state);
  if (mismatch === undefined) return [];
  return [`The optimizer of ${file} starts afresh, because its state does not fit the model: ${mismatch}.`];
}

/** Keras 3 keeps what it knows of the loss's scale before the variables of the optimizer inside. */
function withoutLossScale(variables: readonly NamedVariable[]): readonly NamedVariable[] {
  const last = variables.findIndex(({ name }) => name.endsWith("/dynamic_scale"));
  return variables.slice(last + 1);
}

function tensorsOf(variables: readonly NamedVariable[]): Float32[] {
  return variables.map(({ tensor }) => tensor);
}

/**
 * Reads a Keras model: a `.keras` archive, or an `.h5` file with the whole model. Which one it is, the content says.
 *
 * @param bytes the whole file
 * @param file its name, for messages
 * @throws FileError when the file is damaged, or holds no whole model
 * @throws UsageError for a layer, an option or a part of the compile state that Graft does not have
 * @see https://keras.io/api/models/model_saving_apis/model_saving_and_loading/
 */
export async function readKerasModel(
  bytes: Uint8Array,
  file: string,
  { compile = true }: LoadModelOptions = {},
): Promise<ReadModel> {
  if (!isZip(bytes)) return modelOfH5(await readHdf5(compile ? "compiled model" : "model", bytes, file), file);
  const { config, weights, generation } = await readArchive(bytes, file);
  const warnings: string[] = [];
  const model = modelFromConfig(config, file, generation, { warn: (line) => warnings.push(line) });
  restoreMultipliers(model, property(config, graftKey), file);
  const groups = await readHdf5("variables", weights, `${weightsName} of ${file}`);
  // Names are surer than numbers; files of older versions have numbers only.
  assignVariables(model, groups, file, { byName: namesEveryLayer(model, groups) });
  // Around it may stand one that scales the loss.
  const { tensors } = groups.get("optimizer/inner_optimizer") ?? groups.get("optimizer") ?? { tensors: [] };
  const state = { variables: tensors.map((tensor) => ({ name: "", tensor })), isArchived: generation === 2 };
  if (compile) warnings.push(...restoreCompiled(model, property(config, "compile_config"), state, file));
  return { model, warnings };
}

/** Makes the model of an `.h5` file of what lies in it. */
function modelOfH5({ config, version, graft, weights, training, slots }: H5Model, file: string): ReadModel {
  const warnings: string[] = [];
  const topology = parseKerasJson(config, file, "model_config");
  const model = modelFromConfig(topology, file, generationOf(version, 2), { warn: (line) => warnings.push(line) });
  restoreMultipliers(model, graft === undefined ? undefined : parseKerasJson(graft, file, graftKey), file);
  assignWeights(model.layers, weights);
  if (training === undefined) return { model, warnings };
  const compiled = parseKerasJson(training, file, "training_config");
  return { model, warnings: [...warnings, ...restoreCompiled(model, compiled, { variables: slots }, file)] };
}

/**
 * Writes a model as a `.keras` archive that Keras 3 reads: layers, weights, compile state, the optimizer's slots.
 *
 * @param model a built model
 * @param file the file's name, for messages
 * @throws UsageError for a model that has no weights yet, or layers that Keras does not have
 */
export async function writeKerasModel(model: BaseModel, file: string): Promise<Uint8Array> {
  const config = serializeModel(model);
  const text = (value: unknown): Uint8Array => new TextEncoder().encode(kerasJson(value));
  return writeZip(
    {
      [metadataName]: text({ keras_version: kerasVersion, date_saved: timeOf(new Date()) }),
      [configName]: text(config),
      [weightsName]: await writeKerasWeights(model),
    },
    file,
  );
}

/**
 * Writes a model as one `.h5` file, the format before `.keras`, which Keras 3 still reads: layers, weights, compile state, the
 * optimizer's slots.
 *
 * @throws UsageError as {@link writeKerasModel} does
 * @see https://github.com/keras-team/keras/blob/v3.15.1/keras/src/legacy/saving/legacy_h5_format.py
 */
export async function writeKerasH5(model: BaseModel): Promise<Uint8Array> {
  const { class_name, config, compile_config: compiled, [graftKey]: graft } = serializeModel(model);
  const written = { backend: "tensorflow", keras_version: kerasVersion };
  const attributes: Record<string, string> = { ...written, model_config: kerasJson({ class_name, config }) };
  if (graft !== undefined) attributes[graftKey] = kerasJson(graft);
  if (compiled !== undefined) {
    const { optimizer, ...others } = compiled as Config;
    attributes["training_config"] = kerasJson({ ...others, optimizer_config: optimizer });
  }
  return writeHdf5([
    { path: "", attributes, datasets: {} },
    {
      path: "model_weights",
      attributes: { ...written, layer_names: model.layers.map(({ name }) => name) },
      datasets: {},
    },
    ...layerGroups(model),
    ...(model.compilation === undefined ? [] : [optimizerGroup(model)]),
  ]);
}

/** The groups of layers in an `.h5` file. What is trained comes first in each. */
function layerGroups(model: BaseModel): Hdf5Group[] {
  return model.layers.map((layer) => {
    const variables = [...layer.trainableWeights, ...layer.nonTrainableWeights];
    const named = variables.map((variable) => ({ name: variable.path, tensor: asWritten(variable) }));
    return listOf(`model_weights/${layer.name}`, named);
  });
}

function optimizerGroup(model: BaseModel): Hdf5Group {
  const { optimizer } = model.compiled;
  return listOf("optimizer_weights", optimizerVariables(optimizer, model.trainableWeights, optimizer.state));
}

/** A group of tensors whose order an attribute says; names that come twice get numbers. */
function listOf(path: string, tensors: readonly OptimizerVariable[]): Hdf5Group {
  const datasets = new Map<string, Hdf5Tensor>();
  for (const { name, tensor } of tensors) {
    let unique = name;
    for (let number = 1; datasets.has(unique); number++) unique = `${name}_${String(number)}`;
    datasets.set(unique, tensor);
  }
  return { path, attributes: { weight_names: [...datasets.keys()] }, datasets: Object.fromEntries(datasets) };
}

/** A time as Keras writes it: `2026-01-31@12:30:59`. */
function timeOf(date: Date): string {
  return date.toISOString().slice(0, 19).replace("T", "@");
}

/**
 * Writes a model's weights in the layout of Keras 3's `.weights.h5`, with the optimizer's slots where it was compiled.
 */
export async function writeKerasWeights(model: BaseModel): Promise<Uint8Array> {
  if (model.compilation === undefined) return writeHdf5(variableGroups(model));
  const { optimizer } = model;
  const tensors = optimizerVariables(optimizer, model.trainableWeights, optimizer.state).map(({ tensor }) => tensor);
  return writeHdf5(variableGroups(model, { name: optimizer.name, tensors }));
}

/** Keras restores the optimizer too, once it has slots. */
function restoreTrained(model: BaseModel, slots: readonly Float32[]): void {
  if (model.compilation === undefined || !model.built) return;
  const { optimizer } = model.compiled;
  const { state } = optimizer;
  if (state.step > 0) restoreOptimizer(optimizer, model.trainableWeights, slots, state);
}

/**
 * Loads the weights of a Keras file into a model: `.h5` of weights or of a whole model, `.weights.h5`, `.keras`. All of
 * them are loaded, or none when something does not fit.
 *
 * @returns what was skipped, one line each; nothing unless `skipMismatch` is set
 * @throws FileError when the file holds no weights
 * @throws ShapeError when it does not fit the model
 */
export async function loadKerasWeights(
  model: BaseModel,
  bytes: Uint8Array,
  file: string,
  options: LoadWeightsOptions = {},
): Promise<readonly string[]> {
  const source = isZip(bytes) ? (await readArchive(bytes, file)).weights : bytes;
  const found = await readHdf5("weights", source, file);
  if ("layers" in found) return assignWeights(model.layers, found, options);
  requireVariables(found, file);
  const skipped = assignVariables(model, found, file, options);
  restoreTrained(model, (found.get("optimizer/inner_optimizer") ?? found.get("optimizer"))?.tensors ?? []);
  return skipped;
}

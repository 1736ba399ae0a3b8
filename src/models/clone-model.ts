import { refuse } from "../errors/check.js";
import { UsageError } from "../errors/errors.js";
import { inPositions } from "../nn/positions.js";
import { fromConfigOf } from "../nn/default-from-config.js";
import { Layer } from "../nn/layer.js";
import { InputLayer } from "../nn/layers/index.js";
import { Metric } from "../nn/metrics/metric.js";
import { Operation } from "../nn/operations/operation.js";
import { Optimizer } from "../nn/optimizers/optimizer.js";
import { type CallOptions, type LayerCall, SymbolicTensor } from "../nn/symbolic-tensor.js";
import { BaseModel } from "./base-model.js";
import type { CloneModelOptions } from "./config-options.js";
import type { CompileOptions, MetricGiven, MetricsOption } from "./compile-types.js";
import { mapEach } from "./each.js";
import { GraphModel } from "./graph-model.js";
import { Model } from "./model.js";
import { checkMethodOptions } from "./option-names.js";
import { Sequential } from "./sequential.js";

/** A layer like another one, without its weights. */
function cloneLayer(layer: Layer): Layer {
  if (layer instanceof GraphModel) {
    throw new UsageError(`The model "${layer.name}" cannot be cloned.`, {
      subject: layer.name,
      expected: "a model of layers",
      received: "a graph of operators that came from a file",
      advice: "Load its file again: await models.loadModel(path).",
    });
  }
  const isGraph = layer instanceof Sequential || (layer instanceof Model && layer.callGraph !== undefined);
  if (isGraph && !layer.hasOwnCall) return cloneModel(layer);
  const clone = fromConfigOf(layer.constructor, layer.getConfig());
  if (!(clone instanceof Layer)) refuse("cloneModel", "fromConfig", "a layer", clone);
  clone.trainable = layer.trainable;
  clone.learningRateMultiplier = layer.learningRateMultiplier;
  return clone;
}

/** The entrance that a copy has for one of the model's inputs. */
function cloneEntrance(tensor: SymbolicTensor): SymbolicTensor {
  const entrance = tensor.call?.().layer;
  const batchShape = tensor.shape.map((extent) => (typeof extent === "number" ? extent : null));
  const name = entrance instanceof InputLayer ? entrance.name : undefined;
  return new InputLayer({ batchShape, dtype: tensor.type, name }).output;
}

/** How a layer was called, as options of a call. */
function optionsOf({ inputs, training, arguments: told = {} }: LayerCall): CallOptions {
  const { masks = [], useCausalMask = false, returnAttentionScores = false } = told;
  const first = inputs.length - masks.length;
  const mask = (name: (typeof masks)[number]): SymbolicTensor | undefined => {
    const place = masks.indexOf(name);
    return place < 0 ? undefined : inputs[first + place];
  };
  return { training, useCausalMask, returnAttentionScores, attentionMask: mask("attention_mask"), mask: mask("mask") };
}

function cloneFunctional(
  model: Model,
  graph: NonNullable<Model["callGraph"]>,
  entrances: readonly SymbolicTensor[],
  { cloneFunction = cloneLayer, callFunction }: CloneModelOptions,
): BaseModel {
  const tensors = new Map(graph.inputs.map((tensor, index) => [tensor, entrances[index]] as const));
  const clones = new Map<Layer, Layer>();
  const cloned = (tensor: SymbolicTensor): SymbolicTensor => {
    const known = tensors.get(tensor);
    if (known === undefined) throw new TypeError("A call of a model comes before what it needs.");
    return known;
  };
  for (const call of graph.calls) {
    const { layer, inputs, outputs } = call;
    const clone = clones.get(layer) ?? (layer instanceof Operation ? cloneOperation(layer) : cloneFunction(layer));
    const given: unknown = clone;
    if (!(given instanceof Layer)) refuse("cloneModel", "cloneFunction", "a function that gives a layer", given);
    clones.set(layer, clone);
    const results = callLayer(clone, { ...call, inputs: inputs.map(cloned) }, callFunction);
    outputs.forEach((tensor, index) => tensors.set(tensor, results[index]));
  }
  return new Model({ inputs: entrances, outputs: graph.outputs.map(cloned), name: model.name });
}

function cloneOperation({ row, options, name }: Operation): Operation {
  return new Operation(row, options, name);
}

/** Calls a layer as it was called in the model, on tensors of the copy. */
function callLayer(
  layer: Layer,
  call: LayerCall,
  callFunction: CloneModelOptions["callFunction"],
): readonly SymbolicTensor[] {
  const { inputs, arguments: told = {} } = call;
  if (layer instanceof Operation) return layer.connectArguments(inputs, told.operands ?? []);
  const own = inputs.slice(0, inputs.length - (told.masks?.length ?? 0));
  if (callFunction === undefined) {
    const [first = [], ...others] = inPositions(own, told.positions);
    return layer.applyAll(first, ...others, optionsOf(call));
  }
  const results: unknown = callFunction(layer, own, optionsOf(call));
  const list: readonly unknown[] = Array.isArray(results) ? results : [results];
  const isTensors = (all: readonly unknown[]): all is readonly SymbolicTensor[] =>
    all.length > 0 && all.every((one) => one instanceof SymbolicTensor);
  return isTensors(list) ? list : refuse("cloneModel", "callFunction", "a function that gives tensors", results);
}

function cloneSequential(
  model: Sequential,
  entrances: readonly SymbolicTensor[],
  { cloneFunction = cloneLayer }: CloneModelOptions,
): Sequential {
  return new Sequential([...entrances, ...model.layers.map((layer) => cloneFunction(layer))], { name: model.name });
}

/** What a model was compiled with, with an optimizer and metrics of the copy's own. */
function cloneCompilation({ optimizer, metrics, weightedMetrics, ...others }: CompileOptions): CompileOptions {
  const fresh = (metric: MetricGiven): MetricGiven =>
    metric instanceof Metric ? (fromConfigOf(metric.constructor, metric.getConfig()) as Metric) : metric;
  const each = (given: MetricsOption | undefined): MetricsOption | undefined =>
    given === undefined
      ? undefined
      : (mapEach(given, (one): unknown =>
          one === null ? null : typeof one === "object" && "length" in one ? one.map(fresh) : fresh(one),
        ) as MetricsOption);
  return {
    ...others,
    optimizer:
      optimizer instanceof Optimizer
        ? (fromConfigOf(optimizer.constructor, optimizer.getConfig()) as Optimizer)
        : optimizer,
    metrics: each(metrics),
    weightedMetrics: each(weightedMetrics),
  };
}

/**
 * A model of layers like those of another one, with new weights. As in Keras it is compiled as the other one, with an optimizer of
 * its own; weights are copied by `clone.setWeights(model.getWeights())`.
 *
 * @throws UsageError for a model that came as a graph of operators, or options that do not fit the model
 * @see https://keras.io/api/models/model/#clonemodel-function
 *
 * @example
 * ```ts
 * import { layers, models } from "graft-ml";
 *
 * const model = new models.Sequential([layers.Input({ shape: [4] }), new layers.Dense(2)]);
 * const target = models.cloneModel(model);
 * target.setWeights(model.getWeights());
 * ```
 */
export function cloneModel<Cloned extends BaseModel = BaseModel>(
  model: Cloned,
  options: CloneModelOptions = {},
): Cloned {
  const given: unknown = model;
  if (!(given instanceof BaseModel)) refuse("cloneModel", "model", "a model", given);
  checkMethodOptions("cloneModel", options);
  for (const name of ["cloneFunction", "callFunction"] as const) {
    const call: unknown = options[name];
    if (call !== undefined && typeof call !== "function") refuse("cloneModel", name, "a function", call);
  }
  const copy = copyOf(given, options);
  copyFlags(given, copy);
  const { compilation } = given;
  if (compilation !== undefined) copy.compile(cloneCompilation(compilation));
  return copy as Cloned;
}

/** The flag of a model itself; those of its layers are there already. */
function copyFlags(model: BaseModel, copy: BaseModel): void {
  if (model.trainable) return;
  const flags = copy.layers.map((layer) => layer.trainable);
  copy.trainable = false;
  copy.layers.forEach((layer, index) => {
    layer.trainable = flags[index] ?? false;
  });
}

function copyOf(model: BaseModel, options: CloneModelOptions): BaseModel {
  const { inputTensors, callFunction } = options;
  const tensors: unknown = inputTensors;
  const given: readonly unknown[] | undefined =
    tensors === undefined ? undefined : Array.isArray(tensors) ? (tensors as readonly unknown[]) : [tensors];
  const graph = model instanceof Model ? model.callGraph : undefined;
  if (model instanceof Model && graph !== undefined && !model.hasOwnCall) {
    return cloneFunctional(model, graph, entrancesOf(model, given, graph.inputs), options);
  }
  if (callFunction !== undefined)
    refuse("cloneModel", "callFunction", "nothing, but for a functional model", callFunction);
  if (model instanceof Sequential && !model.hasOwnCall) {
    const known = model.built ? model.inputs : [];
    return cloneSequential(model, entrancesOf(model, given, known), options);
  }
  if (given !== undefined || options.cloneFunction !== undefined) {
    const subject = given === undefined ? "cloneFunction" : "inputTensors";
    refuse("cloneModel", subject, "nothing for a model whose call is overridden", options[subject]);
  }
  const copy = cloneLayer(model);
  return copy instanceof BaseModel ? copy : refuse("cloneModel", "fromConfig", "a model", copy);
}

/** What the copy begins with. */
function entrancesOf(
  model: BaseModel,
  given: readonly unknown[] | undefined,
  inputs: readonly SymbolicTensor[],
): readonly SymbolicTensor[] {
  if (given === undefined) return inputs.map(cloneEntrance);
  const isSymbolic = (one: unknown): one is SymbolicTensor => one instanceof SymbolicTensor;
  const fits =
    given.every(isSymbolic) && (given.length === inputs.length || (inputs.length === 0 && given.length === 1));
  if (!fits) refuse("cloneModel", "inputTensors", `${inputs.length || 1} of what layers.Input gives`, given);
  return given.filter(isSymbolic);
}

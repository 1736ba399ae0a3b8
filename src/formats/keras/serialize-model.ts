import { UsageError } from "../../errors/errors.js";
import type { Config } from "../../nn/config.js";
import { serializeObject } from "../../nn/serialize-object.js";
import type { Layer } from "../../nn/layer.js";
import { layerNames } from "../../nn/layers/deserialize-layer.js";
import { FunctionLoss } from "../../nn/losses/function-loss.js";
import type { Loss } from "../../nn/losses/loss.js";
import { lossNameOf, lossNames, resolveLoss } from "../../nn/losses/resolve-loss.js";
import { MeanMetricWrapper } from "../../nn/metrics/function-metric.js";
import type { Metric } from "../../nn/metrics/metric.js";
import { metricNames } from "../../nn/metrics/resolve-metric.js";
import { snakeCase } from "../../nn/names.js";
import { type CustomObject, customModule, serializeFunction } from "../../nn/saving/custom-objects.js";
import { BaseModel } from "../../models/base-model.js";
import { isList, mapEach } from "../../models/each.js";
import { writtenActivations } from "./old-activations.js";
import { graftKey } from "../../models/graft-key.js";
import { serializeMultipliers } from "../../models/learning-rate-multipliers.js";
import { GraphModel } from "../../models/graph-model.js";
import { isCustom, serializeLayer } from "../../nn/layers/serialize-layer.js";
import type { MetricGiven, MetricsOption } from "../../models/compile-types.js";

/** All layers, those of inner models too. */
function allLayers(model: BaseModel): Layer[] {
  return model.layers.flatMap((layer) => (layer instanceof BaseModel ? [layer, ...allLayers(layer)] : [layer]));
}

/** @throws UsageError when a layer is none of Keras's */
function checkLayers(model: BaseModel): void {
  const known = new Set([...layerNames(), "Functional", "Sequential"]);
  const strange = [model, ...allLayers(model)].find(
    (layer) => !known.has(layer.className) && (layer instanceof GraphModel || !isCustom(layer)),
  );
  if (strange === undefined) return;
  throw new UsageError(`The model "${model.name}" cannot be saved for Keras.`, {
    subject: strange.name,
    expected: "layers that Keras has",
    received: `"${strange.name}" (${strange.className})`,
    advice: "Models from ONNX and TensorFlow graphs can be exported as .onnx: model.export(path).",
  });
}

/**
 * Keras's files say a layer that two inner models share twice, and cannot be loaded again.
 *
 * @throws UsageError when there is one
 */
function checkSharing(model: BaseModel): void {
  // A model that is called several times is walked once.
  const models = new Set([model, ...allLayers(model).filter((layer) => layer instanceof BaseModel)]);
  const owners = new Map<Layer, BaseModel>();
  for (const owner of models) {
    for (const layer of owner.layers) {
      const other = owners.get(layer);
      if (other === undefined) {
        owners.set(layer, owner);
        continue;
      }
      throw new UsageError(`The model "${model.name}" cannot be saved for Keras.`, {
        subject: layer.name,
        expected: "layers that belong to one model each",
        received: `"${layer.name}", which belongs to "${other.name}" and to "${owner.name}"`,
        advice: "Call the layer in one model, or export the model as .onnx: model.export(path).",
      });
    }
  }
}

/** A loss as files have it: one of Keras's, or of a user's own. */
function serializeLoss(loss: Loss): unknown {
  if (loss instanceof FunctionLoss) return serializeFunction(loss.own);
  return serializeCustom("keras.losses", loss, lossNames());
}

/** An object of one of Keras's classes, or of a class of a user's own. */
function serializeCustom(module: string, object: Loss | Metric, known: readonly string[]): unknown {
  const serialized = serializeObject(module, object);
  if (known.includes(object.className)) return serialized;
  return { ...serialized, ...customModule(object.constructor as CustomObject) };
}

/** Keras's name of a function that is Keras's, otherwise the function. */
function functionOr(own: CustomObject, lossName: string | undefined): unknown {
  return lossName === undefined ? serializeFunction(own) : snakeCase(lossName);
}

/** Metrics in the structure in which they were given. */
function serializeMetrics(metrics: MetricsOption | undefined): unknown {
  if (metrics === undefined || (isList(metrics) && metrics.length === 0)) return null;
  const one = (metric: MetricGiven): unknown => {
    if (typeof metric === "string") return metric;
    if (typeof metric === "function") return functionOr(metric, lossNameOf(metric));
    if (metric instanceof MeanMetricWrapper) return serializeFunction(metric.own);
    return serializeCustom("keras.metrics", metric, metricNames());
  };
  return mapEach(metrics, (entry): unknown =>
    entry === null ? null : typeof entry === "object" && "length" in entry ? entry.map(one) : one(entry),
  );
}

/** Keras 3's `compile_config`; `undefined` for a model that was not compiled. */
function compileConfig(model: BaseModel): Config | undefined {
  const given = model.compilation;
  if (given === undefined) return undefined;
  const { loss, lossWeights } = given;
  return {
    optimizer: serializeObject("keras.optimizers", model.optimizer),
    loss: loss === undefined ? null : mapEach(loss, (one) => (one === null ? null : serializeLoss(resolveLoss(one)))),
    loss_weights: lossWeights ?? null,
    metrics: serializeMetrics(given.metrics),
    weighted_metrics: serializeMetrics(given.weightedMetrics),
    run_eagerly: false,
    steps_per_execution: 1,
    jit_compile: false,
  };
}

/**
 * What `config.json` of a `.keras` file says of a model: its layers, how they are connected, what it was compiled
 * with, and, where Keras takes no notice, how fast each layer learns.
 *
 * @throws UsageError for a model of layers that Keras does not have, or one that is not built yet
 */
export function serializeModel(model: BaseModel): Config {
  checkLayers(model);
  if (!model.built) {
    throw new UsageError(`The model "${model.name}" has no weights yet.`, {
      subject: model.name,
      expected: "a model that knows its input's shape",
      received: "one that does not",
      advice: "Begin with layers.Input({ shape: [150, 150, 3] }).",
    });
  }
  return modelConfig(model);
}

/**
 * As {@link serializeModel}, also of a model that has no weights yet.
 *
 * @throws UsageError for a model of layers that Keras does not have
 */
export function modelConfig(model: BaseModel): Config {
  checkLayers(model);
  checkSharing(model);
  // What is undefined is left out of the file.
  const written = writtenActivations(serializeLayer(model)) as Config;
  return { ...written, compile_config: compileConfig(model), [graftKey]: serializeMultipliers(model) };
}

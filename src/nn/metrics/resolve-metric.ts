import { UsageError } from "../../errors/errors.js";
import type { Shape } from "../../graph/shape.js";
import type { SerializedObject } from "../config.js";
import type { Loss } from "../losses/loss.js";
import { isLossName, lossNameOf, resolveLoss } from "../losses/resolve-loss.js";
import { SparseCategoricalCrossentropy as SparseLoss } from "../losses/sparse-categorical-crossentropy.js";
import { factories, Registry } from "../registry.js";
import * as catalogue from "./catalogue.js";
import { BinaryAccuracy } from "./binary-accuracy.js";
import { CategoricalAccuracy } from "./categorical-accuracy.js";
import { ShapedAccuracy } from "./shaped-accuracy.js";
import { SparseCategoricalAccuracy } from "./sparse-categorical-accuracy.js";
import { MeanMetricWrapper, type MetricFunction } from "./function-metric.js";
import { LossMetric } from "./loss-metric.js";
import { findCustom, makeCustom } from "../saving/custom-objects.js";
import { Metric } from "./metric.js";

/** A metric, its name in Keras, or what Keras wrote into a file. */
export type MetricLike = Metric | MetricFunction | string | SerializedObject;

const registry = new Registry("metric", factories<Metric>(catalogue));

/** Keras's names of the classes of metrics. */
export function metricNames(): readonly string[] {
  return registry.classNames;
}

/**
 * The metric that an option stands for.
 *
 * `"accuracy"` and `"acc"` mean the accuracy that fits the output: binary for one unit, of class numbers with a sparse
 * loss, of one-hot labels otherwise; without a loss the labels' shape decides. The name that was given is the key in logs. Names of losses are accepted too.
 *
 * @param like a metric or a name
 * @param loss the loss that the output is trained with; `undefined` where it has none
 * @param outputShape shape of the model's output in Keras's order; `[]` where it is not known yet
 * @throws UsageError when there is no metric of that name
 * @see https://keras.io/api/metrics/
 */
export function resolveMetric(like: MetricLike, loss: Loss | undefined, outputShape: Shape): Metric {
  if (typeof like === "function") {
    if (like.prototype instanceof Metric) {
      throw new UsageError("This is the class of a metric, not a metric.", {
        subject: "metrics",
        expected: "a metric",
        received: `the class ${like.name}`,
        advice: `Make one of it: new ${like.name}().`,
      });
    }
    const name = lossNameOf(like);
    return name === undefined ? new MeanMetricWrapper(like) : resolveMetric(resolveLoss(name).name, loss, outputShape);
  }
  if (typeof like !== "string") return registry.resolve(like, "state");
  const name = like;
  const own = registry.has(name) || isLossName(name) ? undefined : findCustom([name]);
  if (own !== undefined) {
    return own.prototype instanceof Metric
      ? (makeCustom(own, {}) as Metric)
      : new MeanMetricWrapper(own as MetricFunction);
  }
  if (/^acc(uracy)?$/i.test(name)) {
    if (outputShape.at(-1) === 1) return new BinaryAccuracy({ name });
    if (loss === undefined || outputShape.length === 0) return new ShapedAccuracy(name);
    return loss instanceof SparseLoss ? new SparseCategoricalAccuracy({ name }) : new CategoricalAccuracy({ name });
  }
  // A name that is no metric's is a loss's, or a mistake that the registry of metrics explains.
  if (!registry.has(name) && isLossName(name)) return new LossMetric(name, {}, resolveLoss(name));
  return registry.create({ class_name: name, config: registry.has(name) ? { name } : {} });
}

import type { Shape } from "../../graph/shape.js";
import { isSerializedObject, type SerializedObject } from "../config.js";
import type { Loss } from "../losses/loss.js";
import { isLossName, resolveLoss } from "../losses/resolve-loss.js";
import { SparseCategoricalCrossentropy } from "../losses/sparse-categorical-crossentropy.js";
import { factory, Registry } from "../registry.js";
import { BinaryAccuracy } from "./binary-accuracy.js";
import { CategoricalAccuracy } from "./categorical-accuracy.js";
import { SparseCategoricalAccuracy } from "./sparse-categorical-accuracy.js";
import { SparseTopKCategoricalAccuracy } from "./sparse-top-k-categorical-accuracy.js";
import { TopKCategoricalAccuracy } from "./top-k-categorical-accuracy.js";
import { LossMetric } from "./loss-metric.js";
import type { Metric } from "./metric.js";

/** A metric, its name in Keras, or what Keras wrote into a file. */
export type MetricLike = Metric | string | SerializedObject;

const registry = new Registry<Metric>("metric", {
  BinaryAccuracy: factory(BinaryAccuracy),
  CategoricalAccuracy: factory(CategoricalAccuracy),
  SparseCategoricalAccuracy: factory(SparseCategoricalAccuracy),
  SparseTopKCategoricalAccuracy: factory(SparseTopKCategoricalAccuracy),
  TopKCategoricalAccuracy: factory(TopKCategoricalAccuracy),
});

/**
 * The metric that an option stands for.
 *
 * `"accuracy"` and `"acc"` mean the accuracy that fits the output: binary for one unit, of class numbers with a sparse
 * loss, of one-hot labels otherwise. The name that was given is the key in logs. Names of losses are accepted too.
 *
 * @param like a metric or a name
 * @param loss the loss that the model is trained with
 * @param outputShape shape of the model's output in Keras's order
 * @throws UsageError when there is no metric of that name
 * @see https://keras.io/api/metrics/
 */
export function resolveMetric(like: MetricLike, loss: Loss, outputShape: Shape): Metric {
  if (typeof like !== "string" && !isSerializedObject(like)) return like;
  if (typeof like !== "string") return registry.create(like);
  const name = like;
  if (/^acc(uracy)?$/i.test(name)) {
    if (outputShape.at(-1) === 1) return new BinaryAccuracy({ name });
    return loss instanceof SparseCategoricalCrossentropy
      ? new SparseCategoricalAccuracy({ name })
      : new CategoricalAccuracy({ name });
  }
  // A name that is no metric's is a loss's, or a mistake that the registry of metrics explains.
  if (!registry.has(name) && isLossName(name)) return new LossMetric(resolveLoss(name), name);
  return registry.create({ class_name: name, config: registry.has(name) ? { name } : {} });
}

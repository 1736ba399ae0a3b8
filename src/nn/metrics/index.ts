export { BinaryAccuracy, type BinaryAccuracyOptions } from "./binary-accuracy.js";
export { CategoricalAccuracy } from "./categorical-accuracy.js";
export { SparseCategoricalAccuracy } from "./sparse-categorical-accuracy.js";
export { SparseTopKCategoricalAccuracy } from "./sparse-top-k-categorical-accuracy.js";
export { TopKCategoricalAccuracy, type TopKOptions } from "./top-k-categorical-accuracy.js";
export { LossMetric } from "./loss-metric.js";
export { Metric } from "./metric.js";
export { MeanMetric } from "./mean-metric.js";
export { type MetricLike, resolveMetric } from "./resolve-metric.js";

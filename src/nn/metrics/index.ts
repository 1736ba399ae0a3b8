export * from "./catalogue.js";
export { LossMetric } from "./loss-metric.js";
export { MeanMetricWrapper, type MeanMetricWrapperOptions, type MetricFunction } from "./function-metric.js";
export {
  Metric,
  type MetricData,
  type MetricOptions,
  type MetricResult,
  type MetricUpdate,
  type MetricWeightOptions,
} from "./metric.js";
export type { ToldNumbers } from "./told-metric.js";
export { MeanMetric } from "./mean-metric.js";
export { type MetricLike, resolveMetric } from "./resolve-metric.js";

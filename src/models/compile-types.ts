import type { Shape } from "../graph/shape.js";
import type { LabelRule } from "../nn/label-rule.js";
import type { Loss } from "../nn/losses/loss.js";
import type { LossFunction } from "../nn/losses/function-loss.js";
import type { MetricFunction } from "../nn/metrics/function-metric.js";
import type { Mean } from "../nn/metrics/mean.js";
import type { Metric } from "../nn/metrics/metric.js";
import type { Optimizer } from "../nn/optimizers/optimizer.js";
import type { Each, PerOutput } from "./each.js";

/**
 * Metrics: those of the only output, or an entry for each output (one, several, or `null`), in the model's order or by name.
 * An output that is not named has none.
 */
export type MetricsOption = Each<MetricGiven | readonly MetricGiven[] | null>;

/** A metric, its name in Keras, or a function of labels and predictions. */
export type MetricGiven = Metric | MetricFunction | string;

/** What `compile` takes; Keras's names are accepted for each. */
export interface CompileOptions {
  /** Default `"rmsprop"`, as in Keras. */
  readonly optimizer?: Optimizer | string | undefined;
  /**
   * What is minimized: one loss for all outputs, or one for each, in the model's order or by name; `null` for an output that
   * has none. Default: none, so that only penalties are minimized.
   */
  readonly loss?: PerOutput<Loss | (new () => Loss) | LossFunction | string | null> | undefined;
  /** How much the loss of each output counts in the sum, in the model's order or by name; default 1 each. */
  readonly lossWeights?: PerOutput<number> | undefined;
  /** Figures over samples that all count alike, whatever their weights. */
  readonly metrics?: MetricsOption | undefined;
  /** Figures in which samples count by their weights and those of their classes, as in the loss. */
  readonly weightedMetrics?: MetricsOption | undefined;
}

/** The loss of an output. */
export interface CompiledLoss {
  /** Number of the output. */
  readonly output: number;
  /** Name of the output. */
  readonly name: string;
  readonly loss: Loss;
  /** How much it counts in the sum. */
  readonly weight: number;
}

/** A metric of an output. */
export interface CompiledMetric {
  /** Its key in logs: that of the metric, behind the output's name where there are several outputs. */
  readonly name: string;
  readonly metric: Metric;
  /** Number of the output. */
  readonly output: number;
  /** Whether samples count by their weights. */
  readonly weighted: boolean;
}

/** What the labels of an output must be. */
export interface OutputLabels {
  /** Name of the loss or metric that says so. */
  readonly owner: string;
  readonly rule: LabelRule;
  /** Shape of the output in Keras's order. */
  readonly shape: Shape;
  /** Whether weights of samples count for it, so that a sample of weight 0 is left out; default `false`. */
  readonly isWeighted?: boolean | undefined;
}

/** What a model was compiled with. */
export interface Compiled {
  readonly optimizer: Optimizer;
  /** Names of the model's outputs. */
  readonly outputs: readonly string[];
  /** Losses of those outputs that have one, in the model's order. */
  readonly losses: readonly CompiledLoss[];
  /** Metrics in the order in which they were given, weighted ones last. */
  readonly metrics: readonly CompiledMetric[];
  /** What the losses of the batches are added up in, for those who ask the model for its metrics. */
  readonly lossMean: Mean;
  /** Shapes of the outputs in Keras's order. */
  readonly shapes: readonly Shape[];
  /** What the labels of each output must be, for its loss and each of its metrics. */
  readonly labelRules: readonly (readonly OutputLabels[])[];
}

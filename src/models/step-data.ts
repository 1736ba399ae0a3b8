import type { Metric } from "../nn/metrics/metric.js";
import type { SymbolicTensor } from "../nn/symbolic-tensor.js";
import type { Variable } from "../nn/variable.js";

/** Tensors of a step: the only one, or a list for several inputs or outputs, in the model's order. */
export type StepTensors = SymbolicTensor | readonly SymbolicTensor[];

/**
 * What `trainStep` and `testStep` are given: a batch of samples, its labels and the weights of its samples, in Keras's order of
 * axes. Labels and weights are `undefined` where there are none.
 */
export type StepData<X = SymbolicTensor, Y = SymbolicTensor> = readonly [
  x: X,
  y: Y,
  sampleWeight: SymbolicTensor | undefined,
];

/** Figures of a step by name: tensors, weights, metrics, or what `metric.result()` gives. */
export type StepLogs = Readonly<Record<string, SymbolicTensor | Variable | Metric | number>>;

/** What `computeLoss` and `computeMetrics` are given; Keras's arguments. */
export interface StepFigures {
  readonly x?: StepTensors | undefined;
  readonly y?: unknown;
  readonly yPred: StepTensors;
  readonly sampleWeight?: SymbolicTensor | undefined;
  readonly training?: boolean | undefined;
}

import type { Loss } from "../nn/losses/loss.js";
import type { Metric } from "../nn/metrics/metric.js";
import type { Optimizer } from "../nn/optimizers/optimizer.js";
import type { Tensor } from "../runtime/runtime.js";
import type { BatchSource } from "./batch-source.js";
import type { BaseModel } from "./base-model.js";

/** Figures by name, such as `{ loss: 0.61, acc: 0.66 }`. */
export type Logs = Record<string, number>;

/** What `compile` takes; Keras's names are accepted for each. */
export interface CompileOptions {
  readonly optimizer: Optimizer | string;
  readonly loss: Loss | string;
  readonly metrics?: readonly (Metric | string)[];
}

/** What a model was compiled with. */
export interface Compiled {
  readonly optimizer: Optimizer;
  readonly loss: Loss;
  readonly metrics: readonly Metric[];
}

/** Figures of each epoch by name, with Keras's keys: `loss`, `acc`, `val_loss`, `val_acc`, … */
export class History {
  readonly history: Record<string, number[]> = {};
  /** Epoch numbers from 0. */
  readonly epoch: number[] = [];
  /** Seconds that each epoch took. */
  readonly seconds: number[] = [];
}

/** What a callback is told beside its arguments. */
export interface CallbackContext {
  readonly model: BaseModel;
  readonly epochs: number;
  /** Training steps of an epoch. */
  readonly steps: number;
  /** Ends the training after the current epoch. */
  stopTraining(): void;
}

/** Looks on while a model is trained. @see https://keras.io/api/callbacks/ */
export interface Callback {
  onTrainBegin?(context: CallbackContext): void | Promise<void>;
  onTrainEnd?(context: CallbackContext): void | Promise<void>;
  onEpochBegin?(epoch: number, context: CallbackContext): void | Promise<void>;
  onEpochEnd?(epoch: number, logs: Logs, context: CallbackContext): void | Promise<void>;
  onTrainBatchBegin?(step: number, context: CallbackContext): void | Promise<void>;
  /** `logs` are the means over the epoch so far. */
  onTrainBatchEnd?(step: number, logs: Logs, context: CallbackContext): void | Promise<void>;
  onPredictBatchEnd?(step: number): void | Promise<void>;
}

/** Samples in arrays: inputs and labels. */
export type Arrays = readonly [x: Tensor, y: Tensor];

/** Options of `fit`; defaults are Keras's. */
export interface FitOptions {
  /** Labels, when the samples are an array. */
  readonly y?: Tensor;
  /** Samples a step, for arrays; default 32. */
  readonly batchSize?: number;
  /** Default 1. */
  readonly epochs?: number;
  /** Default: as many as make one round over the samples. */
  readonly stepsPerEpoch?: number;
  readonly validationData?: BatchSource | Arrays;
  /** Default: one round. */
  readonly validationSteps?: number;
  readonly callbacks?: readonly Callback[];
  /** Number of the first epoch, for going on; default 0. */
  readonly initialEpoch?: number;
  /** Whether arrays are shuffled each epoch; default `true`. */
  readonly shuffle?: boolean;
  /** Weight in the loss by class number; default 1 each. */
  readonly classWeight?: Readonly<Record<number, number>>;
  /** 0: silent, 1: a bar (a line where there is no terminal), 2: a line an epoch; default 1. */
  readonly verbose?: 0 | 1 | 2;
}

/** Options of `evaluate`. */
export interface EvaluateOptions {
  readonly y?: Tensor;
  readonly batchSize?: number;
  /** Default: one round. */
  readonly steps?: number;
}

/** Options of `predict`. */
export interface PredictOptions {
  /** Samples at a time, for arrays; default 32. */
  readonly batchSize?: number;
  readonly callbacks?: readonly Callback[];
}

/** Options of `trainOnBatch` and `testOnBatch`. */
export interface BatchOptions {
  /** `[N]`: how much each sample counts in the loss; default 1. */
  readonly sampleWeight?: Tensor;
  readonly classWeight?: Readonly<Record<number, number>>;
}

import { checkOptionNames, type Word } from "../errors/check.js";
import { namedRecord, withName } from "../errors/named-record.js";
import type { TensorData } from "../onnx/tensor-data.js";
import type { Tensor } from "../runtime/runtime.js";
import type { BatchSource, BatchSupply } from "./sources/batch-source.js";
import type { BaseModel } from "./base-model.js";
import type { PerOutput } from "./each.js";
import type { Numbers } from "./sources/number-lists.js";
import type { Surroundings } from "./surroundings.js";

/** Figures by name, such as `{ loss: 0.61, acc: 0.66 }`. */
export type Logs = Record<string, number>;

/** What a training, or a callback in it, is made of at one moment: facts, and tensors by name. */
export interface TrainingState {
  /** Plain JSON. */
  readonly facts: unknown;
  readonly tensors: Readonly<Record<string, TensorData<"float32">>>;
}

/** A training that can be left and gone on with. */
export interface Resumable {
  /**
   * All that the training is at this moment. The tensors are those of the model and change with the next step: copy or
   * write them at once.
   */
  save(): TrainingState;
  /**
   * Goes on from a state: the same numbers come out as if there had been no stop. Only in `onTrainBegin`.
   *
   * @throws UsageError when the state belongs to another model or other samples
   */
  restore(state: TrainingState): void;
}

/** What a callback is told beside its arguments. */
export interface CallbackContext {
  readonly model: BaseModel;
  readonly epochs: number;
  /** Steps of an epoch; in events of a test or a prediction, steps of these. */
  readonly steps: number;
  /** Ends the training after the current step; the epoch ends there too, with its validation, as in Keras. */
  stopTraining(): void;
  /**
   * Lets a change of `trainable`, or of factors of the learning rate, take effect with the next step of the training; otherwise it
   * does so with the next `fit`. `undefined` outside of `fit`.
   */
  readonly applyTrainable?: (() => void) | undefined;
  /** The training's state; `undefined` outside of `fit`. */
  readonly training?: Resumable | undefined;
  /** The machine that the work runs on; default that of the process. */
  readonly machine?: Surroundings | undefined;
}

/**
 * How much `fit`, `evaluate` and `predict` say: 0 (`false`), 1 (`true`, `"auto"`) or 2. Others are refused when it is used, so
 * that variables fit without `as const`.
 */
export type Verbosity = number | boolean | Word<"auto">;

/** How a call of `fit`, `evaluate` or `predict` was made. */
export interface CallbackParams {
  readonly verbose: 0 | 1 | 2;
  readonly epochs: number;
  readonly steps: number;
}

/** A loss that is NaN or infinite. */
export interface LostLoss {
  readonly loss: number;
  /** From 0. */
  readonly epoch: number;
  /** From 0; `undefined` for the validation of the epoch. */
  readonly step: number | undefined;
  /** What most likely has led to it, in words. */
  readonly cause: string;
}

type Done = void | Promise<void>;

/**
 * Looks on while a model is trained, evaluated or asked. Events are Keras's; where Keras passes `logs` that are always
 * empty, they are left away, and a context comes last.
 *
 * @see https://keras.io/api/callbacks/base_callback/
 */
export interface Callback {
  setModel?(model: BaseModel): void;
  setParams?(params: CallbackParams): void;
  onTrainBegin?(context: CallbackContext): Done;
  /** `logs` are those of the last epoch. */
  onTrainEnd?(logs: Logs, context: CallbackContext): Done;
  onEpochBegin?(epoch: number, context: CallbackContext): Done;
  /** What is added to `logs` is seen by the callbacks behind, and lands in the history. */
  onEpochEnd?(epoch: number, logs: Logs, context: CallbackContext): Done;
  onTrainBatchBegin?(step: number, context: CallbackContext): Done;
  /** `logs` are the means over the epoch so far. */
  onTrainBatchEnd?(step: number, logs: Logs, context: CallbackContext): Done;
  /** Also before the validation of each epoch. */
  onTestBegin?(context: CallbackContext): Done;
  onTestEnd?(logs: Logs, context: CallbackContext): Done;
  onTestBatchBegin?(step: number, context: CallbackContext): Done;
  onTestBatchEnd?(step: number, logs: Logs, context: CallbackContext): Done;
  onPredictBegin?(context: CallbackContext): Done;
  onPredictEnd?(context: CallbackContext): Done;
  onPredictBatchBegin?(step: number, context: CallbackContext): Done;
  onPredictBatchEnd?(step: number, context: CallbackContext): Done;
  /**
   * Told the first time that a loss of `fit` is NaN or infinite, before the event that follows; Keras has no such event. `fit`
   * warns of it unless a callback wants to know.
   */
  onLossLost?(lost: LostLoss, context: CallbackContext): Done;
  /** What the callback would have to know after a stop. */
  saveState?(): TrainingState;
  /** Goes on from what `saveState` gave; comes after `onTrainBegin`. */
  restoreState?(state: TrainingState): void;
  /** Whether its events come after those of all others; default `false`. */
  readonly comesLast?: boolean;
}

/** Figures of each epoch by name, with Keras's keys: `loss`, `acc`, `val_loss`, `val_acc`, … */
export class History implements Callback {
  static readonly className: string = "History";

  /** @throws UsageError for options, of which it has none */
  constructor(options: object = {}) {
    checkOptionNames("History", options, []);
  }

  history: Record<string, number[]> = namedRecord();
  /** Epoch numbers from 0. */
  readonly epoch: number[] = [];
  /** Seconds that each epoch took, with its validation. */
  readonly seconds: number[] = [];
  /** What 8 bits cost, after a training with `trunkPrecision: "int8"`. */
  trunk?: TrunkReport & {
    /**
     * Loss and metrics on a round of the validation samples, where there are any, after the training: with the trunk in 8 bits,
     * and exactly.
     */
    readonly validation?: { readonly int8: Logs; readonly exact: Logs } | undefined;
  };
  private begun = 0;

  onEpochBegin(): void {
    this.begun = performance.now();
  }

  onEpochEnd(epoch: number, logs: Logs): void {
    this.epoch.push(epoch);
    this.seconds.push((performance.now() - this.begun) / 1000);
    for (const [name, value] of Object.entries(logs)) this.figuresOf(name).push(value);
  }

  private figuresOf(name: string): number[] {
    const figures = this.history[name] ?? [];
    if (!Object.hasOwn(this.history, name)) this.history = withName(this.history, name, figures);
    return figures;
  }

  saveState(): TrainingState {
    // JSON has no NaN and no infinities.
    const history = Object.entries(this.history).map(([name, values]) => [name, values.map(String)] as const);
    const facts = { history: Object.fromEntries(history), epoch: [...this.epoch], seconds: [...this.seconds] };
    return { facts, tensors: {} };
  }

  restoreState({ facts }: TrainingState): void {
    const { history, epoch, seconds } = facts as {
      readonly history: Readonly<Record<string, readonly string[]>>;
      readonly epoch: readonly number[];
      readonly seconds: readonly number[];
    };
    const replace = (own: number[], values: readonly number[]): void => {
      own.length = 0;
      for (const value of values) own.push(value);
    };
    for (const [name, values] of Object.entries(history)) replace(this.figuresOf(name), values.map(Number));
    replace(this.epoch, epoch);
    replace(this.seconds, seconds);
  }
}

/**
 * Arrays for the inputs of a model, `[samples, …]` each: the only one, all in the model's order, or by name. What is named and
 * is no input is left out, as in Keras.
 */
export type InputArrays = PerOutput<Tensor>;

/**
 * Arrays for the outputs of a model: for the only one, for all in the model's order, or by name. An output without loss and
 * metrics needs none: `null`, or a list of those that have a loss.
 */
export type OutputArrays = PerOutput<Tensor | null>;

/** As {@link InputArrays} and {@link OutputArrays}, with numbers of JavaScript for arrays. */
export type GivenNumbers = PerOutput<Tensor | Numbers | null>;

/** Options with numbers of JavaScript where there may be arrays. */
export type WithNumbers<Options> = {
  readonly [K in keyof Options]: K extends "y" | "sampleWeight"
    ? Options[K] | GivenNumbers
    : K extends "validationData"
      ? Options[K] | readonly [x: GivenNumbers, y: GivenNumbers, sampleWeight?: GivenNumbers]
      : Options[K];
};

/** Samples in arrays: inputs, labels, and how much each counts in the loss. */
export type Arrays = readonly [x: InputArrays, y: OutputArrays, sampleWeight?: OutputArrays | null];

/** A batch as generators and a `PyDataset` give it: samples alone, or with labels, or with labels and weights. */
export type GivenBatch =
  | Tensor
  | Readonly<Record<string, Tensor>>
  | readonly [x: InputArrays, y?: OutputArrays | null, sampleWeight?: OutputArrays | null];

/**
 * Where `fit`, `evaluate` and `predict` take samples from: arrays; a flow, a dataset or a `PyDataset`; a generator or an async
 * generator of batches, which is one round, or anything else that `for` or `for await` goes through, a round each time.
 */
export type AnySamples = BatchSource | BatchSupply | InputArrays | Iterable<GivenBatch> | AsyncIterable<GivenBatch>;

/** Options of `fit`; defaults are Keras's. */
export interface FitOptions {
  /** Labels, when the samples are arrays. */
  readonly y?: OutputArrays | undefined;
  /** Samples a step, for arrays; default 32. */
  readonly batchSize?: number | undefined;
  /** Default 1. */
  readonly epochs?: number;
  /** Default: as many as make one round over the samples. An epoch ends with its round, if that has fewer. */
  readonly stepsPerEpoch?: number;
  /**
   * How much each sample counts in the loss, `[samples]`, when the samples are arrays: one for all outputs, or one for each;
   * default 1.
   */
  readonly sampleWeight?: OutputArrays | undefined;
  /** Samples of any kind that `fit` takes, or arrays `[x, y]` or `[x, y, sampleWeight]`. */
  readonly validationData?: AnySamples | Arrays | undefined;
  /** Share of arrays, taken from the end before they are shuffled, that is kept for validation, in [0, 1); default 0. */
  readonly validationSplit?: number;
  /**
   * How many batches: the first ones of the samples' own order, the same after each epoch; default: one round. Samples that come
   * only once, from a generator, go on.
   */
  readonly validationSteps?: number;
  /** Samples a step of the validation, for arrays; default `batchSize`. */
  readonly validationBatchSize?: number;
  /** Validation after every so many epochs, or after the epochs of these numbers from 1; default 1. */
  readonly validationFreq?: number | readonly number[];
  /** One callback, or a list; default none. */
  readonly callbacks?: Callback | readonly Callback[] | undefined;
  /** Number of the first epoch, for going on; default 0. */
  readonly initialEpoch?: number;
  /** Whether arrays, and batches of a `PyDataset`, are shuffled each epoch; default `true`. */
  readonly shuffle?: boolean;
  /** Weight in the loss by class number, for labels of one output; default 1 each. */
  readonly classWeight?: Readonly<Record<number, number>>;
  /**
   * How the frozen layers before the first one that learns are computed while training: exactly (`"float32"`, default), or in 8
   * bits (`"int8"`), several times faster, calibrated on training photos. What learns is exact float32 in either case, as are
   * `evaluate`, `predict` and what is saved; the history's `trunk` says what it cost.
   */
  readonly trunkPrecision?: TrunkPrecision | undefined;
  /** 0: silent, 1: a bar (a line where there is no terminal), 2: a line an epoch; default 1, or `"auto"`. */
  readonly verbose?: Verbosity | undefined;
}

/** How frozen layers are computed while training. */
export type TrunkPrecision = "float32" | "int8";

/** What became of a trunk in 8 bits. */
export interface TrunkReport {
  /** Convolutions that are computed in 8 bits. */
  readonly convolutions: number;
  /** All convolutions. */
  readonly of: number;
  /** Those that lost too much on calibration photos and stay float32. */
  readonly float32: readonly string[];
  /** How far the activations at the freeze boundary move on calibration photos: root of the mean square, as a share of their own. */
  readonly moved: number;
  /** Calibration photos. */
  readonly photos: number;
}

/** Options of `evaluate`. */
export interface EvaluateOptions {
  /** Keras's `return_dict`: figures always come as a record here. */
  readonly returnDict?: true | undefined;
  readonly y?: OutputArrays | undefined;
  /** How much each sample counts in the loss, `[samples]`: one for all outputs, or one for each; default 1. */
  readonly sampleWeight?: OutputArrays | undefined;
  /** Samples at a time, for arrays; default 32. */
  readonly batchSize?: number | undefined;
  /** How many batches: the first ones, from the beginning in each call; default: one round. */
  readonly steps?: number;
  /** One callback, or a list; default none. */
  readonly callbacks?: Callback | readonly Callback[] | undefined;
  /** 0: silent, 1: a bar, 2: a line; default 1, or `"auto"`. */
  readonly verbose?: Verbosity | undefined;
}

/** Options of `predict`. */
export interface PredictOptions {
  /** Samples at a time, for arrays; default 32. */
  readonly batchSize?: number | undefined;
  /** How many batches: the first ones, from the beginning in each call; default: one round. */
  readonly steps?: number;
  /** One callback, or a list; default none. */
  readonly callbacks?: Callback | readonly Callback[] | undefined;
  /** 0: silent, 1: a bar, 2: a line; default 1, or `"auto"`. */
  readonly verbose?: Verbosity | undefined;
}

/** Options of `trainOnBatch` and `testOnBatch`. */
export interface BatchOptions {
  /** How much each sample counts in the loss, `[N]`: one for all outputs, or one for each; default 1. */
  readonly sampleWeight?: OutputArrays | undefined;
  /** Weight in the loss by class number, for labels of one output; default 1 each. */
  readonly classWeight?: Readonly<Record<number, number>>;
}

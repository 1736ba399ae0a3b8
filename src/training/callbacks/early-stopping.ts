import type { CallbackContext, Logs, TrainingState } from "../../models/training-types.js";
import { numberWithin, wholeNumber, type Word } from "../../errors/check.js";
import type { TensorData } from "../../onnx/tensor-data.js";
import { Callback } from "./callback.js";
import { type Mode, Monitor } from "./monitor.js";
import { say } from "./say.js";
import { type ByPosition, byName } from "../../nn/named.js";

/** Options of {@link EarlyStopping}. */
export interface EarlyStoppingOptions {
  /** Key in the logs; default `"val_loss"`. */
  readonly monitor?: string;
  /** Smallest change that counts as better; default 0. */
  readonly minDelta?: number;
  /** Epochs without anything better after which training ends; default 0. */
  readonly patience?: number;
  /** 1: says what it does; default 0. */
  readonly verbose?: number;
  /** Default `"auto"`: losses fall, a metric goes its own direction. */
  readonly mode?: Word<Mode>;
  /** Only what is better than this counts; default: nothing. */
  readonly baseline?: number | undefined;
  /** Whether the weights of the best epoch are put back at the end; default `false`. */
  readonly restoreBestWeights?: boolean;
  /** Epochs before this one, from 0, are not looked at; default 0. */
  readonly startFromEpoch?: number;
}

const known = [
  "monitor",
  "minDelta",
  "patience",
  "verbose",
  "mode",
  "baseline",
  "restoreBestWeights",
  "startFromEpoch",
] as const satisfies readonly (keyof EarlyStoppingOptions)[];

/** Options that may follow by position, in Keras's order. */
const following = [
  "minDelta",
  "patience",
  "verbose",
  "mode",
  "baseline",
  "restoreBestWeights",
  "startFromEpoch",
] as const;

/**
 * Ends the training when a figure no longer gets better.
 *
 * As in Keras, the best weights are put back at the end of `fit` whether or not training ended early.
 *
 * @see https://keras.io/api/callbacks/early_stopping/
 *
 * @example
 * ```ts
 * import { callbacks, layers, models, Tensor } from "graft-ml";
 *
 * const x = new Tensor("float32", [0, 1, 2, 3], [4, 1]);
 * const model = new models.Sequential([layers.Input({ shape: [1] }), new layers.Dense(1)]);
 * model.compile({ optimizer: "sgd", loss: "mse" });
 * const stopping = new callbacks.EarlyStopping({ monitor: "loss", minDelta: 0.01, patience: 3 });
 * const { epoch } = await model.fit(x, { y: x, epochs: 1000, callbacks: [stopping], verbose: 0 });
 * console.log(epoch.length < 1000); // → true
 * ```
 */
export class EarlyStopping extends Callback {
  static readonly className: string = "EarlyStopping";
  static readonly positional: readonly string[] = ["monitor"];
  static readonly following: readonly string[] = following;
  static readonly options: readonly string[] = known;

  /** Epoch, from 0, after which training ended; 0 when it did not. */
  stoppedEpoch = 0;
  /** The best epoch so far, from 0. */
  bestEpoch = 0;
  /** Epochs since the last better one. */
  wait = 0;
  private readonly watched: Monitor;
  private readonly patience: number;
  private readonly verbose: number;
  private readonly baseline: number | undefined;
  private readonly restoreBestWeights: boolean;
  private readonly startFromEpoch: number;
  private bestWeights: readonly TensorData<"float32">[] | undefined;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<EarlyStoppingOptions, typeof following, ["monitor"]>);
  /**
   * @param monitor key in the logs, or all options
   * @throws UsageError for an option that is not usable
   */
  constructor(monitor?: string | EarlyStoppingOptions, others?: EarlyStoppingOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(monitor: string, minDelta: number, options?: EarlyStoppingOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(monitor: string, minDelta: number, patience: number, options?: EarlyStoppingOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(
    monitor: string,
    minDelta: number,
    patience: number,
    verbose: EarlyStoppingOptions["verbose"],
    options?: EarlyStoppingOptions,
  );
  constructor(...given: readonly unknown[]) {
    const options = byName<EarlyStoppingOptions>(EarlyStopping, given);
    super(options);
    const { monitor: watched = "val_loss", mode = "auto", minDelta = 0 } = options;
    this.watched = new Monitor("EarlyStopping", watched, mode, minDelta);
    this.patience = wholeNumber("EarlyStopping", "patience", options.patience ?? 0, 0);
    this.verbose = options.verbose ?? 0;
    this.baseline = options.baseline ?? undefined;
    if (this.baseline !== undefined) numberWithin("EarlyStopping", "baseline", this.baseline);
    this.restoreBestWeights = options.restoreBestWeights ?? false;
    this.startFromEpoch = wholeNumber("EarlyStopping", "startFromEpoch", options.startFromEpoch ?? 0, 0);
  }

  /** The best value so far. */
  get best(): number | undefined {
    return this.watched.best;
  }

  override onTrainBegin(): void {
    this.wait = 0;
    this.stoppedEpoch = 0;
    this.bestEpoch = 0;
    this.watched.best = undefined;
    this.bestWeights = undefined;
  }

  override onEpochEnd(epoch: number, logs: Logs, context: CallbackContext): void {
    const { model } = context;
    const current = this.watched.read(logs, "training does not end early.", context);
    if (current === undefined || epoch < this.startFromEpoch) return;
    if (this.restoreBestWeights && this.bestWeights === undefined) {
      // A figure that is never a number still leaves something to go back to.
      this.bestWeights = model.getWeights();
      this.bestEpoch = epoch;
    }
    this.wait += 1;
    if (this.watched.isBetter(current, this.best, model)) {
      this.watched.best = current;
      this.bestEpoch = epoch;
      if (this.restoreBestWeights) this.bestWeights = model.getWeights();
      // Below the baseline the epochs go on being counted.
      if (this.baseline === undefined || this.watched.isBetter(current, this.baseline, model)) this.wait = 0;
      return;
    }
    if (this.wait >= this.patience && epoch > 0) {
      this.stoppedEpoch = epoch;
      context.stopTraining();
    }
  }

  override onTrainEnd(_logs: Logs, context: CallbackContext): void {
    if (this.stoppedEpoch > 0 && this.verbose > 0) say(`Epoch ${this.stoppedEpoch + 1}: early stopping`, context);
    if (this.bestWeights === undefined) return;
    if (this.verbose > 0) say(`Restoring the weights of the best epoch: ${this.bestEpoch + 1}.`, context);
    context.model.setWeights(this.bestWeights);
  }

  override saveState(): TrainingState {
    const facts: EarlyStoppingFacts = {
      wait: this.wait,
      stoppedEpoch: this.stoppedEpoch,
      bestEpoch: this.bestEpoch,
      best: this.best === undefined ? null : String(this.best),
    };
    return { facts, tensors: Object.fromEntries((this.bestWeights ?? []).map((weight, index) => [index, weight])) };
  }

  override restoreState({ facts, tensors }: TrainingState): void {
    const { wait, stoppedEpoch, bestEpoch, best } = facts as EarlyStoppingFacts;
    this.wait = wait;
    this.stoppedEpoch = stoppedEpoch;
    this.bestEpoch = bestEpoch;
    this.watched.best = best === null ? undefined : Number(best);
    // Keys that are numbers come in their order.
    const weights = Object.values(tensors);
    this.bestWeights = weights.length === 0 ? undefined : weights;
  }
}

/** JSON has no NaN, so the best value is a text. */
interface EarlyStoppingFacts {
  readonly wait: number;
  readonly stoppedEpoch: number;
  readonly bestEpoch: number;
  readonly best: string | null;
}

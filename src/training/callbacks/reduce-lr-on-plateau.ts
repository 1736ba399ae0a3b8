import type { CallbackContext, Logs, TrainingState } from "../../models/training-types.js";
import { numberWithin, refuse, wholeNumber, type Word } from "../../errors/check.js";
import { Callback } from "./callback.js";
import { type Mode, Monitor } from "./monitor.js";
import { say } from "./say.js";
import { type ByPosition, byName } from "../../nn/named.js";

/** Options of {@link ReduceLROnPlateau}. */
export interface ReduceLROnPlateauOptions {
  /** Key in the logs; default `"val_loss"`. */
  readonly monitor?: string;
  /** What the learning rate is multiplied by, in [0, 1); default 0.1. */
  readonly factor?: number;
  /** Epochs without anything better after which the rate is lowered; default 10. */
  readonly patience?: number;
  /** 1: says what it does; default 0. */
  readonly verbose?: number;
  /** Default `"auto"`: losses fall, a metric goes its own direction. */
  readonly mode?: Word<Mode>;
  /** Smallest change that counts as better; default 1e-4. */
  readonly minDelta?: number;
  /** Epochs after a change in which none are counted; default 0. */
  readonly cooldown?: number;
  /** The rate never falls below it; default 0. */
  readonly minLr?: number;
}

const known = [
  "monitor",
  "factor",
  "patience",
  "verbose",
  "mode",
  "minDelta",
  "cooldown",
  "minLr",
] as const satisfies readonly (keyof ReduceLROnPlateauOptions)[];

/** Options that may follow by position, in Keras's order. */
const following = ["factor", "patience", "verbose", "mode", "minDelta", "cooldown", "minLr"] as const;

/**
 * Lowers the learning rate when a figure no longer gets better, and puts the rate into the logs as `learning_rate`.
 *
 * @see https://keras.io/api/callbacks/reduce_lr_on_plateau/
 */
export class ReduceLROnPlateau extends Callback {
  static readonly className: string = "ReduceLROnPlateau";
  static readonly positional: readonly string[] = ["monitor"];
  static readonly following: readonly string[] = following;
  static readonly options: readonly string[] = known;

  /** Epochs since the last better one. */
  wait = 0;
  /** Epochs in which none are counted yet. */
  cooldownCounter = 0;
  private readonly watched: Monitor;
  private readonly factor: number;
  private readonly patience: number;
  private readonly verbose: number;
  private readonly cooldown: number;
  private readonly minLr: number;

  /** In Keras's order, as many by position as one likes. */
  constructor(...given: ByPosition<ReduceLROnPlateauOptions, typeof following, ["monitor"]>);
  /**
   * @param monitor key in the logs, or all options
   * @throws UsageError for an option that is not usable
   */
  constructor(monitor?: string | ReduceLROnPlateauOptions, others?: ReduceLROnPlateauOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(monitor: string, factor: number, options?: ReduceLROnPlateauOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(monitor: string, factor: number, patience: number, options?: ReduceLROnPlateauOptions);
  constructor(...given: readonly unknown[]) {
    const options = byName<ReduceLROnPlateauOptions>(ReduceLROnPlateau, given);
    super(options);
    const { monitor: watched = "val_loss", mode = "auto", minDelta = 1e-4, factor = 0.1 } = options;
    if (!(factor >= 0 && factor < 1)) {
      refuse("ReduceLROnPlateau", "factor", "a number of at least 0 and below 1", factor);
    }
    this.watched = new Monitor("ReduceLROnPlateau", watched, mode, minDelta);
    this.factor = factor;
    this.patience = wholeNumber("ReduceLROnPlateau", "patience", options.patience ?? 10, 0);
    this.verbose = options.verbose ?? 0;
    this.cooldown = wholeNumber("ReduceLROnPlateau", "cooldown", options.cooldown ?? 0, 0);
    this.minLr = numberWithin("ReduceLROnPlateau", "minLr", options.minLr ?? 0, 0);
  }

  /** The best value so far. */
  get best(): number | undefined {
    return this.watched.best;
  }

  override onTrainBegin(): void {
    this.wait = 0;
    this.cooldownCounter = 0;
    this.watched.best = undefined;
  }

  override onEpochEnd(epoch: number, logs: Logs, context: CallbackContext): void {
    const { model } = context;
    const { optimizer } = model;
    logs["learning_rate"] = optimizer.learningRate;
    const current = this.watched.read(logs, "the learning rate stays.", context);
    if (current === undefined) return;
    if (this.cooldownCounter > 0) {
      this.cooldownCounter -= 1;
      this.wait = 0;
    }
    if (this.watched.isBetter(current, this.best, model)) {
      this.watched.best = current;
      this.wait = 0;
      return;
    }
    if (this.cooldownCounter > 0) return;
    this.wait += 1;
    const rate = optimizer.learningRate;
    if (this.wait < this.patience || Math.fround(rate) <= Math.fround(this.minLr)) return;
    optimizer.learningRate = Math.max(rate * this.factor, this.minLr);
    if (this.verbose > 0) {
      say(`Epoch ${epoch + 1}: ReduceLROnPlateau lowers the learning rate to ${optimizer.learningRate}.`, context);
    }
    this.cooldownCounter = this.cooldown;
    this.wait = 0;
  }

  override saveState(): TrainingState {
    const best = this.best === undefined ? null : String(this.best);
    return { facts: { wait: this.wait, cooldownCounter: this.cooldownCounter, best }, tensors: {} };
  }

  override restoreState({ facts }: TrainingState): void {
    const { wait, cooldownCounter, best } = facts as Facts;
    this.wait = wait;
    this.cooldownCounter = cooldownCounter;
    this.watched.best = best === null ? undefined : Number(best);
  }
}

/** JSON has no NaN, so the best value is a text. */
interface Facts {
  readonly wait: number;
  readonly cooldownCounter: number;
  readonly best: string | null;
}

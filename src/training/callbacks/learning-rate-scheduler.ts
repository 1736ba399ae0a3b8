import { refuse } from "../../errors/check.js";
import { UsageError } from "../../errors/errors.js";
import type { CallbackContext, Logs } from "../../models/training-types.js";
import { byName } from "../../nn/named.js";
import { Callback } from "./callback.js";
import { say } from "./say.js";

/** The learning rate of an epoch, from its number, from 0, and the rate so far. */
export type EpochSchedule = (epoch: number, learningRate: number) => number;

/** Options of {@link LearningRateScheduler}. */
export interface LearningRateSchedulerOptions {
  /** 1: says what it does; default 0. */
  readonly verbose?: number;
}

/**
 * Sets the learning rate at the beginning of each epoch, and puts it into the logs as `learning_rate`.
 *
 * @see https://keras.io/api/callbacks/learning_rate_scheduler/
 */
export class LearningRateScheduler extends Callback {
  static readonly className: string = "LearningRateScheduler";
  static readonly positional: readonly string[] = ["schedule"];
  static readonly following: readonly string[] = ["verbose"];
  static readonly options: readonly string[] = ["verbose"];
  private readonly schedule: EpochSchedule;
  private readonly verbose: number;

  /**
   * @param schedule gives the rate of an epoch
   * @throws UsageError for an unknown option
   */
  constructor(schedule: EpochSchedule, options?: LearningRateSchedulerOptions);
  /** In Keras's order, as many by position as one likes. */
  constructor(
    schedule: EpochSchedule,
    verbose: LearningRateSchedulerOptions["verbose"],
    options?: LearningRateSchedulerOptions,
  );
  /** All of them by name, as Keras's keyword arguments. */
  constructor(options: LearningRateSchedulerOptions & { readonly schedule: EpochSchedule });
  constructor(...given: readonly unknown[]) {
    const { schedule, ...options } = byName<LearningRateSchedulerOptions & { readonly schedule: EpochSchedule }>(
      LearningRateScheduler,
      given,
    );
    super(options);
    if (typeof schedule !== "function") {
      refuse("LearningRateScheduler", "schedule", "a function of the epoch and the rate so far", schedule);
    }
    this.schedule = schedule;
    this.verbose = options.verbose ?? 0;
  }

  override onEpochBegin(epoch: number, context: CallbackContext): void {
    const { model } = context;
    const rate: unknown = this.schedule(epoch, model.optimizer.learningRate);
    if (typeof rate !== "number" || !Number.isFinite(rate)) {
      throw new UsageError("LearningRateScheduler: the schedule gives no rate.", {
        subject: "schedule",
        expected: "a number",
        received: String(rate),
      });
    }
    model.optimizer.learningRate = rate;
    if (this.verbose > 0) say(`Epoch ${epoch + 1}: LearningRateScheduler sets the learning rate to ${rate}.`, context);
  }

  override onEpochEnd(_epoch: number, logs: Logs, { model }: CallbackContext): void {
    logs["learning_rate"] = model.optimizer.learningRate;
  }
}

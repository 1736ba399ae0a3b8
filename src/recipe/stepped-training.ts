import type { BaseModel } from "../models/base-model.js";
import type { TrainingLoops } from "../models/platform.js";
import type { BatchSource } from "../models/sources/batch-source.js";
import type { Callback, CallbackContext, FitOptions, Logs, LostLoss } from "../models/training-types.js";
import { SparseCategoricalCrossentropy } from "../nn/losses/index.js";
import { Adam } from "../nn/optimizers/index.js";
import { BestWeights } from "./best-weights.js";
import type { EpochRow, FineTuneOptions } from "./fine-tune-types.js";
import { lostTraining } from "./lost-training.js";
import { patience } from "./plan.js";

/** How long, and how fast. */
export interface SteppedOptions extends FitOptions {
  /** The most epochs. */
  readonly epochs: number;
  readonly learningRate: number;
}

/** Gives a model the recipe's optimizer, loss and metric. */
export function compile(model: BaseModel, learningRate: number): void {
  model.compile({
    optimizer: new Adam({ learningRate }),
    loss: new SparseCategoricalCrossentropy(),
    metrics: ["accuracy"],
  });
}

/** A training by steps, whose epochs are counted on from the rows before and compete for the best weights. */
export class SteppedTraining {
  private readonly weights = new BestWeights();

  /**
   * @param loops that train
   * @param rows all rows so far; those of this training are added
   * @param steps of an epoch
   * @param job who hears of the progress, and what ends it early
   */
  constructor(
    private readonly loops: TrainingLoops,
    private readonly rows: EpochRow[],
    private readonly steps: number,
    private readonly job: Pick<FineTuneOptions, "onEvent" | "signal">,
  ) {}

  /** Why no further epoch makes sense: a loss was no number any more. */
  trouble: LostLoss | undefined;

  /** Figures of the best epoch; `undefined` when the training ended before its first epoch had. */
  get best(): EpochRow | undefined {
    return this.weights.row;
  }

  /**
   * Trains a model until it has had its epochs, nothing improves any more, or the loss is no number; it then has the
   * weights of its best epoch, or those that it had before where there was none.
   *
   * @param x what it is trained on
   */
  async run(model: BaseModel, x: BatchSource, options: SteppedOptions): Promise<void> {
    const { learningRate, ...fit } = options;
    compile(model, learningRate);
    this.weights.keep(model);
    const follow = this.follow(model, options);
    try {
      await this.loops.fit(model, x, { ...fit, stepsPerEpoch: this.steps, callbacks: [follow], verbose: 0 });
    } catch (error) {
      // It was thrown to end the training at once.
      if (this.trouble === undefined) throw error;
    }
    this.weights.restore();
  }

  private follow(model: BaseModel, { epochs, learningRate }: SteppedOptions): Callback {
    const { rows, weights, steps, job } = this;
    const { signal, onEvent = () => undefined } = job;
    const before = rows.length;
    const last = before + epochs;
    let waited = 0;
    let epochStart = performance.now();
    const onTrainBatchEnd = (step: number, logs: Logs, context: CallbackContext): void => {
      if (signal?.aborted === true) context.stopTraining();
      const { loss = Number.NaN, accuracy = Number.NaN } = logs;
      const place = { done: step + 1, total: steps, epoch: rows.length + 1, epochs: last };
      onEvent({ event: "progress", stage: "training", unit: "steps", ...place, loss, accuracy });
    };
    const onEpochEnd = (_epoch: number, logs: Logs, context: CallbackContext): void => {
      const seconds = (performance.now() - epochStart) / 1000;
      epochStart = performance.now();
      const row = rowOf(logs, { phase: "fine-tune", epoch: rows.length + 1, learning_rate: learningRate, seconds });
      rows.push(row);
      onEvent({ event: "epoch", epochs: last, ...row });
      const better = weights.offer(row, model);
      waited = better ? 0 : waited + 1;
      if (waited >= patience || signal?.aborted === true) context.stopTraining();
    };
    const onLossLost = (lost: LostLoss): void => {
      this.trouble = { ...lost, epoch: before + lost.epoch };
      throw lostTraining(this.trouble);
    };
    return { onTrainBatchEnd, onEpochEnd, onLossLost };
  }
}

function rowOf(logs: Logs, epoch: Pick<EpochRow, "phase" | "epoch" | "learning_rate" | "seconds">): EpochRow {
  const { loss = NaN, accuracy = NaN, val_loss = NaN, val_accuracy = NaN } = logs;
  const { phase, epoch: number, learning_rate, seconds } = epoch;
  return { phase, epoch: number, loss, accuracy, val_loss, val_accuracy, learning_rate, seconds };
}

import type { BaseModel } from "../models/base-model.js";
import type { TrainingLoops } from "../models/platform.js";
import type { BatchSource } from "../models/sources/batch-source.js";
import type { Callback, CallbackContext, FitOptions, Logs, LostLoss } from "../models/training-types.js";
import { SparseCategoricalCrossentropy } from "../nn/losses/index.js";
import { Adam } from "../nn/optimizers/index.js";
import type { Tensor } from "../runtime/runtime.js";
import { BestWeights } from "./best-weights.js";
import type { EpochRow, FineTuneOptions } from "./fine-tune-types.js";
import { lostTraining } from "./lost-training.js";
import { patience, type Phase } from "./plan.js";

/** One phase. */
export interface PhaseOptions extends FitOptions {
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

/** Trainings one after the other, whose epochs are counted together and compete for the best weights. */
export class Phases {
  /** All epochs so far. */
  readonly rows: EpochRow[] = [];
  private readonly weights = new BestWeights();

  /**
   * @param loops that train
   * @param steps of an epoch
   * @param job who hears of the progress, and what ends it early
   */
  constructor(
    private readonly loops: TrainingLoops,
    private readonly steps: number,
    private readonly job: Pick<FineTuneOptions, "onEvent" | "signal">,
  ) {}

  /** Why no further epoch makes sense: a loss was no number any more. */
  trouble: LostLoss | undefined;

  /**
   * Figures of the best epoch so far.
   *
   * @throws NumberError when the loss was lost before the first epoch had ended
   */
  get best(): EpochRow {
    const { row } = this.weights;
    if (row !== undefined) return row;
    throw this.trouble === undefined ? new TypeError("The training had no epoch.") : lostTraining(this.trouble);
  }

  /**
   * Trains a model until it has had its epochs, nothing improves any more, or the loss is no number; it then has the best
   * weights of all phases.
   *
   * @param x what it is trained on
   */
  async run(phase: Phase, model: BaseModel, x: BatchSource | Tensor, options: PhaseOptions): Promise<void> {
    const { learningRate, ...fit } = options;
    compile(model, learningRate);
    this.weights.keep(model);
    const follow = this.follow(phase, model, options);
    try {
      await this.loops.fit(model, x, { ...fit, stepsPerEpoch: this.steps, callbacks: [follow], verbose: 0 });
    } catch (error) {
      // It was thrown to end the training at once.
      if (this.trouble === undefined) throw error;
    }
    this.weights.restore();
  }

  private follow(phase: Phase, model: BaseModel, { epochs, learningRate }: PhaseOptions): Callback {
    const { rows, weights, steps, job } = this;
    const { signal, onEvent = () => undefined } = job;
    const before = rows.length;
    const last = before + epochs;
    let waited = 0;
    let lowestLoss = Number.POSITIVE_INFINITY;
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
      const row = rowOf(logs, { phase, epoch: rows.length + 1, learning_rate: learningRate, seconds });
      rows.push(row);
      onEvent({ event: "epoch", epochs: last, ...row });
      const better = weights.offer(row, model);
      waited = better || row.val_loss < lowestLoss ? 0 : waited + 1;
      lowestLoss = Math.min(lowestLoss, row.val_loss);
      if (waited >= patience[phase] || signal?.aborted === true) context.stopTraining();
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

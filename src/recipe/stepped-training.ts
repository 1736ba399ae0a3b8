import type { BaseModel } from "../models/base-model.js";
import type { TrainingLoops } from "../models/platform.js";
import type { ReadySource } from "../models/sources/batch-source.js";
import type { Callback, CallbackContext, FitOptions, Logs, LostLoss } from "../models/training-types.js";
import { SparseCategoricalCrossentropy } from "../nn/losses/index.js";
import { Adam } from "../nn/optimizers/index.js";
import { OneCycle } from "../nn/schedules/index.js";
import { lostTraining } from "./lost-training.js";

/** How a model is trained by steps. */
export interface SteppedOptions extends FitOptions {
  readonly epochs: number;
  /** Steps of an epoch. */
  readonly stepsPerEpoch: number;
  /** The greatest step size. */
  readonly learningRate: number;
  readonly onStep: (step: { readonly epoch: number; readonly step: number; readonly logs: Logs }) => void;
  /** Told of each epoch's figures, and of its last step size. */
  readonly onEpoch?: (epoch: { readonly epoch: number; readonly logs: Logs; readonly learningRate: number }) => void;
  /** Ends the training after the current step. */
  readonly signal: AbortSignal | undefined;
}

/** Share of the steps in which the step size rises. */
const rising = 0.25;

/** Gives a model the recipe's optimizer, loss and metric. */
export function compile(model: BaseModel, learningRate: number | OneCycle): void {
  model.compile({
    optimizer: new Adam({ learningRate }),
    loss: new SparseCategoricalCrossentropy(),
    metrics: ["accuracy"],
  });
}

/**
 * Trains a model in one cycle: the step size rises, then falls to almost nothing, so that the weights come to rest where they are
 * good, and no epoch has to be chosen by luck.
 *
 * @param x what it is trained on
 * @returns why it was ended early: a loss was no number; `undefined` where it was not
 */
export async function trainInOneCycle(
  loops: TrainingLoops,
  model: BaseModel,
  x: ReadySource,
  { learningRate, onStep, onEpoch, signal, ...fit }: SteppedOptions,
): Promise<LostLoss | undefined> {
  const { epochs, stepsPerEpoch } = fit;
  // With finite numbers for any length: a cycle has at least one step that rises and one that falls.
  const schedule = new OneCycle(learningRate, Math.max(2, epochs * stepsPerEpoch), { pctStart: rising });
  compile(model, schedule);
  let [epochNow, steps] = [1, 0];
  let trouble: LostLoss | undefined;
  const follow: Callback = {
    onTrainBatchEnd(step: number, logs: Logs, context: CallbackContext) {
      steps += 1;
      if (signal?.aborted === true) context.stopTraining();
      onStep({ epoch: epochNow, step: step + 1, logs });
    },
    onEpochEnd(epoch: number, logs: Logs, context: CallbackContext) {
      onEpoch?.({ epoch: epoch + 1, logs, learningRate: schedule.at(steps - 1) });
      epochNow = epoch + 2;
      if (signal?.aborted === true) context.stopTraining();
    },
    onLossLost(lost: LostLoss) {
      trouble = lost;
      throw lostTraining(lost);
    },
  };
  try {
    await loops.fit(model, x, { ...fit, callbacks: [follow], verbose: 0 });
  } catch (error) {
    // It was thrown to end the training at once.
    if (trouble === undefined) throw error;
  }
  return trouble;
}

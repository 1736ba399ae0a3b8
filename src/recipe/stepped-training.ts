import type { BaseModel } from "../models/base-model.js";
import type { TrainingLoops } from "../models/platform.js";
import type { ReadySource } from "../models/sources/batch-source.js";
import type { FitOptions, LostLoss } from "../models/training-types.js";
import { SparseCategoricalCrossentropy } from "../nn/losses/index.js";
import { Adam } from "../nn/optimizers/index.js";
import { OneCycle } from "../nn/schedules/index.js";
import { readFacts } from "../training/fit/training-state.js";
import { type CycleListeners, CycleWatch } from "./cycle-watch.js";

/** How a model is trained by steps. */
export interface SteppedOptions extends FitOptions, CycleListeners {
  readonly epochs: number;
  /** Steps of an epoch. */
  readonly stepsPerEpoch: number;
  /** The greatest step size. */
  readonly learningRate: number;
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
  { learningRate, onStep, onEpoch, signal, journal, what, ...fit }: SteppedOptions,
): Promise<LostLoss | undefined> {
  const { epochs, stepsPerEpoch } = fit;
  // With finite numbers for any length: a cycle has at least one step that rises and one that falls.
  const schedule = new OneCycle(learningRate, Math.max(2, epochs * stepsPerEpoch), { pctStart: rising });
  compile(model, schedule);
  const watch = new CycleWatch({ onStep, onEpoch, signal, journal, what }, (step) => schedule.at(step));
  try {
    await loops.fit(model, x, { ...fit, callbacks: [watch], verbose: 0 });
  } catch (error) {
    // It was thrown to end the training at once.
    if (watch.trouble === undefined) throw error;
    // As it is where the training is gone on from: the batch that was to come next has not been taken.
    if (watch.lost !== undefined) x.restore?.(readFacts(watch.lost).source);
  }
  return watch.trouble;
}

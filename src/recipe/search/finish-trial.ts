import { createTrainingLoops } from "../../training/fit/loops.js";
import type { TrainedClassifier } from "../fine-tune-types.js";
import { announce, type Material, secondsLeft, type Work } from "../stages/stage.js";
import { finishTraining } from "../stages/train-network.js";
import { stepsOf, Tuning } from "../stages/tuning.js";
import { withTrainable } from "../trainable-flags.js";
import { unfreezeFrom } from "../unfreeze.js";
import type { TakenTrial } from "./taken-trial.js";
import { workWith } from "./try-settings.js";

/**
 * How long it takes to finish the training of a trial, in seconds: the same with all photos, and looks at them.
 *
 * @param seconds how long the trial took
 */
export function secondsToFinish(work: Work, seconds: number): number {
  const { heads, sets, featureSeconds } = work;
  if (!heads.learnsFromAll) return featureSeconds;
  const { training, validation } = sets;
  const all = stepsOf(work, [...training.photos, ...validation.photos]);
  return (all / stepsOf(work, training.photos)) * seconds + 2 * featureSeconds;
}

/**
 * Finishes the training of a trial, as that of `graft train` is: once more with all photos. The trial was its first part, and what a
 * second one would give is the same to the bit.
 */
export async function finishTrial(work: Material, trial: TakenTrial): Promise<TrainedClassifier> {
  const { job, heads, head, rows, random } = work;
  const { settings, share, temperature, heldOut } = trial;
  announce(work, "chosen");
  const before = rows.length;
  const own = trial.rows.map((row) => ({ ...row, epoch: before + row.epoch }));
  rows.push(...own);
  for (const row of own) job.onEvent?.({ event: "epoch", epochs: rows.length, ...row });
  const { model } = job.backbone;
  const row = own.at(-1);
  if (row === undefined) throw new TypeError("A trial has epochs.");
  return withTrainable(model, new Set(unfreezeFrom(model, settings.unfreeze)), async () => {
    const found = workWith(work, settings);
    const loops = createTrainingLoops({ runtime: job.runtime, machine: job.machine, random });
    const tuning = new Tuning(found, loops, await heads.without(heads.parts[0], head));
    tuning.goBackTo(trial.reached.for(tuning.model));
    // Where there is no time for all photos, it has learned from the training photos.
    const all = secondsLeft(work) >= secondsToFinish(work, trial.seconds);
    try {
      const { epochs, unfreeze } = settings;
      const ended = { row, share, temperature, heldOut, ...heads.parts[0], unfrozenFrom: unfreeze };
      return await finishTraining(found, tuning, all ? { epochs, members: 1 } : undefined, ended);
    } finally {
      await loops.release(tuning.model);
    }
  });
}

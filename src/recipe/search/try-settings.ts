import type { LostLoss } from "../../models/training-types.js";
import type { TrainingLoops } from "../../models/platform.js";
import { createTrainingLoops } from "../../training/fit/loops.js";
import { choose } from "../choose.js";
import type { TrainedClassifier } from "../fine-tune-types.js";
import type { FittedAndMeasured } from "../head-stage.js";
import { KeptWeights } from "../kept-weights.js";
import type { ViewsOfSets } from "../photo-features.js";
import { logLoss, losses, probabilitiesOf, shareRight } from "../probabilities.js";
import { isStopped, type Work } from "../stages/stage.js";
import { shares } from "../stages/train-network.js";
import { Tuning } from "../stages/tuning.js";
import { withTrainable } from "../trainable-flags.js";
import { unfreezeFrom } from "../unfreeze.js";
import type { TrialSettings } from "./search-types.js";

/** What a search works with: the head and the views are there. */
export interface Material extends Work {
  readonly head: FittedAndMeasured;
  readonly views: ViewsOfSets;
}

/** What came of a trial. */
export interface Outcome {
  /** Of each validation photo, by what the recipe would keep. */
  readonly losses: readonly number[];
  readonly loss: number;
  readonly accuracy: number;
  /** Where a trained network was better than the head: its weights, and what it is once it has them. */
  readonly reached?: { readonly weights: KeptWeights; readonly classifier: TrainedClassifier } | undefined;
}

/** The network frozen: the head as it is. */
export function outcomeOfHead({ heads, head }: Material): Outcome {
  const labels = heads.validationLabels;
  const { heldOut } = choose([head.validationLogits], labels, heads.validationFolds, heads.validationWeights);
  return {
    losses: losses(heldOut, labels, heads.validationWeights),
    loss: logLoss(heldOut, labels, heads.validationWeights),
    accuracy: shareRight(heldOut, labels),
  };
}

/** A training with certain settings, and all that belongs to it. */
export interface Setting {
  readonly work: Material;
  readonly loops: TrainingLoops;
  readonly tuning: Tuning;
}

/** The same material with other settings. */
export function workWith(work: Material, { learningRate, epochs, batchSize }: TrialSettings): Material {
  const views = { ...work.views, ...work.views.withBatches(batchSize) };
  return { ...work, plan: { ...work.plan, learningRate, epochs, batchSize }, views };
}

/**
 * Does something with a training that would have certain settings; the network is as it was before when it is done.
 *
 * @param work that of the job, or one whose job tells less of its training
 */
export async function withSettings<T>(
  work: Material,
  settings: TrialSettings,
  use: (setting: Setting) => Promise<T>,
): Promise<T> {
  const { runtime, machine, backbone } = work.job;
  const layers = new Set(unfreezeFrom(backbone.model, settings.unfreeze));
  return withTrainable(backbone.model, layers, async () => {
    const own = workWith(work, settings);
    const loops = createTrainingLoops({ runtime, machine, random: work.random });
    const tuning = new Tuning(own, loops, await work.heads.withoutValidation(work.head, work.views.features));
    try {
      return await use({ work: own, loops, tuning });
    } finally {
      tuning.undo();
      await loops.release(tuning.model);
    }
  });
}

/**
 * Trains with certain settings, and measures with the validation photos what the recipe would keep.
 *
 * @returns `undefined` where the job was stopped; what went wrong where a loss was no number
 */
export async function trySettings(work: Material, settings: TrialSettings): Promise<Outcome | LostLoss | undefined> {
  const rows: Work["rows"] = [];
  return withSettings({ ...work, rows }, settings, async ({ work: own, tuning }) => {
    const { epochs, learningRate, unfreeze } = settings;
    const options = { epochs, learningRate, members: 1, phase: "fine-tune" } as const;
    const trouble = await tuning.run(own.views.training, options);
    if (trouble !== undefined) return trouble;
    const row = rows.at(-1);
    if (isStopped(work.job) || row === undefined) return undefined;
    const { head, heads, sets } = work;
    const candidates = [head.validationLogits];
    for (const share of shares) candidates.push(await tuning.validationLogits(share));
    const [labels, weights] = [heads.validationLabels, heads.validationWeights];
    const { index, temperature, heldOut } = choose(candidates, labels, heads.validationFolds, weights);
    const share = shares[index - 1];
    const loss = logLoss(heldOut, labels, weights);
    const accuracy = shareRight(heldOut, labels);
    const outcome: Outcome = { losses: losses(heldOut, labels, weights), loss, accuracy };
    if (share === undefined) return outcome;
    const { model } = tuning.finish(share, temperature);
    const classifier: TrainedClassifier = {
      ...{ model, row: { ...row, val_loss: loss, val_accuracy: accuracy }, learnedFrom: sets.training.photos },
      heldOut: { truth: labels, probabilities: probabilitiesOf(heldOut) },
      // It is taken only where the job was stopped.
      familiar: undefined,
      unfrozenFrom: unfreeze,
    };
    return { ...outcome, reached: { weights: KeptWeights.of(model), classifier } };
  });
}

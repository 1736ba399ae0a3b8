import type { TensorData } from "../../onnx/tensor-data.js";
import type { Layer } from "../../nn/layer.js";
import { createTrainingLoops } from "../../training/fit/loops.js";
import { choose } from "../choose.js";
import type { EpochRow, TrainedClassifier } from "../fine-tune-types.js";
import type { ViewsOfSets } from "../photo-features.js";
import type { Phase } from "../plan.js";
import { logLoss, probabilitiesOf, shareRight } from "../probabilities.js";
import { announce, isMaterial, isStopped, type Material, secondsLeft, type Work } from "./stage.js";
import { stepsOf, Tuning, type TuningOptions } from "./tuning.js";

/**
 * How far the weights go from where they were to where a training has brought them: where training helps, this is as good as all of
 * the way, and where it does not, it is less sure of itself. (Loss on test photos at its best temperature, against the head's, last block, twelve epochs; half-way,
 * 0.7 of the way and all of it: trash −0.074, −0.084, −0.087; food −0.020, −0.019, −0.011; flowers5 +0.024, +0.038, +0.062.)
 */
export const share = 0.75;

/** The shortest training that is worth its beginning. */
const fewestEpochs = 3;
/** Share of the time that is planned with: steps take longer now and then. */
const plannedShare = 0.9;

/** How long, at most. */
type Length = Pick<TuningOptions, "epochs" | "members">;

/**
 * Trains what is unfrozen of the network together with the head on views of the training photos. Where the validation photos say
 * that it was worth it, the same is done once more with all photos: nothing is chosen any more then.
 *
 * @param unfrozen layers of the network that are trainable now
 * @param phase of the rows of the history
 * @param most as long as it is to take where there is time
 */
export async function trainNetwork(
  work: Work,
  unfrozen: ReadonlySet<Layer>,
  phase: Phase,
  most: Length,
): Promise<TrainedClassifier | undefined> {
  const { job, heads, bestLogits } = work;
  if (!isMaterial(work) || bestLogits === undefined) return undefined;
  const { head, views } = work;
  const { runtime, machine } = job;
  const loops = createTrainingLoops({ runtime, machine, random: work.random });
  const tuning = new Tuning(work, loops, await heads.withoutValidation(head));
  try {
    const length = await fitting(work, tuning, views, most);
    if (length === undefined) return undefined;
    const rowsBefore = work.rows.length;
    const { learningRate } = work.plan;
    const trouble = await tuning.run(views.training, { ...length, learningRate, phase });
    work.trouble ??= trouble;
    const row = work.rows.slice(rowsBefore).at(-1);
    if (trouble !== undefined || row === undefined) {
      tuning.undo();
      return undefined;
    }
    const logits = await tuning.validationLogits(share);
    const labels = heads.validationLabels;
    const { index, temperature, heldOut } = choose(
      [bestLogits, logits],
      labels,
      heads.validationFolds,
      heads.validationWeights,
    );
    if (index === 0) {
      tuning.undo();
      return undefined;
    }
    work.bestLogits = logits;
    const unfrozenFrom = job.unfreeze ?? [...unfrozen][0]?.name ?? "none";
    return await finishTraining(work, tuning, length, {
      row,
      temperature,
      heldOut,
      unfrozenFrom,
    });
  } finally {
    await loops.release(tuning.model);
  }
}

/** A training that has come to its end, and what was chosen of it. */
export interface EndedTraining {
  /** Its last epoch. */
  readonly row: EpochRow;
  /** What its logits are divided by. */
  readonly temperature: number;
  /** `[photos, classes]`: logits of the validation photos, each by what the others have chosen. */
  readonly heldOut: TensorData<"float32">;
  readonly unfrozenFrom: string;
}

/**
 * Makes a classifier of a training that was worth it, tells of it, and trains once more with all photos.
 *
 * @param tuning with the weights that were reached
 * @param length of the training that has ended; `undefined` where there is no time for all photos
 */
export async function finishTraining(
  work: Material,
  tuning: Tuning,
  length: Length | undefined,
  { row, temperature, heldOut, unfrozenFrom }: EndedTraining,
): Promise<TrainedClassifier> {
  const { job, sets, heads } = work;
  const labels = heads.validationLabels;
  const made = {
    row: {
      ...row,
      val_loss: logLoss(heldOut, labels, heads.validationWeights),
      val_accuracy: shareRight(heldOut, labels),
    },
    heldOut: { truth: labels, probabilities: probabilitiesOf(heldOut) },
    familiar: await tuning.familiarPhotos(share),
    unfrozenFrom,
  };
  const reached = { ...made, ...tuning.finish(share, temperature), learnedFrom: sets.training.photos };
  if (length === undefined || !heads.learnsFromAll || isStopped(job)) return reached;
  await job.onBetter?.(reached);
  tuning.undo();
  const anew = await learnFromAll(work, length, { temperature, threshold: made.familiar?.threshold });
  return anew === undefined ? { ...reached, ...tuning.finish(share, temperature) } : { ...made, ...anew };
}

/** What a training with all photos takes over from the one that photos have measured. */
interface Measured {
  /** What its logits are divided by. */
  readonly temperature: number;
  /** Beyond which distance photos are foreign. */
  readonly threshold: number | undefined;
}

/**
 * Trains as before, but with all photos: those that have measured come in. It begins where the other training has begun, with a head
 * that has learned from all photos too.
 *
 * @returns `undefined` where it did not come to its end; the network is as it was then
 */
async function learnFromAll(
  work: Material,
  length: Length,
  { temperature, threshold }: Measured,
): Promise<Pick<TrainedClassifier, "model" | "familiar" | "learnedFrom"> | undefined> {
  const { job, head, views } = work;
  announce(work, "all-photos");
  const { runtime, machine } = job;
  const loops = createTrainingLoops({ runtime, machine, random: work.random });
  const tuning = new Tuning(work, loops, head.classifier);
  try {
    const { learningRate } = work.plan;
    const trouble = await tuning.run(views.all, { ...length, learningRate, phase: undefined });
    work.trouble ??= trouble;
    if (trouble !== undefined || isStopped(job)) {
      tuning.undo();
      return undefined;
    }
    const { model } = tuning.finish(share, temperature);
    return { model, familiar: await tuning.knowing(threshold), learnedFrom: head.learnedFrom };
  } finally {
    await loops.release(tuning.model);
  }
}

/** As much of a training, and of the one with all photos, as fits into the time; `undefined` where it is too little. */
async function fitting(work: Work, tuning: Tuning, views: ViewsOfSets, most: Length): Promise<Length | undefined> {
  if (work.plan.deadline === undefined) return most;
  const more = work.heads.learnsFromAll ? stepsOf(work, undefined) : 0;
  const epoch = (await tuning.secondsAStep(views.training)) * (stepsOf(work, "fine-tune") + more);
  const epochs = Math.floor((plannedShare * secondsLeft(work)) / epoch);
  if (epochs < Math.min(fewestEpochs, most.epochs)) return undefined;
  return {
    epochs: Math.min(epochs, most.epochs),
    members: Math.max(1, Math.min(Math.floor(epochs / most.epochs), most.members)),
  };
}

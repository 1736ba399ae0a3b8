import type { TrainingLoops } from "../../models/platform.js";
import type { TensorData } from "../../onnx/tensor-data.js";
import type { Layer } from "../../nn/layer.js";
import { createTrainingLoops } from "../../training/fit/loops.js";
import { choose } from "../choose.js";
import type { TrainedClassifier } from "../fine-tune-types.js";
import type { FittedAndMeasured } from "../head-stage.js";
import type { ViewsOfSets } from "../photo-features.js";
import { logLoss, probabilitiesOf, shareRight } from "../probabilities.js";
import { announce, isStopped, secondsLeft, type Work } from "./stage.js";
import { stepsOf, Tuning, type TuningOptions } from "./tuning.js";

/**
 * How far the weights go from where they were to where a training has brought them. Half-way lies a classifier that is as good as
 * either on small sets, and less sure of itself. (Loss on test photos at its best temperature, against the head's: food −0.04 half-way,
 * −0.02 all the way; flowers5 0.00 and +0.06; trash −0.10 and −0.12.)
 */
const shares = [0.5, 1] as const;

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
 * @param most as long as it is to take where there is time
 */
export async function trainNetwork(
  work: Work,
  unfrozen: ReadonlySet<Layer>,
  most: Length,
): Promise<TrainedClassifier | undefined> {
  const { job, sets, heads, head, views, bestLogits } = work;
  if (head === undefined || views === undefined || bestLogits === undefined) return undefined;
  const { runtime, machine } = job;
  const loops = createTrainingLoops({ runtime, machine, random: work.random });
  const tuning = new Tuning(work, loops, await heads.withoutValidation(head, views.features));
  try {
    const length = await fitting(work, tuning, views, most);
    if (length === undefined) return undefined;
    const rowsBefore = work.rows.length;
    work.trouble = await tuning.run(views.training, { ...length, kind: "validated" });
    const row = work.rows.slice(rowsBefore).at(-1);
    if (row === undefined) {
      tuning.undo();
      return undefined;
    }
    const candidates: TensorData<"float32">[] = [];
    for (const share of shares) candidates.push(await tuning.validationLogits(share));
    const labels = heads.validationLabels;
    const { index, temperature, heldOut } = choose([bestLogits, ...candidates], labels, heads.validationFolds);
    const [share, logits] = [shares[index - 1], candidates[index - 1]];
    if (share === undefined || logits === undefined) {
      tuning.undo();
      return undefined;
    }
    work.bestLogits = logits;
    const made = {
      row: { ...row, val_loss: logLoss(heldOut, labels), val_accuracy: shareRight(heldOut, labels) },
      heldOut: { truth: labels, probabilities: probabilitiesOf(heldOut) },
      unfrozenFrom: job.unfreeze ?? [...unfrozen][0]?.name ?? "none",
    };
    if (heads.learnsFromAll && !isStopped(job) && work.trouble === undefined) {
      tuning.undo();
      const all = await learnFromAll(work, loops, { head, views, length });
      if (all !== undefined) return { ...made, ...all.finish(share, temperature), learnedFrom: head.learnedFrom };
    }
    return { ...made, ...tuning.finish(share, temperature), learnedFrom: sets.training.photos };
  } finally {
    await loops.release(tuning.model);
  }
}

/** The same training with all photos; `undefined` where it came to nothing. */
async function learnFromAll(
  work: Work,
  loops: TrainingLoops,
  { head, views, length }: { readonly head: FittedAndMeasured; readonly views: ViewsOfSets; readonly length: Length },
): Promise<Tuning | undefined> {
  announce(work, "all-photos");
  const all = new Tuning(work, loops, head.classifier);
  const trouble = await all.run(views.all, { ...length, kind: "all-photos" });
  await loops.release(all.model);
  if (trouble === undefined && !isStopped(work.job)) return all;
  all.undo();
  return undefined;
}

/** As much of a training, and of the one with all photos, as fits into the time; `undefined` where it is too little. */
async function fitting(work: Work, tuning: Tuning, views: ViewsOfSets, most: Length): Promise<Length | undefined> {
  if (work.plan.deadline === undefined) return most;
  const steps = stepsOf(work, "validated") + (work.heads.learnsFromAll ? stepsOf(work, "all-photos") : 0);
  const epoch = (await tuning.secondsAStep(views.training)) * steps;
  const epochs = Math.floor((plannedShare * secondsLeft(work)) / epoch);
  if (epochs < Math.min(fewestEpochs, most.epochs)) return undefined;
  return {
    epochs: Math.min(epochs, most.epochs),
    members: Math.max(1, Math.min(Math.floor(epochs / most.epochs), most.members)),
  };
}

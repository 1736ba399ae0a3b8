import { lostWeight } from "../../models/finite-weights.js";
import type { ReadySource } from "../../models/sources/batch-source.js";
import type { TensorData } from "../../onnx/tensor-data.js";
import type { Layer } from "../../nn/layer.js";
import { createTrainingLoops } from "../../training/fit/loops.js";
import type { EpochRow, TrainedClassifier } from "../fine-tune-types.js";
import { type Part, photosAt } from "../part.js";
import type { ViewsOfSets } from "../photo-features.js";
import type { Phase } from "../plan.js";
import { logLoss, probabilitiesOf, shareRight } from "../probabilities.js";
import { announce, byTheClock, isMaterial, isStopped, type Material, secondsLeft, type Work } from "./stage.js";
import { judge } from "./judge.js";
import { stepsOf, Tuning, type TuningOptions } from "./tuning.js";

/**
 * How far the weights may go from where they were to where a training has brought them. Where training helps, all of the way is as good
 * as a part of it, and where it helps little, who has gone half of it is less sure of himself; photos that were held out say which. (Loss on test photos at its
 * best temperature, one training of all photos each; half-way, three quarters and all of it: trash 0.330, 0.315, 0.310; flowers12 0.042, 0.037, 0.049; flowers5 0.369, 0.376, 0.389.)
 */
export const shares: readonly number[] = [0.75, 0.5, 1];

/** The shortest training that is worth its beginning. */
const fewestEpochs = 3;
/** Share of the time that is planned with: steps take longer now and then. */
const plannedShare = 0.9;

/** How long, at most. */
type Length = Pick<TuningOptions, "epochs" | "members">;

/**
 * Trains what is unfrozen of the network together with the head on views of the training photos. Where the validation photos say
 * that it was worth it, the same is done once more with all photos: nothing is chosen any more then. Where they do not say it
 * clearly, other photos are held out, and asked too.
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
  const { job, heads, sets, bestLogits } = work;
  if (!isMaterial(work) || bestLogits === undefined) return undefined;
  const { head, views } = work;
  const { runtime, machine } = job;
  const loops = createTrainingLoops({ runtime, machine, random: work.random });
  const tuning = new Tuning(work, loops, await heads.without(heads.parts[0], head));
  try {
    const length = await fitting(work, tuning, views, most);
    if (length === undefined) return undefined;
    const rowsBefore = work.rows.length;
    const { learningRate } = work.plan;
    const photos = sets.training.photos;
    const started = performance.now();
    const trouble = await tuning.run(views.training, { ...length, learningRate, photos, phase, telling: "training" });
    work.trouble ??= trouble;
    const row = work.rows.slice(rowsBefore).at(-1);
    if (trouble !== undefined || row === undefined) {
      tuning.undo();
      return undefined;
    }
    const first = await logitsOf(tuning, sets.validation.source);
    tuning.undo();
    // Those that follow need the room.
    await loops.release(tuning.model);
    const seconds = (performance.now() - started) / 1000;
    const { choice, asked, said } = await judge(heads.parts, bestLogits, first, async (part) => {
      // There must be time for this part and, if it says yes, for all photos.
      const needed = (seconds * (1 + (photos.length + part.held.length) / photos.length)) / plannedShare;
      const inTime = await byTheClock(work, "time for another part", () => secondsLeft(work) > needed);
      return inTime && !isStopped(job) ? trainWithout(work, part, length) : undefined;
    });
    const share = shares[choice.index - 1];
    if (share === undefined) {
      job.onEvent?.({ event: "not-better" });
      return undefined;
    }
    work.bestLogits = said.flatMap((logits) => logits[choice.index - 1] ?? []);
    const unfrozenFrom = job.unfreeze ?? [...unfrozen][0]?.name ?? "none";
    // Who is late by now does not begin once more.
    const isInTime = await byTheClock(work, "time for all photos", () => secondsLeft(work) > 0);
    const again = isInTime ? length : undefined;
    return await finishTraining(work, tuning, again, { row, share, ...choice, ...asked, unfrozenFrom });
  } finally {
    await loops.release(tuning.model);
  }
}

/** What a training says of photos that it has not learned from, at each of the {@link shares}. */
export async function logitsOf(tuning: Tuning, photos: ReadySource): Promise<readonly TensorData<"float32">[]> {
  const said: TensorData<"float32">[] = [];
  for (const share of shares) said.push(await tuning.logits(photos, share));
  return said;
}

/** Trains without a part of the photos; the network is as it was then. Gives what the training says of these photos. */
async function trainWithout(
  work: Material,
  part: Part,
  length: Length,
): Promise<readonly TensorData<"float32">[] | undefined> {
  const { job, heads, head, sets, views } = work;
  announce(work, "another-part");
  const photos = photosAt([...sets.training.photos, ...sets.validation.photos], part.learned);
  const loops = createTrainingLoops({ runtime: job.runtime, machine: job.machine, random: work.random });
  const tuning = new Tuning(work, loops, await heads.without(part, head));
  try {
    const { learningRate } = work.plan;
    const options = { ...length, learningRate, photos, telling: "another-part" } as const;
    const trouble = await tuning.run(views.of(part.learned), options);
    work.trouble ??= trouble;
    return trouble === undefined && !isStopped(job) ? await logitsOf(tuning, views.whole(part.held)) : undefined;
  } finally {
    tuning.undo();
    await loops.release(tuning.model);
  }
}

/** A training that has come to its end, and what was chosen of it. */
export interface EndedTraining {
  /** Its last epoch. */
  readonly row: EpochRow;
  /** How far it goes from where the weights were to where they came to. */
  readonly share: number;
  /** What its logits are divided by. */
  readonly temperature: number;
  /** `[photos, classes]`: logits of the photos that have judged, each by what the others have chosen. */
  readonly heldOut: TensorData<"float32">;
  /** Numbers of these photos, as in a `Part`, … */
  readonly held: readonly number[];
  /** … the class of each, and how much it counts by that. */
  readonly labels: readonly number[];
  readonly weights: readonly number[];
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
  { row, share, temperature, heldOut, held, labels, weights, unfrozenFrom }: EndedTraining,
): Promise<TrainedClassifier> {
  const { job, sets, heads } = work;
  const all = [...sets.training.photos, ...sets.validation.photos];
  const made = {
    row: {
      ...row,
      val_loss: logLoss(heldOut, labels, weights),
      val_accuracy: shareRight(heldOut, labels),
    },
    heldOut: { measuredWith: photosAt(all, held), truth: labels, probabilities: probabilitiesOf(heldOut) },
    familiar: await tuning.familiarPhotos(share),
    unfrozenFrom,
  };
  const reached = { ...made, ...tuning.finish(share, temperature), learnedFrom: sets.training.photos };
  if (length === undefined || !heads.learnsFromAll || isStopped(job)) return reached;
  await job.onBetter?.(reached);
  tuning.undo();
  const anew = await learnFromAll(work, length, { share, temperature, threshold: made.familiar?.threshold });
  return anew === undefined ? { ...reached, ...tuning.finish(share, temperature) } : { ...made, ...anew };
}

/** What a training with all photos takes over from the one that photos have measured. */
interface Measured {
  readonly share: number;
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
  { share, temperature, threshold }: Measured,
): Promise<Pick<TrainedClassifier, "model" | "familiar" | "learnedFrom"> | undefined> {
  const { job, head, sets, views } = work;
  announce(work, "all-photos");
  const { runtime, machine } = job;
  const loops = createTrainingLoops({ runtime, machine, random: work.random });
  const tuning = new Tuning(work, loops, head.classifier);
  try {
    const { learningRate } = work.plan;
    const photos = [...sets.training.photos, ...sets.validation.photos];
    const trouble = await tuning.run(views.all, { ...length, learningRate, photos, telling: "all-photos" });
    work.trouble ??= trouble;
    if (trouble !== undefined || isStopped(job)) {
      tuning.undo();
      return undefined;
    }
    const { model } = tuning.finish(share, temperature);
    // No photo measures it any more: the step behind the last loss may have lost its numbers.
    if (lostWeight(model) !== undefined) {
      tuning.undo();
      return undefined;
    }
    return { model, familiar: await tuning.knowing(threshold), learnedFrom: head.learnedFrom };
  } finally {
    await loops.release(tuning.model);
  }
}

/** As much of a training, and of the one with all photos, as fits into the time; `undefined` where it is too little. */
async function fitting(work: Work, tuning: Tuning, views: ViewsOfSets, most: Length): Promise<Length | undefined> {
  if (work.plan.deadline === undefined) return most;
  const { training, validation } = work.sets;
  const steps = stepsOf(work, training.photos);
  const all = work.heads.learnsFromAll ? stepsOf(work, [...training.photos, ...validation.photos]) : 0;
  // Also where the answer is known: random streams go on by the steps that are taken for it.
  const epoch = (await tuning.secondsAStep(views.training)) * (steps + all);
  const epochs = await byTheClock(work, "epochs", () => Math.floor((plannedShare * secondsLeft(work)) / epoch));
  if (epochs < Math.min(fewestEpochs, most.epochs)) return undefined;
  return {
    epochs: Math.min(epochs, most.epochs),
    members: Math.max(1, Math.min(Math.floor(epochs / most.epochs), most.members)),
  };
}

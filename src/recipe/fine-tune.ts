import type { Sequential } from "../models/sequential.js";
import type { TrainingLoops } from "../models/platform.js";
import type { ReadySource } from "../models/sources/batch-source.js";
import type { LostLoss } from "../models/training-types.js";
import { RandomStreams } from "../random/seed.js";
import { createTrainingLoops } from "../training/fit/loops.js";
import type { LinearClassifier } from "../training/regression/softmax-regression.js";
import { BestWeights } from "./best-weights.js";
import { better } from "./evidence.js";
import type { EpochRow, FineTuneJob, FineTuneResult, HeldOut } from "./fine-tune-types.js";
import { type FamiliarPhotos, familiarPhotosMeasured, roomFor } from "./familiar-photos.js";
import { createHead, graftHead } from "./head.js";
import { type HeadCandidate, HeadStage } from "./head-stage.js";
import { featureModel, featuresAfter, type FeatureSets, featuresOfSets, viewsOfSets } from "./photo-features.js";
import { type Plan, planOf, staysFrozen } from "./plan.js";
import { lossOf } from "./probabilities.js";
import { SteppedTraining } from "./stepped-training.js";
import { withTrainable } from "./trainable-flags.js";

/**
 * The recipe. Each stage is kept only if photos that it has not learned from say that it is better than the one before:
 *
 * 1. the photos cross the frozen network, and a linear classifier is fitted to what comes out;
 * 2. so do their mirror images and parts of them, and it is fitted to all;
 * 3. the network's last block is unfrozen, and both are trained together on these views, at a low rate.
 *
 * Random numbers are the job's own: jobs with networks of their own may run at the same time. The network is part of the
 * result, with what its last block has learned; which of its layers are trainable is afterwards as it was before.
 *
 * @throws FileError when a class has no readable photo
 * @throws UsageError when `unfreeze` names no layer
 */
export async function fineTune(job: FineTuneJob): Promise<FineTuneResult> {
  // The name of a layer that does not exist must show before the work, not after it.
  const plan = planOf(job, job);
  // The network's last block counts as trainable from the beginning, so that its photos cross the frozen part only once: what
  // is kept for the third stage is kept while the features of the first two are computed.
  return withTrainable(job.backbone.model, plan.unfrozen, () => graft(job, plan));
}

async function graft(job: FineTuneJob, plan: Plan): Promise<FineTuneResult> {
  const start = performance.now();
  const random = new RandomStreams(job.seed);
  const network = featureModel(job.backbone.model);
  const sets = await featuresOfSets(job, plan, network, random.stream("order"));
  // Of a part of the photos nothing is learned that anybody asked for.
  job.signal?.throwIfAborted();
  const material: Material = { network, sets, random, rows: [] };
  const { head, stage, tuning } = await learnHead(job, plan, material);
  const tuned = tuning && (await tuneNetwork(job, plan, material, { head, ...tuning }));
  const { training, validation } = sets;
  const best = tuned?.kept?.row ?? head.row;
  return {
    model: tuned?.kept?.model ?? graftHead(network, createHead(head.classifier, random)),
    epochs: material.rows,
    bestEpoch: best.epoch,
    best,
    trunk: sets.trunk && { ...sets.trunk, val_accuracy: best.val_accuracy },
    photos: { training: training.photos.length, validation: validation.photos.length, skipped: sets.skipped },
    learnedFrom:
      tuned?.kept === undefined && head.learnsFromAll ? [...training.photos, ...validation.photos] : training.photos,
    heldOut: tuned?.kept?.heldOut ?? head.heldOut,
    familiar: tuned?.kept === undefined ? await stage.familiarPhotos(roomFor(network)) : tuned.kept.familiar,
    trouble: tuned?.trouble,
    seconds: (performance.now() - start) / 1000,
  };
}

/** What the stages work with. */
interface Material {
  readonly network: Sequential;
  readonly sets: FeatureSets;
  readonly random: RandomStreams;
  /** Rows of the history; each stage adds its own. */
  readonly rows: EpochRow[];
}

/** Fits of the new classifier while the network is frozen. */
const headFits = 2;

/** What the third stage begins with. */
interface Tuning {
  readonly views: ReadySource;
  /** Learned from the training photos alone. */
  readonly start: LinearClassifier;
}

/** The first two stages: the network stays frozen. */
async function learnHead(
  job: FineTuneJob,
  plan: Plan,
  { network, sets, random, rows }: Material,
): Promise<{ readonly head: HeadCandidate; readonly stage: HeadStage; readonly tuning?: Tuning }> {
  const stage = await HeadStage.create(job, sets, random);
  const keep = (candidate: HeadCandidate): void => {
    rows.push(candidate.row);
    job.onEvent?.({ event: "epoch", epochs: headFits, ...candidate.row });
  };
  try {
    let started = performance.now();
    const plain = await stage.fit(1, started);
    keep(plain);
    started = performance.now();
    const views = isStopped(job) ? undefined : await viewsOfSets(job, plan, network, sets, random);
    if (views === undefined) return { head: plain, stage };
    const viewed = await stage.fit(2, started, views.features);
    keep(viewed);
    const head = viewed.row.val_loss < plain.row.val_loss ? viewed : plain;
    if (plan.unfrozen.size === 0 || isStopped(job)) return { head, stage };
    const { val_accuracy } = head.row;
    if (staysFrozen(val_accuracy, head.heldOut.truth.length, job)) {
      job.onEvent?.({ event: "left-frozen", val_accuracy });
      return { head, stage };
    }
    const start = await stage.withoutValidation(head, views.features);
    return { head, stage, tuning: { views: views.source, start } };
  } finally {
    await stage.release();
  }
}

function isStopped({ signal }: FineTuneJob): boolean {
  return signal?.aborted === true;
}

/**
 * The third stage: the unfrozen part of the network learns too. It is kept if the validation photos say so; else the network
 * is as it was before.
 */
async function tuneNetwork(
  job: FineTuneJob,
  plan: Plan,
  { network, sets, random, rows }: Material,
  { head, views, start }: Tuning & { readonly head: HeadCandidate },
): Promise<{
  readonly kept?: Kept | undefined;
  readonly trouble: LostLoss | undefined;
}> {
  const { runtime, machine, trunkPrecision } = job;
  const { training, validation } = sets;
  const loops = createTrainingLoops({ runtime, machine, random });
  const model = graftHead(network, createHead(start, random));
  const before = new BestWeights();
  before.keep(model);
  const stepped = new SteppedTraining(loops, rows, Math.ceil(training.photos.length / plan.batchSize), job);
  const { epochs, learningRate } = plan;
  await stepped.run(model, views, { epochs, learningRate, validationData: validation.source, trunkPrecision });
  const { best: row, trouble } = stepped;
  const heldOut = row && (await validationOf(loops, model, validation));
  await loops.release(model);
  if (row !== undefined && heldOut !== undefined && better(lossesOf(heldOut), head.validationLosses)) {
    const features = isStopped(job) ? undefined : await featuresAfter(job, network, sets);
    const familiar =
      features && (await familiarPhotosMeasured(runtime, features.training, features.validation, roomFor(network)));
    return { kept: { model, row, heldOut, familiar }, trouble };
  }
  before.restore();
  return { trouble };
}

/** A network that has learned too. */
interface Kept {
  readonly model: Sequential;
  readonly row: EpochRow;
  readonly heldOut: HeldOut;
  readonly familiar: FamiliarPhotos | undefined;
}

/** What a model says of the validation photos. */
async function validationOf(
  loops: TrainingLoops,
  model: Sequential,
  { photos, source }: FeatureSets["validation"],
): Promise<HeldOut> {
  const [output] = await loops.predict(model, source, { verbose: 0 });
  const all = output?.data as Float32Array;
  const classes = all.length / photos.length;
  return {
    truth: photos.map(({ classIndex }) => classIndex),
    probabilities: photos.map((_, photo) => all.subarray(photo * classes, (photo + 1) * classes)),
  };
}

function lossesOf({ truth, probabilities }: HeldOut): number[] {
  return truth.map((label, photo) => lossOf(probabilities[photo]?.[label]));
}

import { namedRecord } from "../errors/named-record.js";
import { RandomStreams } from "../random/seed.js";
import { curveOfPhotos } from "./curve-stage.js";
import { weightingOf } from "./class-weights.js";
import type { FineTuneJob, FineTuneResult } from "./fine-tune-types.js";
import { HeadStage } from "./head-stage.js";
import { KeptWeights } from "./kept-weights.js";
import { featureFigures } from "./feature-figures.js";
import { featureModel } from "./feature-model.js";
import { featuresOfSets } from "./photo-features.js";
import { type Plan, planOf } from "./plan.js";
import { searchSettings } from "./search/search-settings.js";
import { trainWithFound } from "./search/train-with-found.js";
import { fitHead } from "./stages/fit-head.js";
import { fitHeadWithViews } from "./stages/fit-head-with-views.js";
import { isStopped, type Reached, type Stage, type Work } from "./stages/stage.js";
import { trainLastStage } from "./stages/train-last-stage.js";
import { trainTwoStages } from "./stages/train-two-stages.js";
import { withTrainable } from "./trainable-flags.js";

/** Stages that may be asked for. */
export type StageToFollow = "head" | "views" | "last-stage" | "two-stages";

/** A part of the recipe. */
export interface Part {
  /** What is wanted, in this order, whether the recipe would take it here or not; default the whole recipe. */
  readonly stages?: readonly StageToFollow[] | undefined;
  /** What an earlier job of the same photos has reached, to go on from; the network has been loaded anew since. */
  readonly from?: Reached | undefined;
}

/** What a part has come to. */
export interface Followed {
  readonly result: FineTuneResult;
  readonly reached: Reached;
}

/** The recipe. Each stage is kept only if photos that it has not learned from say that it is better than what was there before. */
const stages: Readonly<Record<StageToFollow, Stage>> = {
  head: fitHead,
  views: fitHeadWithViews,
  "last-stage": trainLastStage,
  "two-stages": trainTwoStages,
};

/** The same, where settings of its training are searched first. */
const stagesOfSearch: readonly Stage[] = [fitHead, fitHeadWithViews, searchSettings, trainWithFound];

/**
 * Follows the recipe.
 *
 * Random numbers are the job's own: jobs with networks of their own may run at the same time. The network is part of the
 * result, with what its last stage has learned; which of its layers are trainable is afterwards as it was before.
 *
 * @throws FileError when a class has no readable photo
 * @throws UsageError when `unfreeze` names no layer, or `classWeights` are not of these classes
 */
export async function fineTune(job: FineTuneJob): Promise<FineTuneResult> {
  return (await fineTuneInPart(job, {})).result;
}

/** {@link fineTune}, or a part of it that others go on from. */
export async function fineTuneInPart(job: FineTuneJob, part: Part): Promise<Followed> {
  // The name of a layer or a class that does not exist must show before the work, not after it.
  const plan = planOf(job, job);
  tellWeighting(job);
  // The network's last stage counts as trainable from the beginning, so that photos cross what stays frozen only once: what is
  // kept for its training is kept while the features of the head are computed.
  return withTrainable(job.backbone.model, plan.unfrozen, () => follow(job, plan, part));
}

/** Says where photos do not all count alike. */
function tellWeighting(job: FineTuneJob): void {
  const { kind, asked, smallest, largest, byClass } = weightingOf(job);
  if (kind === "none") return;
  const weights = namedRecord(job.classes.map((name, label) => [name, byClass[label] ?? 1]));
  job.onEvent?.({ event: "weighting", kind, asked, smallest, largest, weights });
}

/** The stages of a job. */
function stagesOf({ search }: FineTuneJob, { stages: wanted }: Part): readonly Stage[] {
  if (search === true) return stagesOfSearch;
  return wanted?.map((name) => stages[name]) ?? Object.values(stages);
}

async function follow(job: FineTuneJob, plan: Plan, part: Part): Promise<Followed> {
  const start = performance.now();
  const random = new RandomStreams(job.seed);
  const network = featureModel(job.backbone.model);
  const reached = part.from ?? (await look(job, plan, network, random));
  // Of a part of the photos nothing is learned that anybody asked for.
  job.signal?.throwIfAborted();
  const { sets, rows: rowsBefore, views } = reached;
  const heads = await HeadStage.create(job, sets, random);
  const untrained = plan.deadline === undefined ? undefined : KeptWeights.ofAll(job.backbone.model);
  const work: Work = {
    ...{ ...reached, job, plan, network, random, heads, untrained, started: start, asked: part.stages !== undefined },
    rows: [...rowsBefore],
    views: views && { ...views, ...views.withBatches(plan.batchSize) },
  };
  try {
    for (const stage of stagesOf(job, part)) {
      if (work.best !== undefined && isStopped(job)) break;
      const better = await stage(work);
      if (better !== undefined) {
        work.best = better;
        await job.onBetter?.(better);
      }
      work.started = performance.now();
    }
  } finally {
    await heads.release();
  }
  const { best, rows, trouble } = work;
  if (best === undefined) throw new TypeError("The first stage gives a classifier.");
  const { row, model, heldOut, learnedFrom, familiar, unfrozenFrom } = best;
  const { training, validation, skipped, trunk } = sets;
  const result: FineTuneResult = {
    ...{ model, heldOut, learnedFrom, familiar, unfrozenFrom, trouble, epochs: rows, bestEpoch: row.epoch, best: row },
    trunk: trunk && { ...trunk, val_accuracy: row.val_accuracy },
    alike: featureFigures(training.features, training.widths).alike,
    photos: { training: training.photos.length, validation: validation.photos.length, skipped },
    search: work.search,
    learningCurve: work.head && (await curveOfPhotos(job, sets, work.head.penalty, random)),
    seconds: (performance.now() - start) / 1000,
  };
  return { result, reached: work };
}

/** Lets the photos cross the network. */
async function look(
  job: FineTuneJob,
  plan: Plan,
  network: ReturnType<typeof featureModel>,
  random: RandomStreams,
): Promise<Reached> {
  const start = performance.now();
  const sets = await featuresOfSets(job, plan, network, random.stream("order"));
  return { sets, rows: [], featureSeconds: (performance.now() - start) / 1000 };
}

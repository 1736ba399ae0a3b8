import type { LostLoss } from "../../models/training-types.js";
import type { TensorData } from "../../onnx/tensor-data.js";
import type { RandomStreams } from "../../random/seed.js";
import type { EpochRow, FineTuneJob, StageName, TrainedClassifier } from "../fine-tune-types.js";
import type { FittedAndMeasured, HeadStage } from "../head-stage.js";
import type { FeatureModel } from "../feature-model.js";
import type { KeptWeights } from "../kept-weights.js";
import type { FeatureSets, ViewsOfSets } from "../photo-features.js";
import type { Plan } from "../plan.js";
import type { Search } from "../search/search-types.js";
import type { TakenTrial } from "../search/taken-trial.js";

/** What the stages of one job work with, and what they have made so far. */
export interface Work {
  readonly job: FineTuneJob;
  readonly plan: Plan;
  /** From images to features; its last stage counts as trainable. */
  readonly network: FeatureModel;
  readonly sets: FeatureSets;
  readonly random: RandomStreams;
  /** Fits and measures classifiers of features. */
  readonly heads: HeadStage;
  /** Whether the stages were asked for by name: then they are followed where the recipe would leave them out, too. */
  readonly asked: boolean;
  /** The history; each stage adds its epochs. */
  readonly rows: EpochRow[];
  /** How long it took until the features of the photos were there, in seconds. */
  readonly featureSeconds: number;
  /** The network's weights as they were before anything was trained; only where there may be time to begin anew. */
  readonly untrained: KeptWeights | undefined;
  /** When the present stage began, in ms. */
  started: number;
  /** The best head of the frozen network so far. */
  head?: FittedAndMeasured;
  /** Views of the photos, once they have been made. */
  views?: ViewsOfSets | undefined;
  /** The best classifier so far … */
  best?: TrainedClassifier;
  /** … and what such a one says of each of the parts that have judged it without learning from them: logits `[photos, classes]`. */
  bestLogits?: readonly TensorData<"float32">[];
  /** What a search over settings found, where there was one. */
  search?: Search | undefined;
  /** The trial that was taken, where it has made something better than the head. */
  taken?: TakenTrial | undefined;
  /** Why a training was ended early: the first that has lost its numbers, whatever those behind it reach. */
  trouble?: LostLoss | undefined;
}

/** Work whose head and views are there. */
export interface Material extends Work {
  readonly head: FittedAndMeasured;
  readonly views: ViewsOfSets;
}

/** What the stages of a job have made by its end, which others may go on from. */
export type Reached = Omit<Work, "job" | "plan" | "network" | "random" | "heads" | "untrained" | "started" | "asked">;

/**
 * A stage of the recipe.
 *
 * @returns a classifier that photos which were held out say is better than the best one so far; `undefined` where they do not, or
 * where the stage has nothing to do
 */
export type Stage = (work: Work) => Promise<TrainedClassifier | undefined>;

/** Whether the first two stages have made what the others work with. */
export function isMaterial(work: Work): work is Material {
  return work.head !== undefined && work.views !== undefined;
}

export function isStopped({ signal }: FineTuneJob): boolean {
  return signal?.aborted === true;
}

/** Seconds until the job is to be done; infinite where it may take its time. */
export function secondsLeft({ plan: { deadline = Number.POSITIVE_INFINITY } }: Work): number {
  return (deadline - performance.now()) / 1000;
}

/** What follows from how much time is left; the same once more where the job was interrupted. */
export async function byTheClock<T>({ plan, job }: Work, what: string, decide: () => T | Promise<T>): Promise<T> {
  return plan.deadline === undefined || job.journal === undefined ? decide() : job.journal.note(what, decide);
}

/** Tells what begins now. */
export function announce(work: Work, stage: StageName): void {
  const left = secondsLeft(work);
  work.job.onEvent?.({ event: "stage", stage, seconds_left: Number.isFinite(left) ? Math.max(0, left) : null });
}

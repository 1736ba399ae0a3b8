import type { Sequential } from "../../models/sequential.js";
import type { LostLoss } from "../../models/training-types.js";
import type { RandomStreams } from "../../random/seed.js";
import type { EpochRow, FineTuneJob, TrainedClassifier } from "../fine-tune-types.js";
import type { FittedAndMeasured, HeadStage } from "../head-stage.js";
import type { FeatureSets, ViewsOfSets } from "../photo-features.js";
import type { Plan } from "../plan.js";

/** What the stages of one job work with, and what they have made so far. */
export interface Work {
  readonly job: FineTuneJob;
  readonly plan: Plan;
  /** From images to features; its last stage counts as trainable. */
  readonly network: Sequential;
  readonly sets: FeatureSets;
  readonly random: RandomStreams;
  /** Fits and measures classifiers of features. */
  readonly heads: HeadStage;
  /** The history; each stage adds its epochs. */
  readonly rows: EpochRow[];
  /** When the present stage began, in ms. */
  started: number;
  /** The best head of the frozen network so far. */
  head?: FittedAndMeasured;
  /** Views of the photos, once they have been made. */
  views?: ViewsOfSets;
  /** The best classifier so far. */
  best?: TrainedClassifier;
  /** Why the job was ended early. */
  trouble?: LostLoss | undefined;
}

/**
 * A stage of the recipe.
 *
 * @returns a classifier that photos which were held out say is better than the best one so far; `undefined` where they do not, or
 * where the stage has nothing to do
 */
export type Stage = (work: Work) => Promise<TrainedClassifier | undefined>;

/** Epochs that the history counts while the network is frozen: fits of the new classifier. */
export const headFits = 2;

export function isStopped({ signal }: FineTuneJob): boolean {
  return signal?.aborted === true;
}

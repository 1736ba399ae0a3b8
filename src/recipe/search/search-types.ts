import type { LearningRates } from "../../training/learning-rate/learning-rates.js";

/** What is searched. */
export interface TrialSettings {
  /** The greatest step size while the network is trained. */
  readonly learningRate: number;
  /** From which layer on the network is trained: a layer's name, `"none"` or `"all"`. */
  readonly unfreeze: string;
  /** Epochs in which the network is trained. */
  readonly epochs: number;
  /** Photos a step. */
  readonly batchSize: number;
}

/** Settings that were tried, and what came of them. */
export interface Trial {
  /** From 1; the first one has the defaults. */
  readonly trial: number;
  readonly settings: TrialSettings;
  /**
   * Loss on the validation photos, which were not learned from: of the trained network, or of the new classifier alone where it
   * stays frozen. Photos count by their class, where classes have weights. `null` where the training has lost its numbers.
   */
  readonly loss: number | null;
  /** Accuracy on the same photos. */
  readonly accuracy: number | null;
  /** How long it took. */
  readonly seconds: number;
  /**
   * Whether these photos say that what the recipe would keep of it is better than what it would keep with the defaults, however many
   * have been tried so far: where a trained network is no better than the new classifier, that is kept.
   */
  readonly better: boolean;
}

/** What a search over settings found. */
export interface Search {
  /** How long the whole job may take, in seconds. */
  readonly time: number;
  readonly trials: readonly Trial[];
  /** The trial whose settings are taken: the first one, unless the evidence says that another is better. */
  readonly chosen: Trial;
  /** How many standard errors a trial had to be better by than the first one. */
  readonly errors: number;
  /** What the range test found; `undefined` where there was no time for it. */
  readonly rates: LearningRates | undefined;
}

import type { Batch } from "../../models/sources/batch-source.js";
import type { CallbackContext, Logs, TrunkReport } from "../../models/training-types.js";
import type { Variable } from "../../nn/variable.js";
import type { GeneratorState } from "../../random/generator.js";
import type { CallbackList } from "./callback-list.js";
import type { SavedMeans } from "./running-means.js";
import type { Batches, LoadingBatch } from "./samples.js";

/** What came of a step. */
export interface StepOutcome {
  /** The loss of the batch; `undefined` where a step of a user's own has none. */
  readonly loss: number | undefined;
  /** Why it is no finite number, as far as it shows. */
  readonly cause: () => string;
}

/** How the batches of a training become steps and figures: by compiled programs, or by a `trainStep` of a user's own. */
export interface FitWork {
  /** Begins to read a batch. */
  begin(batch: Batch): LoadingBatch;
  /**
   * Waits for what is read, and lets others read; then takes one step.
   *
   * @param next called as soon as the next batch may be read
   */
  step(loading: LoadingBatch, next: () => void, isFirst: () => boolean): Promise<StepOutcome>;
  /** Lets a change of `trainable` take effect with the next step. */
  applyTrainable(): void;
  /** Begins the figures of an epoch. */
  beginEpoch(): void;
  /** Figures of the epoch so far. */
  logs(): Promise<Logs>;
  /** Whether the epoch has no step yet. */
  readonly isEmpty: boolean;
  /** The figures so far, to go on from. */
  saveMeans(): SavedMeans;
  /** Figures of samples for validation. */
  validate(batches: Batches, callbacks: CallbackList, context: CallbackContext): Promise<Logs>;
  /** Weights that steps change by gradients. */
  readonly trained: readonly Variable[];
  /** Where the random streams of steps stand. */
  saveRandoms(): readonly (GeneratorState | null)[];
  /** What became of a trunk in 8 bits, if there is one. */
  readonly trunkReport: TrunkReport | undefined;
  /** Waits until what is kept is written. */
  flush(): Promise<void>;
  /** Gives back what was borrowed. */
  end(): Promise<void>;
}

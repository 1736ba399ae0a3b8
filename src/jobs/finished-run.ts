import type { PreparedPhotos } from "../photos/prepare-photos.js";
import type { Weighting } from "../recipe/class-weights.js";
import type { FineTuneResult } from "../recipe/fine-tune-types.js";
import type { Repetition } from "./repetition.js";
import type { Evaluation } from "../report/confusion.js";
import type { Finding } from "../report/diagnosis/finding.js";

/** Photos that could not be used. */
export type Skipped = readonly { readonly path: string; readonly reason: string }[];

/** What a training has made. */
export interface FinishedRun {
  /** Path of the run folder. */
  readonly run: string;
  readonly photos: PreparedPhotos;
  /** How much photos counted by their class. */
  readonly weighting: Weighting;
  readonly result: FineTuneResult;
  /** Figures on photos that were held out, see `FineTuneResult.heldOut`. */
  readonly held: Evaluation;
  /** Figures on the test photos, where there are any and they could be read. */
  readonly test: Evaluation | undefined;
  readonly skipped: Skipped;
  /** What the figures suffer from. */
  readonly warnings: readonly Finding[];
  readonly seconds: number;
  /** Whether it was stopped; what was reached until then is kept. */
  readonly interrupted: boolean;
  /** Whether it has given the same as the run that it repeats. */
  readonly repeated: Repetition | undefined;
  /** Path of the page about it; `undefined` where it was stopped, or the page could not be written. */
  readonly report: string | undefined;
  /** Whether it can be gone on with. */
  readonly resumable: boolean;
}

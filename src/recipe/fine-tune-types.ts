import type { Backbone } from "../applications/backbone.js";
import type { BaseModel } from "../models/base-model.js";
import type { LostLoss, TrunkReport } from "../models/training-types.js";
import type { Photo } from "../photos/photo.js";
import type { PhotoRoot } from "../photos/photo-root.js";
import type { Runtime } from "../runtime/runtime.js";
import type { FactBook, Machine } from "../training/machine.js";
import type { Journal } from "./journal.js";
import type { LearningCurve } from "./learning-curve.js";
import type { ClassSize } from "./class-weights.js";
import type { FamiliarPhotos } from "./familiar-photos.js";
import type { Phase, RecipeSettings } from "./plan.js";
import type { Search } from "./search/search-types.js";
import type { TrialRow } from "./search/trial-row.js";

/** What the recipe is to do. */
export interface FineTuneOptions extends RecipeSettings {
  readonly runtime: Runtime;
  readonly backbone: Backbone;
  /** Whether the folder was divided already, or the validation photos were drawn from it. */
  readonly division: "folders" | "drawn";
  /** Names of the classes, in the order of the probabilities; a photo's `classIndex` counts in this list. */
  readonly classes: readonly string[];
  readonly training: readonly Photo[];
  readonly validation: readonly Photo[];
  /** The folder that the photos lie in: when it goes, the job ends, and no photo is skipped for that. */
  readonly root?: PhotoRoot | undefined;
  /**
   * Told once of each photo that could not be read any more when parts of it were to be seen, and is learned from as a whole instead, from
   * pixels that were kept; the work goes on when it has settled.
   */
  readonly onLost?: ((path: string, reason: string) => Promise<void>) | undefined;
  /** Whether settings of the training are searched in the `time` that is given, in place of the training that takes all of it. */
  readonly search?: boolean | undefined;
  readonly onEvent?: ((event: FineTuneEvent) => void) | undefined;
  /**
   * Given each classifier that is better than those before, the first one soon, and that of a training once more when it has learned
   * from all photos; the work goes on when it has settled.
   */
  readonly onBetter?: ((classifier: TrainedClassifier) => Promise<void>) | undefined;
  /** Ends the training after the current step; what was reached by then is kept. */
  readonly signal?: AbortSignal | undefined;
  /** Where it is written down what the job does, so that one which was interrupted can be gone on with. */
  readonly journal?: Journal | undefined;
  /** What is measured on the machine to choose how to compute; default what the machine knows of itself. */
  readonly measured?: FactBook | undefined;
}

/** A run of the recipe. */
export interface FineTuneJob extends FineTuneOptions {
  readonly machine: Machine;
}

/** Figures of one epoch. */
export interface EpochRow {
  readonly phase: Phase;
  /** From 1, over both phases. */
  readonly epoch: number;
  /** Where classes have weights, losses are means in which each photo counts by its class; accuracies never are. */
  readonly loss: number;
  readonly accuracy: number;
  readonly val_loss: number;
  readonly val_accuracy: number;
  readonly learning_rate: number;
  readonly seconds: number;
}

/** What the recipe does, one after the other. */
export type StageName =
  | "head"
  | "views"
  | "last-stage"
  | "two-stages"
  /** What was held out does not say clearly whether a training is better: the same without another part of the photos. */
  | "another-part"
  | "all-photos"
  /** Settings are tried, a range test beside them, and what was found is trained. */
  | "search"
  | "learning-rate"
  | "chosen";

/** What happens during the recipe. */
export type FineTuneEvent =
  /** A stage begins; `seconds_left` of the time that was given, `null` where none was. */
  | { readonly event: "stage"; readonly stage: StageName; readonly seconds_left: number | null }
  /** Long work: photos through the network, steps of an epoch, photos through the exact network. `total` in the same unit. */
  | {
      readonly event: "progress";
      readonly stage:
        | "features"
        | "views"
        | "training"
        | "another-part"
        | "all-photos"
        | "comparing"
        | "learning-curve"
        | "learning-rate"
        | "trial";
      readonly unit: "photos" | "steps";
      readonly done: number;
      readonly total: number;
      /** Only while training. */
      readonly epoch?: number;
      readonly epochs?: number;
      readonly loss?: number;
      readonly accuracy?: number;
      /** Only while settings are tried: which trial it is, and how long the job may still take. */
      readonly trial?: number;
      readonly seconds_left?: number;
    }
  /** Settings were tried. */
  | ({ readonly event: "trial"; readonly seconds_left: number } & TrialRow)
  /** Photos do not all count alike: weights by class were asked for, or follow from how many photos the classes have. */
  | {
      readonly event: "weighting";
      readonly kind: "balanced" | "given";
      /** Whether they were asked for. */
      readonly asked: boolean;
      /** Classes with the fewest and the most photos to learn from. */
      readonly smallest: ClassSize;
      readonly largest: ClassSize;
      /** Weight of a photo by the label of its class; 1 on the mean. */
      readonly weights: Readonly<Record<string, number>>;
    }
  /** The second phase is left out: the new classifier is good enough without it. */
  | { readonly event: "left-frozen"; readonly val_accuracy: number }
  /** Photos that were held out do not say that what a stage made is better: what was there before is kept. */
  | { readonly event: "not-better" }
  | { readonly event: "skipped"; readonly path: string; readonly reason: string }
  | { readonly event: "warning"; readonly code: string; readonly message: string }
  | ({ readonly event: "epoch"; readonly epochs: number } & EpochRow);

/**
 * What is said of photos by a classifier that has not learned from them: the validation photos, others behind them where these did not
 * say clearly whether a training is better, or all photos by cross-validation.
 */
export interface HeldOut {
  /** The photos themselves. */
  readonly measuredWith: readonly Photo[];
  /** Number of each photo's class. */
  readonly truth: readonly number[];
  /** For each photo the probability of each class. */
  readonly probabilities: readonly ArrayLike<number>[];
}

/** What a stage of the recipe made. */
export interface TrainedClassifier {
  /** Preprocessed images in, probabilities out; a later stage may change its weights. */
  readonly model: BaseModel;
  /**
   * The figures of the epoch that its weights come from; those of the validation are of photos that have taught it nothing, and have
   * chosen neither its temperature nor whether the network was trained. Where a head was kept, they have chosen its penalty.
   */
  readonly row: EpochRow;
  /** What was said of photos that were held out: those that `row.val_accuracy` was measured with. */
  readonly heldOut: HeldOut;
  /** Photos that it has learned from: after they have measured it, the validation photos too. */
  readonly learnedFrom: readonly Photo[];
  /** From which layer on the network was trained; `"none"` or `"all"` likewise. */
  readonly unfrozenFrom: string;
  /**
   * What it knows when it sees it again; `undefined` where the training was stopped before the changed network had looked at its
   * photos once more.
   */
  readonly familiar: FamiliarPhotos | undefined;
}

/** What the recipe made. */
export interface FineTuneResult {
  /** Preprocessed images in, probabilities out. */
  readonly model: BaseModel;
  readonly epochs: readonly EpochRow[];
  /** Number of the epoch whose weights were kept. */
  readonly bestEpoch: number;
  /** The figures of that epoch; those of the validation as {@link TrainedClassifier} has them. */
  readonly best: EpochRow;
  /** What 8 bits cost, where they were asked for. */
  readonly trunk?:
    | (TrunkReport & {
        /** Validation accuracy of that epoch with frozen layers in 8 bits. */
        readonly val_accuracy: number;
        /** The same with the network computed exactly, once `measureExactly` has measured it. */
        readonly exact_val_accuracy?: number | undefined;
      })
    | undefined;
  /** Whether the network, as it came, sees next to no difference between the training photos. */
  readonly alike: boolean;
  /** From which layer on the network was trained; `"none"` or `"all"` likewise. */
  readonly unfrozenFrom: string;
  /** Why a training was stopped early: a loss was NaN or infinite. What was kept comes from another stage, or from before that. */
  readonly trouble?: LostLoss | undefined;
  /** What was tried and chosen, where settings were searched. */
  readonly search?: Search | undefined;
  /** How many photos more would help, where it was asked for and there are enough to say. */
  readonly learningCurve?: LearningCurve | undefined;
  /** Photos that were read. */
  readonly photos: { readonly training: number; readonly validation: number; readonly skipped: number };
  /** Photos that the model has learned from: after they have measured it, the validation photos too. */
  readonly learnedFrom: readonly Photo[];
  /** What was said of photos that were held out: those that `best.val_accuracy` was measured with. */
  readonly heldOut: HeldOut;
  /**
   * What it knows when it sees it again; `undefined` where the training was stopped before the changed network had looked at its
   * photos once more.
   */
  readonly familiar: FamiliarPhotos | undefined;
  readonly seconds: number;
}

import type { ProgressEvent } from "../../jobs/events.js";
import type { settingsFor } from "../../jobs/train-options.js";
import type { BaseModel } from "../../models/base-model.js";
import type { LostLoss, TrunkReport } from "../../models/training-types.js";
import type { PreparationEvent } from "../../photos/prepare-photos.js";
import type { ClassWeightsSetting } from "../../recipe/class-weights.js";
import type { EpochRow, FineTuneEvent, HeldOut } from "../../recipe/fine-tune-types.js";
import type { LearningCurve } from "../../recipe/learning-curve.js";
import type { Evaluation } from "../../report/confusion.js";

/** What is asked of the network and of the recipe: the options of `graft train`, by the same names. */
type Settings = ReturnType<typeof settingsFor<"network">> & ReturnType<typeof settingsFor<"recipe">>;

/** What happens while `fineTune` works: what `graft train` tells, too. */
export type RecipeEvent = FineTuneEvent | PreparationEvent | ProgressEvent;

/** Options of `fineTune`: those of `graft train` but for where the run goes and the device, which `setDevice` chooses. */
export type RecipeOptions = { readonly [Name in keyof Settings]?: Settings[Name] | undefined } & {
  /**
   * How much photos count by their class: `"none"`, `"balanced"`, or a number above 0 for each class by its name; default
   * `"balanced"` where the largest class has more than 1.5 times the photos of the smallest.
   */
  readonly classWeights?: ClassWeightsSetting | undefined;
  /** Hears what happens; default nobody does. */
  readonly onEvent?: ((event: RecipeEvent) => void) | undefined;
  /**
   * Given the classifier of each stage that is better than those before, the first one soon, and that of a training once more when
   * it has learned from all photos; the work goes on when it has settled.
   * Later stages may change the model's weights: save or export it there.
   */
  readonly onBetter?: ((classifier: StageClassifier) => void | Promise<void>) | undefined;
  /** Ends the training after the current step; what was reached by then is kept. */
  readonly signal?: AbortSignal | undefined;
};

/** A classifier that a stage of the recipe has made, and how good it is. */
export interface StageClassifier {
  /**
   * Photos in, `[N, imageSize, imageSize, 3]` RGB in [0, 255], as `imageDatasetFromDirectory` and `loadImg` give them;
   * probabilities out, `[N, classes]`. Preprocessing is inside. It is not compiled. `export` writes it as `.onnx`, `save` as
   * `.keras` where the network is made of Keras's layers, such as `vgg16`.
   */
  readonly model: BaseModel;
  /** Names of the classes, in the order of the probabilities. */
  readonly classes: readonly string[];
  /** Side of the photos that the model takes, in pixels. */
  readonly imageSize: number;
  /** How it does on photos that it had not learned from, and what it said of each: an estimate for new photos of the same kind. */
  readonly heldOut: Evaluation & HeldOut;
  /** Its figures, and the stage that it comes from. */
  readonly best: EpochRow;
  /**
   * Writes what `graft train` writes as `model.onnx`: photos of any size in, uint8; the labels are in its metadata, and
   * `graft predict` takes it.
   */
  exportClassifier(path: string): Promise<void>;
}

/** The best classifier, and how it came about. */
export interface FineTuned extends StageClassifier {
  /** Figures of each stage and epoch, in their order. */
  readonly history: readonly EpochRow[];
  /** Photos and other files that were left out. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  /** Why the training ended early, where a loss was no finite number. */
  readonly trouble: LostLoss | undefined;
  /** How many photos more would help, where `learningCurve` asked for it and there are enough to say. */
  readonly learningCurve: LearningCurve | undefined;
  /** What 8 bits cost the frozen layers, where `trunkPrecision` asked for them. */
  readonly trunk: TrunkReport | undefined;
}

/** Options of a stage that goes on with what another one gave. */
export type StageOptions = Pick<RecipeOptions, "onEvent" | "signal">;

/** Options of `trainTwoStages`: those of `graft train` that its steps depend on. */
export type TwoStagesOptions = StageOptions & Pick<RecipeOptions, "batchSize" | "learningRate" | "time">;

/** Options of `trainLastStage`: those of `graft train` that its steps depend on. */
export type LastStageOptions = TwoStagesOptions & Pick<RecipeOptions, "epochs" | "unfreeze">;

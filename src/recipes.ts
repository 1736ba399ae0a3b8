/**
 * Recipes: what `graft train` does, for scripts.
 */
export { fineTune, fitHead, fitHeadWithViews, trainLastStage, trainTwoStages } from "./hosts/node/fine-tune-folder.js";
export type {
  FineTuned,
  LastStageOptions,
  RecipeEvent,
  RecipeOptions,
  StageClassifier,
  StageOptions,
  TwoStagesOptions,
} from "./hosts/node/fine-tuned.js";
export type { ClassWeightsSetting } from "./recipe/class-weights.js";
export type { ExtrapolatedPoint, LearningCurve, LearningPoint } from "./recipe/learning-curve.js";
export type { EpochRow, HeldOut } from "./recipe/fine-tune-types.js";
export type { ClassFigures, Evaluation } from "./report/confusion.js";
export type { ExpectedAccuracy, Interval } from "./report/interval.js";

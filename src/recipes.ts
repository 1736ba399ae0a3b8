/**
 * Recipes: what `graft train` does, for scripts.
 */
export {
  fineTune,
  type FineTuned,
  fitHead,
  type RecipeEvent,
  type RecipeOptions,
  type StageClassifier,
} from "./hosts/node/fine-tune-folder.js";
export type { EpochRow, HeldOut } from "./recipe/fine-tune-types.js";
export type { ClassFigures, Evaluation } from "./report/confusion.js";
export type { ExpectedAccuracy, Interval } from "./report/interval.js";

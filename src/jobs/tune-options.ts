import type { Search } from "../recipe/search/search-types.js";
import { type JobOption, trainOptions, type TrainSettings } from "./train-options.js";

const {
  epochs: _epochs,
  batchSize: _batchSize,
  learningRate: _learningRate,
  unfreeze: _unfreeze,
  ...others
} = trainOptions;

/** In seconds. */
export const defaultTuneTime = 600;

/** The options of `graft tune`: those of `graft train` but for what is searched. */
export const tuneOptions = {
  ...others,
  time: { ...others.time, help: "how long all of it may take, such as 90s, 5m or 1h (default: 10m)" },
} as const satisfies Readonly<Record<string, JobOption>>;

/**
 * The settings with which `graft train` would do what a search has ended in.
 *
 * @param settings those that were asked for; the time was the search's
 * @param search `undefined` where there was no time for it
 */
export function settingsFound({ time: _, ...settings }: TrainSettings, search: Search | undefined): TrainSettings {
  // The first trial has the defaults, which are the recipe's to choose.
  return search === undefined || search.chosen.trial === 1 ? settings : { ...settings, ...search.chosen.settings };
}

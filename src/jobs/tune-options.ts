import type { Search } from "../recipe/search/search-types.js";
import { type JobOption, trainOptions, type TrainSettings } from "./train-options.js";

const { epochs, batchSize, learningRate, unfreeze, ...others } = trainOptions;

/** Options of `graft train` that `graft tune` looks for itself. */
export const searchedOptions: Readonly<Record<string, JobOption>> = { epochs, batchSize, learningRate, unfreeze };

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
 */
export function settingsFound({ time: _, ...settings }: TrainSettings, { chosen }: Search): TrainSettings {
  // The first trial has the defaults, which are the recipe's to choose.
  return chosen.trial === 1 ? settings : { ...settings, ...chosen.settings };
}

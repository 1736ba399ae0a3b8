import type { Search } from "../recipe/search/search-types.js";
import { type JobOption, trainOptions, type TrainSettings } from "./train-options.js";

/** What it looks for itself, and what is for runs that can be gone on with: what a search tries is decided by the clock. */
const searched: readonly string[] = [
  "epochs",
  "batchSize",
  "learningRate",
  "unfreeze",
  "resume",
  "from",
  "checkpointEvery",
];

/** In seconds. */
export const defaultTuneTime = 600;

const timeHelp = "how long all of it may take, such as 90s, 5m or 1h (default: 10m)";

/** The options of `graft tune`: those of `graft train` but for what is searched, and for checkpoints. */
export const tuneOptions: Readonly<Record<string, JobOption>> = Object.fromEntries(
  Object.entries<JobOption>(trainOptions)
    .filter(([name]) => !searched.includes(name))
    .map(([name, option]) => [name, name === "time" ? { ...option, help: timeHelp } : option]),
);

/**
 * The settings with which `graft train` would do what a search has ended in.
 *
 * @param settings those that were asked for; the time was the search's
 * @param search `undefined` where there was no time for it
 */
export function settingsFound(settings: TrainSettings, search: Search | undefined): TrainSettings {
  const asked = Object.fromEntries(Object.entries(settings).filter(([name]) => name !== "time")) as TrainSettings;
  // The first trial has the defaults, which are the recipe's to choose.
  return search === undefined || search.chosen.trial === 1 ? asked : { ...asked, ...search.chosen.settings };
}

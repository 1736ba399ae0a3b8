import { csvCell } from "../errors/csv-cell.js";
import { harmlessName } from "../errors/harmless.js";
import type { Search } from "../recipe/search/search-types.js";
import { searchSpace } from "../recipe/search/search-space.js";
import { type TrialRow, trialRow } from "../recipe/search/trial-row.js";

const columns = [
  ...["trial", "learning_rate", "unfreeze", "epochs", "batch_size"],
  ...["loss", "accuracy", "seconds", "better"],
] as readonly (keyof TrialRow)[];

/** What `tuning.json` says of a search: the space, what was tried in it, what was chosen, and the range test. */
export function tuningRecord({ time, trials, chosen, errors, rates }: Search): object {
  return {
    format: 1,
    time,
    space: {
      learning_rate: searchSpace.learningRate,
      stages: searchSpace.stages,
      epochs: searchSpace.epochs,
      batch_size: searchSpace.batchSize,
    },
    standard_errors: errors,
    chosen: chosen.trial,
    trials: trials.map(trialRow),
    learning_rate: rates && {
      ...{ rates: rates.rates, losses: rates.losses, smoothed: rates.smoothed },
      ...{ steepest: rates.steepest ?? null, minimum_tenth: rates.minimumTenth ?? null },
    },
  };
}

/** The text of `tuning.csv`: one line a trial below a line of names; empty where a training has lost its numbers. */
export function tuningCsv({ trials, chosen }: Search): string {
  const lines = trials.map((trial) => {
    const row = trialRow(trial);
    const cells = columns.map((column) => csvCell(shown(row[column])));
    return [...cells, String(trial.trial === chosen.trial)].join(",");
  });
  return `${[[...columns, "chosen"].join(","), ...lines].join("\n")}\n`;
}

/** Names of layers are strangers' words; `tuning.json` has them as they are. */
function shown<T>(value: T): T | string {
  return typeof value === "string" ? harmlessName(value) : value;
}

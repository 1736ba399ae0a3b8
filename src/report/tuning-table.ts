import type { Search } from "../recipe/search/search-types.js";
import { rateText } from "./learning-rate-svg.js";
import { textTable } from "./text-table.js";
import { duration, percent } from "./words.js";

const header = ["trial", "learns", "rate", "epochs", "batch", "loss", "accuracy", "time", ""] as const;
const alignments = [...(["right", "left", "right", "right", "right", "right", "right", "right", "left"] as const)];

/** What was tried, as a table for people. */
export function tuningTable({ trials, chosen }: Search): string {
  const rows = trials.map(({ trial, settings, loss, accuracy, seconds, better }) => {
    const frozen = settings.unfreeze === "none";
    const trained = (text: string): string => (frozen ? "–" : text);
    const notes = [
      trial === 1 ? "the defaults" : undefined,
      trial === chosen.trial ? "taken" : undefined,
      better && trial !== chosen.trial ? "better, too" : undefined,
      loss === null ? "lost its numbers" : undefined,
    ].filter((note) => note !== undefined);
    return [
      String(trial),
      frozen ? "the new classifier" : `from ${settings.unfreeze} on`,
      ...[
        trained(rateText(settings.learningRate)),
        trained(String(settings.epochs)),
        trained(String(settings.batchSize)),
      ],
      ...[loss === null ? "–" : loss.toFixed(4), accuracy === null ? "–" : percent(accuracy), duration(seconds)],
      notes.join(", "),
    ];
  });
  return textTable(header, rows, alignments);
}

import type { EpochRow } from "../recipe/fine-tune-types.js";

const columns = [
  "epoch",
  "phase",
  "loss",
  "accuracy",
  "val_loss",
  "val_accuracy",
  "learning_rate",
  "seconds",
] as const satisfies readonly (keyof EpochRow)[];

/**
 * Writes the figures of a run as comma-separated values, one line for each epoch below a line of names, each ended by a
 * newline. Numbers have a decimal point and all their digits, whatever the language of the computer.
 *
 * @param epochs rows in their order
 * @returns the text of `history.csv`
 */
export function historyCsv(epochs: readonly EpochRow[]): string {
  const lines = [columns.join(","), ...epochs.map((row) => columns.map((column) => String(row[column])).join(","))];
  return `${lines.join("\n")}\n`;
}

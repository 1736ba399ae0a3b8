import { join } from "node:path";
import { z } from "zod";
import { FileError } from "../errors/errors.js";
import { fileSystemError } from "../files/file-system-errors.js";
import { readRegularText } from "../files/regular-file.js";
import type { EpochRow } from "../recipe/fine-tune-types.js";
import { runFiles } from "./run-files.js";

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

/** A line of the file: phases are words, all others numbers. */
const row = z.object({
  phase: z.enum(["head", "fine-tune", "two-stages"]),
  epoch: z.coerce.number(),
  loss: z.coerce.number(),
  accuracy: z.coerce.number(),
  val_loss: z.coerce.number(),
  val_accuracy: z.coerce.number(),
  learning_rate: z.coerce.number(),
  seconds: z.coerce.number(),
});

/** Of a million epochs it is less. */
const mostBytes = 2 ** 28;

/**
 * Reads the figures of a run.
 *
 * @param run the run's folder
 * @throws FileError when there are none, or not those that `graft train` writes
 */
export async function readHistory(run: string): Promise<readonly EpochRow[]> {
  const file = join(run, runFiles.history);
  let text: string;
  try {
    text = await readRegularText(file, { most: mostBytes });
  } catch (cause) {
    throw fileSystemError(cause, file, "read");
  }
  const [names = "", ...lines] = text.split(/\r?\n/).filter((line) => line !== "");
  try {
    const keys = names.split(",");
    return lines.map((line) => {
      const values = line.split(",");
      return row.parse(Object.fromEntries(keys.map((key, index) => [key, values[index]])));
    });
  } catch (cause) {
    throw new FileError(`${file} does not hold the figures of a run.`, {
      subject: file,
      expected: columns.join(","),
      received: names.slice(0, 100),
      advice: "Restore the file that `graft train` has written.",
      cause,
    });
  }
}

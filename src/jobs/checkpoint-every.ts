import { UsageError } from "../errors/errors.js";
import { type CheckpointEvery, usualCheckpoints } from "../recipe/journal.js";

/** Seconds of each unit. */
const units = { s: 1, m: 60, h: 3600 } as const;

/**
 * How often a training is saved.
 *
 * @param text a whole number of epochs, such as `5`, or a length of time, such as `90s`, `10m` or `1h`; default each epoch, and when two
 * minutes have passed
 * @throws UsageError when it is neither
 */
export function checkpointsEvery(text: string | undefined): CheckpointEvery {
  if (text === undefined) return usualCheckpoints;
  const found = /^(\d+|\d*\.\d+)\s*([smh]?)$/i.exec(text.trim());
  const [, number = "", unit = ""] = found ?? [];
  const value = Number(number);
  const factor = Object.entries(units).find(([name]) => name === unit.toLowerCase())?.[1];
  if (found === null || !(value > 0) || (factor === undefined && !Number.isInteger(value))) {
    throw new UsageError("The option --checkpoint-every is not usable.", {
      subject: "--checkpoint-every",
      expected: "a whole number of epochs, such as 5, or a length of time, such as 90s, 10m or 1h",
      received: text === "" ? "nothing" : text,
    });
  }
  if (factor === undefined) return { epochs: value, seconds: Number.POSITIVE_INFINITY };
  return { epochs: Number.POSITIVE_INFINITY, seconds: value * factor };
}

/** A text that {@link checkpointsEvery} can read. */
export function checkpointText(text: string): string {
  checkpointsEvery(text);
  return text;
}

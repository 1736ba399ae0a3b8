import { UsageError } from "../../errors/errors.js";
import { didYouMean } from "../../errors/nearest.js";

/**
 * Refuses options that a callback does not have, which TypeScript cannot do in JavaScript.
 *
 * @throws UsageError for the first one
 */
export function checkOptions(owner: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const advice = didYouMean(unknown, known);
  throw new UsageError(`${owner} has no option "${unknown}".`, {
    subject: unknown,
    expected: known.join(", "),
    received: unknown,
    ...(advice === undefined ? {} : { advice }),
  });
}

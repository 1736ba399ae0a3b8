import { isPlainObject } from "../../errors/check.js";
import { UsageError } from "../../errors/errors.js";
import { didYouMean } from "../../errors/nearest.js";

/**
 * Arguments behind the first ones of a function of `random`, by position or as one object at the end.
 *
 * @param defaults names in Keras's order
 * @throws UsageError for a name that the function does not have, or too many arguments
 */
export function optionsOf<T extends Readonly<Record<string, unknown>>>(
  owner: string,
  given: readonly unknown[],
  defaults: T,
): { readonly [K in keyof T]: unknown } {
  const names = Object.keys(defaults);
  const last = given.at(-1);
  const named = isPlainObject(last) ? last : {};
  const placed = isPlainObject(last) ? given.slice(0, -1) : given;
  const unknown = Object.keys(named).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(`random.${owner} has no argument "${unknown}".`, {
      subject: unknown,
      expected: names.join(", "),
      received: unknown,
      advice: didYouMean(unknown, names),
    });
  }
  if (placed.length > names.length) {
    throw new UsageError(`random.${owner} was given too many arguments.`, {
      subject: owner,
      expected: names.join(", "),
      received: `${placed.length} behind the first ones`,
    });
  }
  const entries = names.map((name, index) => [name, named[name] ?? placed[index] ?? defaults[name]] as const);
  return Object.fromEntries(entries) as { readonly [K in keyof T]: unknown };
}

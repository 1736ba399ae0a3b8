import { UsageError } from "../../errors/errors.js";
import type { Config } from "../../nn/config.js";

/** A configuration without some options. */
export function without(config: Config, ...names: readonly string[]): Config {
  return Object.fromEntries(Object.entries(config).filter(([name]) => !names.includes(name)));
}

/**
 * Checks that an object that was made of a file has kept what the file says. Numbers and switches are compared; names of
 * functions and classes have synonyms, and a wrong one was refused before.
 *
 * @param given the file's configuration
 * @param kept the object's
 * @throws UsageError that names the first option that Graft does not have with this value
 */
export function checkKept(given: Config, kept: Config): void {
  for (const [name, value] of Object.entries(given)) {
    if (!(name in kept) || value === null || value === undefined) continue;
    const mine = kept[name];
    const isPlain = typeof value === "number" || typeof value === "boolean";
    const comparable = mine === null || typeof mine === "number" || typeof mine === "boolean";
    // Keras 2 wrote some switches as 0 and 1.
    if (!isPlain || !comparable || mine === value || (mine !== null && Number(mine) === Number(value))) continue;
    throw new UsageError(`Graft does not have the option "${name}" with this value.`, {
      subject: name,
      expected: JSON.stringify(mine),
      received: JSON.stringify(value),
    });
  }
}

import { type Pair, pair, refuse } from "../../../errors/check.js";

/** One margin for all sides, one for height and one for width, or `[[top, bottom], [left, right]]`. */
export type Margins = number | readonly Pair[];

/** Top and bottom, left and right. */
export type FourMargins = readonly [readonly [number, number], readonly [number, number]];

/**
 * The four margins.
 *
 * @throws UsageError when one is negative or not whole
 */
export function fourMargins(owner: string, option: string, value: Margins): FourMargins {
  const both: readonly (Pair | undefined)[] = Array.isArray(value) ? (value as Pair[]) : [value as Pair, value as Pair];
  const [vertical, horizontal] = both;
  if (both.length !== 2 || vertical === undefined || horizontal === undefined) {
    refuse(owner, option, "a whole number, [height, width] or [[top, bottom], [left, right]]", value);
  }
  return [pair(owner, option, vertical, 0), pair(owner, option, horizontal, 0)];
}

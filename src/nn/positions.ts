/**
 * What a call was given by position: an entry for each argument, of a list the number of its tensors, of a tensor alone
 * `null`. `undefined`: one argument, as most layers have it.
 */
export type Positions = readonly (number | null)[] | undefined;

/** Tensors, or their shapes, as the arguments that a call had by position. */
export function inPositions<T>(all: readonly T[], positions: Positions): readonly (T | readonly T[])[] {
  if (positions === undefined) return [all];
  let next = 0;
  return positions.flatMap((count): readonly (T | readonly T[])[] => {
    const start = next;
    next += count ?? 1;
    const part = all.slice(start, next);
    return count === null ? part : [part];
  });
}

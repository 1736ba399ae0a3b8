/*
 * `Math.max(...numbers)` passes each number on the stack, which overflows where a file or a folder has a hundred thousand of them.
 */

/** The greatest of any number of numbers; `atLeast` where there are none. NaN where one of them is that. */
export function greatest(numbers: Iterable<number>, atLeast = -Infinity): number {
  let found = atLeast;
  for (const number of numbers) found = Math.max(found, number);
  return found;
}

/** The least of any number of numbers; infinity where there are none. NaN where one of them is that. */
export function least(numbers: Iterable<number>): number {
  let found = Infinity;
  for (const number of numbers) found = Math.min(found, number);
  return found;
}

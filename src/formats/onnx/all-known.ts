/** A list of which all items are there; `undefined` where one is not, or the list. */
export function allKnown<T>(items: readonly (T | undefined)[] | undefined): readonly T[] | undefined {
  const known = items?.filter((item) => item !== undefined);
  return known?.length === items?.length ? known : undefined;
}

let show: (line: string) => void = () => undefined;
const told = new WeakSet();

/** Says who shows warnings to people: rooms that know no machine have some too. */
export function showWarnings(by: (line: string) => void): void {
  show = by;
}

/** Shows a person something to think about. */
export function warn(line: string): void {
  show(line);
}

/**
 * Shows a person something to think about, unless the same thing was warned of before.
 *
 * @param thing what is warned of, such as a loss
 */
export function warnOnce(thing: object, line: string): void {
  if (told.has(thing)) return;
  told.add(thing);
  show(line);
}

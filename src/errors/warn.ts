/** @param code of a warning that programs may want to tell from others, such as `cache` */
type Show = (line: string, code?: string) => void;

let show: Show = () => undefined;
const told = new WeakSet();

/** Says who shows warnings to people: rooms that know no machine have some too. */
export function showWarnings(by: Show): void {
  show = by;
}

/** Shows a person something to think about. */
export function warn(line: string, code?: string): void {
  show(line, code);
}

const lines = new Set<string>();

/** Says once in this process that a cache is not kept: work goes on without it. */
export function warnOfCache(line: string): void {
  if (lines.has(line)) return;
  lines.add(line);
  show(line, "cache");
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

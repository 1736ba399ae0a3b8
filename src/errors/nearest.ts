/** Levenshtein distance between two words, in single-character edits. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

/**
 * The known names nearest to a mistyped one, nearest first.
 *
 * @param name what was asked for
 * @param known the names that exist
 * @param count how many to offer at most; default 3
 */
function nearestNames(name: string, known: Iterable<string>, count = 3): string[] {
  const wanted = name.toLowerCase();
  return [...known]
    .map((candidate) => ({ candidate, score: distance(wanted, candidate.toLowerCase()) }))
    .sort((a, b) => a.score - b.score)
    .slice(0, count)
    .map(({ candidate }) => candidate);
}

/** Whether a name is so near to one of some names that it is probably meant. */
export function isNear(name: string, known: readonly string[]): boolean {
  return known.some((candidate) => distance(name.toLowerCase(), candidate.toLowerCase()) <= 3);
}

/** `Did you mean "a", "b" or "c"?`, or nothing when no name is known. */
export function didYouMean(name: string, known: Iterable<string>): string | undefined {
  const quoted = nearestNames(name, known).map((candidate) => `"${candidate}"`);
  if (quoted.length === 0) return undefined;
  const last = quoted.pop() ?? "";
  return `Did you mean ${quoted.length > 0 ? `${quoted.join(", ")} or ${last}` : last}?`;
}

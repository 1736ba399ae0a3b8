/** The lines of a text, one after the other: a file of a stranger may be of nothing but line breaks, and a list of them takes many times its size. */
export function* linesOf(text: string): Generator<string> {
  for (let from = 0; from <= text.length;) {
    const at = text.indexOf("\n", from);
    const to = at === -1 ? text.length : at;
    yield text.slice(from, to);
    from = to + 1;
  }
}

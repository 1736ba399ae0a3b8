/**
 * Does work on items, on some ahead of the one whose result is being looked at, and gives the results in the order of the items.
 *
 * @param items what to work on
 * @param work begins the work on an item
 * @param room how many may be under way or waiting to be taken; asked again with each result, less than 1 counts as 1
 */
export async function* workAhead<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
  room: () => number,
): AsyncGenerator<Result> {
  const queue = items.values();
  const waiting: Promise<Result>[] = [];
  const fill = (): void => {
    while (waiting.length < Math.max(1, room())) {
      const next = queue.next();
      if (next.done === true) return;
      const working = work(next.value);
      // An error is thrown when its turn comes; until then Node must not take it for a forgotten one.
      working.catch(() => undefined);
      waiting.push(working);
    }
  };
  fill();
  for (let working = waiting.shift(); working !== undefined; working = waiting.shift()) {
    const result = await working;
    fill();
    yield result;
  }
}

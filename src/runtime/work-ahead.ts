/**
 * Does work on items, on some ahead of the one whose result is being looked at, and gives the results in the order of the items.
 *
 * @param items what to work on
 * @param work begins the work on an item
 * @param room how many may be under way or waiting to be taken; asked again with each item, less than 1 counts as 1
 */
export async function* workAhead<Item, Result>(
  items: Iterable<Item> | AsyncIterable<Item>,
  work: (item: Item) => Promise<Result>,
  room: () => number,
): AsyncGenerator<Result> {
  const waiting: Promise<Result>[] = [];
  for await (const item of items) {
    const working = work(item);
    // An error is thrown when its turn comes; until then Node must not take it for a forgotten one.
    working.catch(() => undefined);
    waiting.push(working);
    while (waiting.length >= Math.max(1, room())) {
      const next = waiting.shift();
      if (next === undefined) break;
      yield await next;
    }
  }
  for (const working of waiting) yield await working;
}

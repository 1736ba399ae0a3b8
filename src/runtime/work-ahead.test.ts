import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { workAhead } from "./work-ahead.js";

test("results come in the order of the items, with no more under way than there is room for", async () => {
  const items = [30, 5, 20, 1, 10, 2];
  let working = 0;
  let most = 0;
  const results: number[] = [];
  const work = async (item: number): Promise<number> => {
    most = Math.max(most, ++working);
    await sleep(item);
    working--;
    return item;
  };
  for await (const result of workAhead(items, work, () => 3)) results.push(result);
  expect(results).toEqual(items);
  expect(most).toBe(3);
});

test("without room one is worked on at a time; of none there is none", async () => {
  const results: number[] = [];
  for await (const result of workAhead(
    [1, 2],
    (item) => Promise.resolve(item),
    () => 0,
  ))
    results.push(result);
  expect(results).toEqual([1, 2]);
  expect(
    (
      await workAhead(
        [],
        () => Promise.resolve(1),
        () => 2,
      ).next()
    ).done,
  ).toBe(true);
});

test("an error comes when its turn comes, and not before", async () => {
  const results: number[] = [];
  const all = async (): Promise<void> => {
    const work = (item: number): Promise<number> =>
      item === 2 ? Promise.reject(new Error("two")) : sleep(5).then(() => item);
    for await (const result of workAhead([0, 1, 2, 3], work, () => 4)) results.push(result);
  };
  await expect(all()).rejects.toThrow("two");
  expect(results).toEqual([0, 1]);
});

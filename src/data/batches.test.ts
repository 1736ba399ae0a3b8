import { describe, expect, test } from "vitest";
import { UsageError } from "../errors/errors.js";
import { Batches, type BatchesState } from "./batches.js";

const take = (batches: Batches, count: number) => Array.from({ length: count }, () => batches.next());
const ascending = (values: readonly number[]) => [...values].sort((a, b) => a - b);

describe("batches", () => {
  test("give each photo once an epoch, and keep the smaller last batch", () => {
    const batches = new Batches(10, { batchSize: 4 });
    expect(batches.batchesPerEpoch).toBe(3);
    for (const epoch of [0, 1, 2]) {
      const given = [...batches.epochBatches()];
      expect(given.map(({ indices }) => indices.length)).toEqual([4, 4, 2]);
      expect(given.map((batch) => [batch.epoch, batch.batch, batch.last])).toEqual([
        [epoch, 0, false],
        [epoch, 1, false],
        [epoch, 2, true],
      ]);
      expect(ascending(given.flatMap(({ indices }) => indices))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
  });

  test("have no empty last batch when all are full, and one batch when there are few photos", () => {
    expect(take(new Batches(8, { batchSize: 4 }), 3).map(({ epoch }) => epoch)).toEqual([0, 0, 1]);
    expect(new Batches(3).next().indices).toHaveLength(3);
    expect(new Batches(1, { batchSize: 1 }).next()).toEqual({ epoch: 0, batch: 0, last: true, indices: [0] });
  });

  test("come in the order of the list when they are not shuffled", () => {
    const given = take(new Batches(5, { batchSize: 2, shuffle: false }), 4).map(({ indices }) => indices);
    expect(given).toEqual([[0, 1], [2, 3], [4], [0, 1]]);
  });

  test("are shuffled anew every epoch, the same way for a seed", () => {
    const orders = (seed: number) => [0, 1, 2].map((epoch) => new Batches(50, { seed }).order(epoch));
    expect(orders(1)).toEqual(orders(1));
    expect(new Set([...orders(1), ...orders(2)].map(String)).size).toBe(6);
  });

  test("go round without end", () => {
    let count = 0;
    for (const { epoch } of new Batches(4, { batchSize: 2 })) {
      count++;
      if (epoch === 100) break;
    }
    expect(count).toBe(201);
  });

  test("continue from a saved state as if they had not stopped, at every point", () => {
    for (let stop = 0; stop < 8; stop++) {
      const through = new Batches(10, { batchSize: 4, seed: 9 });
      take(through, stop);
      const resumed = new Batches(JSON.parse(JSON.stringify(through.save())) as BatchesState);
      expect(resumed.epoch).toBe(through.epoch);
      expect(take(resumed, 7)).toEqual(take(through, 7));
      expect(resumed.save()).toEqual(through.save());
    }
  });

  test("give what is left of an epoch after a resumption", () => {
    const batches = new Batches(10, { batchSize: 4 });
    batches.next();
    expect([...new Batches(batches.save()).epochBatches()].map(({ batch }) => batch)).toEqual([1, 2]);
  });

  test("refuse what is not a number of photos, a size, a seed or a state", () => {
    expect(() => new Batches(0)).toThrow(UsageError);
    expect(() => new Batches(10, { batchSize: 0 })).toThrow(/batchSize/i);
    expect(() => new Batches(10, { batchSize: 2.5 })).toThrow(UsageError);
    expect(() => new Batches(10, { seed: -1 })).toThrow(/seed/);
    const state = new Batches(10, { batchSize: 4 }).save();
    expect(() => new Batches({ ...state, batch: 3 })).toThrow(/fewer than 3/);
    expect(() => new Batches({ ...state, epoch: -1 })).toThrow(UsageError);
  });
});

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Dataset, layers, ops, setRandomSeed, Tensor } from "graft-ml";
import { describe, expect, it } from "vitest";

async function all<T>(dataset: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const element of dataset) list.push(element);
  return list;
}

function plain(element: unknown): unknown {
  if (element instanceof Tensor) return [element.dims, [...(element.data as Float32Array)]];
  return Array.isArray(element) ? element.map(plain) : element;
}

const x = new Tensor(
  "float32",
  Float32Array.from({ length: 12 }, (_, index) => index),
  [6, 2],
);
const y = new Tensor("int32", Int32Array.from([0, 1, 2, 0, 1, 2]), [6]);

describe("Dataset", () => {
  it("takes arrays apart along their first axis, in lists and by names", async () => {
    const dataset = Dataset.fromTensorSlices([x, y]);
    expect([dataset.length, dataset.cardinality()]).toEqual([6, 6]);
    const [first] = await all(dataset);
    expect(plain(first)).toEqual([
      [[2], [0, 1]],
      [[], [0]],
    ]);
    const named = await all(Dataset.fromTensorSlices({ image: x, label: [3, 4, 5, 6, 7, 8] }));
    expect(named[1]?.label).toBe(4);
    expect(plain(named[1]?.image)).toEqual([[2], [2, 3]]);
    expect(await all(Dataset.fromTensorSlices(["a", "b"]))).toEqual(["a", "b"]);
    const files = await all(
      Dataset.fromTensorSlices([
        ["a", "b"],
        [
          [1, 0],
          [0, 1],
        ],
      ]),
    );
    expect(plain(files)).toEqual([
      ["a", [[2], [1, 0]]],
      ["b", [[2], [0, 1]]],
    ]);
    expect(() => Dataset.fromTensorSlices([x, [1, 2]])).toThrow(/6 samples.*2 in part 2/s);
    expect(() => Dataset.fromTensorSlices(null)).toThrow(/arrays and lists.*null/s);
  });

  it("begins anew with each loop, and ends after a round", async () => {
    const dataset = Dataset.range(3);
    for await (const number of dataset) {
      expect(number).toBe(0);
      break;
    }
    expect(await all(dataset)).toEqual([0, 1, 2]);
    expect(await all(dataset)).toEqual([0, 1, 2]);
  });

  it("has TensorFlow's methods with its results and counts", async () => {
    const ten = Dataset.range(10);
    const cases: [Dataset<number>, number[], number][] = [
      [Dataset.range(2, 9, 3), [2, 5, 8], 3],
      [Dataset.range(5, 0, -2), [5, 3, 1], 3],
      [ten.take(3), [0, 1, 2], 3],
      [ten.take(-1).skip(7), [7, 8, 9], 3],
      [ten.skip(20), [], 0],
      [ten.skip(-1), [], 0],
      [ten.filter((number) => number > 7), [8, 9], -2],
      [ten.take(2).repeat(2), [0, 1, 0, 1], 4],
      [ten.take(2).repeat().take(5), [0, 1, 0, 1, 0], 5],
      [ten.shard(3, 1), [1, 4, 7], 3],
      [ten.take(1).concatenate(ten.skip(9)), [0, 9], 2],
      [ten.take(3).map((number) => number * 2), [0, 2, 4], 3],
      [ten.take(3).map((number) => Promise.resolve(number + 1), { numParallelCalls: Dataset.AUTOTUNE }), [1, 2, 3], 3],
      [ten.take(2).flatMap((number) => Dataset.range(number + 1)), [0, 0, 1], -2],
      [ten.prefetch(Dataset.AUTOTUNE).take(2), [0, 1], 2],
      [ten.cache().skip(8), [8, 9], 2],
    ];
    for (const [dataset, expected, cardinality] of cases) {
      expect(await all(dataset)).toEqual(expected);
      expect(dataset.cardinality()).toBe(cardinality);
    }
    expect(ten.repeat().cardinality()).toBe(-1);
    expect(() => ten.repeat().length).toThrow(/without end/);
    expect(await all(ten.skip(8).enumerate(5))).toEqual([
      [5, 8],
      [6, 9],
    ]);
    expect(await all(Dataset.zip(ten, ten.skip(8)))).toEqual([
      [0, 8],
      [1, 9],
    ]);
    expect(Dataset.zip([ten, ten.repeat()]).cardinality()).toBe(10);
    expect(await ten.reduce(0, (sum, number) => sum + number)).toBe(45);
    expect(await ten.take(1).getSingleElement()).toBe(0);
    await expect(ten.getSingleElement()).rejects.toThrow(/one element.*more/s);
  });

  it("joins elements to batches, and parts them", async () => {
    const batches = Dataset.fromTensorSlices([x, y]).batch(4);
    expect(batches.length).toBe(2);
    expect(plain(await all(batches))).toEqual([
      [
        [
          [4, 2],
          [0, 1, 2, 3, 4, 5, 6, 7],
        ],
        [[4], [0, 1, 2, 0]],
      ],
      [
        [
          [2, 2],
          [8, 9, 10, 11],
        ],
        [[2], [1, 2]],
      ],
    ]);
    expect(Dataset.range(6).batch(4, { dropRemainder: true }).length).toBe(1);
    expect(await batches.elementSpec()).toEqual([
      { shape: [null, 2], dtype: "float32" },
      { shape: [null], dtype: "int32" },
    ]);
    expect(await batches.unbatch().elementSpec()).toEqual([
      { shape: [2], dtype: "float32" },
      { shape: [], dtype: "int32" },
    ]);
    expect(plain(await all(batches.unbatch().skip(5)))).toEqual([
      [
        [[2], [10, 11]],
        [[], [2]],
      ],
    ]);
    const names = Dataset.fromTensorSlices(["a", "b", "c"]).batch(2);
    expect((await all(names)).map(({ type, data }) => [type, data])).toEqual([
      ["string", ["a", "b"]],
      ["string", ["c"]],
    ]);
    expect(await all(names.unbatch())).toEqual(["a", "b", "c"]);
    const different = Dataset.range(3).map((number) => new Float32Array(number + 1));
    await expect(all(different.batch(2))).rejects.toThrow(/cannot join.*\[1\].*\[2\]/s);
  });

  it("shuffles by seed, each round anew, and looking changes no order of others", async () => {
    const of = (): Dataset<number> => Dataset.range(20).shuffle(20, { seed: 3 });
    const [one, other] = [of(), of()];
    const first = await all(one);
    expect(first).not.toEqual(await all(one));
    expect(first).toEqual(await all(other));
    expect([...first].sort((a, b) => a - b)).toEqual(await all(Dataset.range(20)));
    const same = Dataset.range(20).shuffle(20, { seed: 3, reshuffleEachIteration: false });
    expect(await all(same)).toEqual(await all(same));
    // A small buffer cannot bring what comes late to the front.
    const near = await all(Dataset.range(100).shuffle(5, { seed: 1 }));
    near.forEach((number, place) => {
      expect(number).toBeLessThanOrEqual(place + 5);
    });
    const repeated = await all(Dataset.range(8).shuffle(8, { seed: 1 }).repeat(2));
    expect(repeated.slice(0, 8)).not.toEqual(repeated.slice(8));
    const unseeded = async (): Promise<number[]> => {
      setRandomSeed(5);
      return all(Dataset.range(20).shuffle(20));
    };
    expect(await unseeded()).toEqual(await unseeded());
  });

  it("makes elements when they are asked for, and keeps what cache was told to", async () => {
    let made = 0;
    const counted = Dataset.range(100).map((number) => {
      made += 1;
      return number;
    });
    await all(counted.take(3));
    expect(made).toBe(3);
    made = 0;
    await all(counted.prefetch(2).take(3));
    expect(made).toBeLessThanOrEqual(6);
    made = 0;
    const cached = counted.cache();
    await all(cached.take(3));
    await all(cached);
    await all(cached);
    expect(made).toBe(103);
  });

  it("takes generators, sync and async, and calls them anew", async () => {
    let calls = 0;
    const dataset = Dataset.fromGenerator(function* () {
      calls += 1;
      yield [[1, 2], 0];
      yield [[3, 4], 1];
    });
    expect(plain(await all(dataset))).toEqual([
      [[[2], [1, 2]], 0],
      [[[2], [3, 4]], 1],
    ]);
    expect(plain(await all(dataset.batch(2)))).toEqual([
      [
        [
          [2, 2],
          [1, 2, 3, 4],
        ],
        [[2], [0, 1]],
      ],
    ]);
    expect(calls).toBe(2);
    const late = Dataset.fromGenerator(async function* () {
      yield await Promise.resolve(1);
    });
    expect(await all(late)).toEqual([1]);
    await expect(all(Dataset.fromGenerator((() => 3) as never))).rejects.toThrow(/iterable.*number/s);
  });

  it("lists files by patterns", async () => {
    const folder = await mkdtemp(join(tmpdir(), "graft-files-"));
    try {
      for (const name of ["cat/a.jpg", "cat/b+1.jpg", "cat/.hidden.jpg", "dog/c.jpg", "dog/d.png"]) {
        await mkdir(join(folder, name.split("/")[0] ?? ""), { recursive: true });
        await writeFile(join(folder, name), "");
      }
      const base = folder.replaceAll("\\", "/");
      const found = async (pattern: string | string[]): Promise<string[]> =>
        (await all(Dataset.listFiles(pattern, { shuffle: false }))).map((path) => path.slice(base.length + 1));
      expect(await found(`${base}/*/*.jpg`)).toEqual(["cat/a.jpg", "cat/b+1.jpg", "dog/c.jpg"]);
      expect(await found([`${base}/dog/[cd].*`, `${base}/cat/?.jpg`])).toEqual(["cat/a.jpg", "dog/c.jpg", "dog/d.png"]);
      expect((await all(Dataset.listFiles(`${base}/*/*`, { seed: 1 }))).sort()).toHaveLength(4);
      await expect(all(Dataset.listFiles(`${base}/*.gif`))).rejects.toThrow(/No file matches/);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("says what is wrong with an argument", async () => {
    const ten = Dataset.range(10);
    expect(() => ten.batch(0)).toThrow(/whole number from 1.*0/s);
    expect(() => ten.shuffle(2, { sed: 1 } as never)).toThrow(/seed/);
    expect(() => ten.map(3 as never)).toThrow(/a function.*number/s);
    expect(() => ten.shard(2, 2)).toThrow(/0 to 1/);
    expect(() => Dataset.zip(ten, 3 as never)).toThrow(/datasets.*number/s);
    expect(() => ten.cache("file" as never)).toThrow(/in memory/);
    await expect(all(ten.map((() => undefined) as never))).rejects.toThrow(/Does the function return something/);
    await expect(all(ten.filter(() => "yes"))).rejects.toThrow(/true or false/);
    await expect(all(ten.unbatch())).rejects.toThrow(/axis to part/);
  });

  it("waits for what layers and ops in a map's function give", async () => {
    const flip = new layers.RandomFlip("horizontal");
    const photos = new Tensor("float32", Float32Array.of(0, 51, 102, 255), [1, 2, 2, 1]);
    const dataset = Dataset.fromTensors([photos, 1])
      .map((x, y) => [ops.divide(x, 255), y])
      .map((x, y) => ({ image: flip.apply(x, { training: false }), label: y }));
    const [only] = await all(dataset);
    expect(only?.label).toBe(1);
    const image: Tensor | undefined = only?.image;
    expect([...(image?.data as Float32Array)].map((value) => value.toFixed(1))).toEqual(["0.0", "0.2", "0.4", "1.0"]);
    const promised = Dataset.fromGenerator(function* () {
      yield [Promise.resolve(1), 2] as const;
    });
    expect(await all(promised)).toEqual([[1, 2]]);
  });

  // The right values are those of TensorFlow 2.21.
  it.each([
    [5, 2, 4, 6, "111122221122333344443344555555"],
    [4, 3, 2, 3, "112233123444"],
    [3, 5, 1, 2, "123123"],
    [5, 2, 1, 0, "122334344545555"],
  ])(
    "interleaves as TensorFlow does: %i datasets, %i at a time",
    async (count, cycleLength, blockLength, times, right) => {
      const dataset = Dataset.range(1, count + 1).interleave(
        (number) => Dataset.fromTensors(number).repeat(times === 0 ? number : times),
        { cycleLength, blockLength, numParallelCalls: Dataset.AUTOTUNE },
      );
      expect((await all(dataset)).join("")).toBe(right);
      expect(dataset.cardinality()).toBe(-2);
    },
  );

  it("ends where a function says no, leaves out what came before, and makes batches of another size", async () => {
    expect(await all(Dataset.range(10).takeWhile((number) => number < 5))).toEqual([0, 1, 2, 3, 4]);
    expect(await all(Dataset.fromTensorSlices([1, 37, 2, 37, 2, 1]).unique())).toEqual([1, 37, 2]);
    const rows = Dataset.fromTensorSlices([x, ["a", "b", "a", "a", "b", "a"]]).map((row, text) => [
      ops.floorDivide(row, 6),
      text,
    ]);
    expect((await all(rows.unique())).length).toBe(4);
    const batches = Dataset.range(6).batch(2).rebatch(4);
    expect((await all(batches)).map(plain)).toEqual([
      [[4], [0, 1, 2, 3]],
      [[2], [4, 5]],
    ]);
    expect([batches.cardinality(), batches.batchSize]).toEqual([-2, 4]);
    expect(await all(Dataset.range(3).batch(2).rebatch(2, { dropRemainder: true }))).toHaveLength(1);
  });

  it("draws from several datasets by weights, and passes over those that have ended", async () => {
    const both = Dataset.sampleFromDatasets([Dataset.range(1000), Dataset.range(1000, 2000)], {
      weights: [1, 3],
      seed: 1,
    });
    const drawn = (await all(both.take(1000))).filter((number) => number >= 1000).length;
    expect(drawn).toBeGreaterThan(690);
    expect(drawn).toBeLessThan(810);
    const numbers = await all(Dataset.sampleFromDatasets([Dataset.range(3), Dataset.range(10, 13)]));
    expect(numbers.filter((number) => number < 10)).toEqual([0, 1, 2]);
    expect(numbers.filter((number) => number >= 10)).toEqual([10, 11, 12]);
    const never = Dataset.sampleFromDatasets([Dataset.range(3), Dataset.range(10).repeat()], { weights: [1, 0] });
    expect(await all(never)).toEqual([0, 1, 2]);
    const first = Dataset.sampleFromDatasets([Dataset.range(3), Dataset.range(0)], {
      stopOnEmptyDataset: true,
      seed: 2,
    });
    expect((await all(first)).length).toBeLessThan(4);
    const endless = Dataset.sampleFromDatasets([Dataset.range(1).repeat(), Dataset.range(2).repeat()]);
    expect(endless.cardinality()).toBe(-1);
    expect(() => Dataset.sampleFromDatasets([Dataset.range(1)], { weights: [1, 2] })).toThrow(/1 numbers.*\[1, 2\]/s);
    expect(() => Dataset.sampleFromDatasets([3 as never])).toThrow(/datasets.*number/s);
  });

  it("counts without end, zips lists of datasets, and gives an iterator", async () => {
    const counter = Dataset.counter({ start: 3, step: 2 });
    expect([await all(counter.take(3)), counter.cardinality()]).toEqual([[3, 5, 7], -1]);
    const nested = Dataset.zip(Dataset.range(2), [Dataset.range(2, 4), counter]);
    const pairs: [number, [number, number]][] = await all(nested);
    expect(pairs).toEqual([
      [0, [2, 3]],
      [1, [3, 5]],
    ]);
    expect(await all(Dataset.zip([Dataset.range(1), Dataset.range(2)]))).toEqual([[0, 0]]);
    const iterator = Dataset.range(2).asNumpyIterator();
    expect([(await iterator.next()).value, (await iterator.next()).value]).toEqual([0, 1]);
    expect((await iterator.next()).done).toBe(true);
  });

  it("says today's name of what TensorFlow calls otherwise", () => {
    expect(() => {
      (Dataset.range(2) as never as { as_numpy_iterator(): void }).as_numpy_iterator();
    }).toThrow(/asNumpyIterator/);
    expect(() => {
      (Dataset as never as { from_tensor_slices(): void }).from_tensor_slices();
    }).toThrow(/fromTensorSlices/);
    expect(() => {
      (Dataset.range(2) as never as { withOptions(): void }).withOptions();
    }).toThrow(/numParallelCalls/);
  });
});

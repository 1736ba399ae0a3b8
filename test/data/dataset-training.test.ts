import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { callbacks, Dataset, imageDatasetFromDirectory, layers, models, setRandomSeed, Tensor, utils } from "graft-ml";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

let photos = "";

beforeAll(async () => {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  photos = await mkdtemp(join(tmpdir(), "graft-dataset-"));
  for (const [index, name] of ["dark", "light"].entries()) {
    await mkdir(join(photos, name));
    for (let photo = 0; photo < 5; photo++) {
      const level = 60 + 120 * index + 6 * photo;
      const background = { r: level, g: level, b: level };
      const image = sharp({ create: { width: 6, height: 6, channels: 3, background } });
      await image.toFile(join(photos, name, `${photo}.png`));
    }
  }
});
afterAll(() => rm(photos, { recursive: true }));

const x = new Tensor(
  "float32",
  Float32Array.from({ length: 30 }, (_, index) => Math.sin(index)),
  [10, 3],
);
const y = new Tensor(
  "float32",
  Float32Array.from({ length: 10 }, (_, index) => index / 10),
  [10, 1],
);

function dense(): models.Sequential {
  setRandomSeed(3);
  const model = new models.Sequential([layers.Input({ shape: [3] }), new layers.Dense(1, { name: "only" })]);
  model.compile({ optimizer: "sgd", loss: "mse" });
  return model;
}

function numbers(tensor: unknown): number[] {
  return [...((tensor as Tensor).data as Float32Array)];
}

describe("a Dataset in fit, evaluate and predict", () => {
  const batches = Dataset.fromTensorSlices([x, y]).batch(4);

  it("gives what arrays give", async () => {
    const [arrays, dataset] = [dense(), dense()];
    const options = { epochs: 3, verbose: 0, shuffle: false } as const;
    const expected = await arrays.fit(x, { ...options, y, batchSize: 4, validationData: [x, y] });
    const actual = await dataset.fit(batches, { ...options, validationData: batches });
    expect(actual.history["loss"]).toEqual(expected.history["loss"]);
    expect(numbers(dataset.getWeights()[0])).toEqual(numbers(arrays.getWeights()[0]));
    const evaluated = await dataset.evaluate(batches, { verbose: 0 });
    expect(evaluated["loss"]).toBeCloseTo((await arrays.evaluate(x, { y, verbose: 0 }))["loss"] ?? NaN, 6);
    expect(actual.history["val_loss"]?.at(-1)).toBeCloseTo(evaluated["loss"] ?? NaN, 6);
    expect(numbers(await dataset.predict(batches, { verbose: 0 }))).toEqual(
      numbers(await arrays.predict(x, { batchSize: 4, verbose: 0 })),
    );
    const alone = batches.map((samples) => samples);
    expect(numbers(await dataset.predict(alone, { verbose: 0 }))).toHaveLength(10);
  });

  it("makes each element once a round, and is looked at without loss", async () => {
    const made: number[] = [];
    const counted = Dataset.range(5)
      .map((number) => {
        made.push(number);
        return [[number, 1, 2], [number]];
      })
      .batch(2);
    await dense().fit(counted, { epochs: 2, verbose: 0 });
    expect(made).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
    const seen = async (look: boolean): Promise<number[]> => {
      setRandomSeed(9);
      const model = dense();
      const shuffled = Dataset.fromTensorSlices([x, y]).shuffle(10, { seed: 2 }).batch(3);
      if (look) await shuffled.take(2).reduce(0, (sum) => sum + 1);
      const { history } = await model.fit(shuffled, { epochs: 2, verbose: 0 });
      return history["loss"] ?? [];
    };
    expect(await seen(true)).toEqual(await seen(false));
  });

  it("goes on over the border of an epoch with stepsPerEpoch, and repeats without end", async () => {
    const order: number[] = [];
    const counted = Dataset.range(6).map((number) => {
      order.push(number);
      return [[[number, 1, 2]], [[number]]];
    });
    const asBatches = counted.map((a, b) => [a, b]);
    await dense().fit(asBatches.repeat(), { epochs: 3, stepsPerEpoch: 4, verbose: 0 });
    expect(order.slice(0, 12)).toEqual([0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5]);
    await expect(dense().evaluate(asBatches.repeat(), { verbose: 0 })).rejects.toThrow(/no end/);
    expect(await dense().evaluate(asBatches.repeat(), { verbose: 0, steps: 2 })).toHaveProperty("loss");
  });

  it("goes by names, and takes several inputs", async () => {
    const [a, b] = [layers.Input({ shape: [3], name: "a" }), layers.Input({ shape: [1], name: "10" })];
    const joined = new layers.Concatenate().apply([a, b]);
    const model = new models.Model({ inputs: [a, b], outputs: new layers.Dense(1, { name: "out" }).apply(joined) });
    model.compile({ optimizer: "sgd", loss: "mse" });
    const named = Dataset.fromTensorSlices([{ "10": y, a: x }, { out: y }]).batch(5);
    expect((await model.fit(named, { verbose: 0 })).history["loss"]).toHaveLength(1);
  });

  it("resumes where it stood", async () => {
    const folder = await mkdtemp(join(tmpdir(), "graft-backup-"));
    try {
      const of = (): Dataset<[Tensor, Tensor]> => Dataset.fromTensorSlices([x, y]).shuffle(10, { seed: 2 }).batch(3);
      const whole = dense();
      await whole.fit(of(), { epochs: 3, verbose: 0 });
      const stopped = dense();
      let steps = 0;
      const stop = new callbacks.LambdaCallback({
        onTrainBatchEnd: () => {
          if (++steps === 6) throw new Error("stopped");
        },
      });
      const backup = (): callbacks.BackupAndRestore => new callbacks.BackupAndRestore(folder, { saveFreq: 1 });
      await expect(stopped.fit(of(), { epochs: 3, verbose: 0, callbacks: [backup(), stop] })).rejects.toThrow();
      const resumed = dense();
      await resumed.fit(of(), { epochs: 3, verbose: 0, callbacks: [backup()] });
      expect(numbers(resumed.getWeights()[0])).toEqual(numbers(whole.getWeights()[0]));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("says what is wrong with its elements", async () => {
    const model = dense();
    await expect(model.fit(Dataset.fromTensorSlices([x, y]), { verbose: 0 })).rejects.toThrow(/samples/);
    await expect(model.fit(Dataset.range(3), { verbose: 0 })).rejects.toThrow(/no batches.*dataset\.batch/s);
    await expect(model.fit(batches.skip(5), { verbose: 0 })).rejects.toThrow(/no elements/);
    await expect(model.fit(batches, { y, verbose: 0 })).rejects.toThrow(/its own labels/);
  });
});

describe("imageDatasetFromDirectory", () => {
  const options = { imageSize: [6, 6], batchSize: 4, seed: 1 } as const;

  /** Mean levels of the photos that come, a list a batch. */
  async function levels(dataset: AsyncIterable<readonly [Tensor, Tensor]>): Promise<number[][]> {
    const all: number[][] = [];
    for await (const [images] of dataset) {
      const data = numbers(images);
      all.push(Array.from({ length: images.dims[0] ?? 0 }, (_, row) => data[row * 108] ?? NaN));
    }
    return all;
  }

  it("ends after a round, and begins anew", async () => {
    const dataset = await imageDatasetFromDirectory(photos, options);
    expect([dataset.length, dataset.cardinality(), dataset.samples]).toEqual([3, 3, 10]);
    const [first, second] = [await levels(dataset), await levels(dataset)];
    expect(first.map(({ length }) => length)).toEqual([4, 4, 2]);
    expect(second).not.toEqual(first);
    expect(first.flat().sort()).toEqual(second.flat().sort());
    expect(await dataset.elementSpec()).toEqual([
      { shape: [null, 6, 6, 3], dtype: "float32" },
      { shape: [null], dtype: "float32" },
    ]);
  });

  it("keeps its classes, files and the frozen network's results through take, skip, cache, shuffle and prefetch", async () => {
    const dataset = await imageDatasetFromDirectory(photos, { ...options, shuffle: false });
    const changed = dataset.cache().shuffle(3, { seed: 1 }).prefetch(Dataset.AUTOTUNE);
    expect([changed.classNames, changed.filePaths]).toEqual([["dark", "light"], dataset.filePaths]);
    expect(await levels(dataset.take(1))).toEqual([(await levels(dataset))[0]]);
    expect(await levels(dataset.skip(1))).toEqual((await levels(dataset)).slice(1));
    expect((await levels(changed)).flat().sort()).toEqual((await levels(dataset)).flat().sort());
    const source = await changed.openSource();
    expect(source.reproducible).toBe(true);
    expect(await levels(changed.map((images, labels) => [images, labels]))).toHaveLength(3);
  });

  it("trains, evaluates and predicts in the order of filePaths, with every operation", async () => {
    const dataset = await imageDatasetFromDirectory(photos, { ...options, labelMode: "binary" });
    const build = (): models.Sequential => {
      setRandomSeed(1);
      const model = new models.Sequential([
        layers.Input({ shape: [6, 6, 3] }),
        new layers.Rescaling(1 / 255),
        new layers.GlobalAveragePooling2D(),
        new layers.Dense(1, { activation: "sigmoid", name: "only" }),
      ]);
      model.compile({ optimizer: "adam", loss: "binary_crossentropy" });
      return model;
    };
    const model = build();
    await model.fit(dataset.take(2).concatenate(dataset.skip(2)), { epochs: 2, validationData: dataset, verbose: 0 });
    const mapped = dataset.map((images, labels) => [images, labels], { numParallelCalls: Dataset.AUTOTUNE });
    await model.fit(mapped.prefetch(Dataset.AUTOTUNE), { epochs: 1, verbose: 0 });
    const predicted = numbers(await model.predict(dataset, { verbose: 0 }));
    for (const [index, path] of dataset.filePaths.entries()) {
      const one = utils.imgToArray(await utils.loadImg(path)).reshape([1, 6, 6, 3]);
      expect(numbers(await model.predict(one, { verbose: 0 }))[0]).toBeCloseTo(predicted[index] ?? NaN, 5);
    }
    const looked = build();
    const other = await imageDatasetFromDirectory(photos, { ...options, labelMode: "binary" });
    await other[Symbol.asyncIterator]().next();
    const untouched = await imageDatasetFromDirectory(photos, { ...options, labelMode: "binary" });
    const [a, b] = [await looked.fit(other, { verbose: 0 }), await build().fit(untouched, { verbose: 0 })];
    expect(a.history).toEqual(b.history);
  });
});

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ImageDataGenerator, layers, models, optimizers, setRandomSeed } from "graft-ml";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Batch, BatchSource } from "../../src/models/sources/batch-source.js";
import { installPlatform, platform } from "../../src/models/platform.js";
import { Generator } from "../../src/random/generator.js";
import { createNodeMachine, createPlatform } from "../../src/hosts/node/platform.js";
import type { Machine } from "../../src/training/machine.js";
import { keptTrunks } from "../../src/hosts/node/activation-store.js";

let folder = "";
const photos = 6;
const usual = platform();
const machine = { ...createNodeMachine(), print: () => undefined };
/** Models train on this machine, but for some of what it can do. */
function trainOn(differences: Partial<Machine>): void {
  installPlatform(createPlatform({ runtime: usual.runtime, machine: { ...machine, ...differences } }));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-kept-"));
  const numbers = new Generator(1);
  for (const [index, name] of ["a", "b"].entries()) {
    for (let photo = 0; photo < photos / 2; photo++) {
      const data = Buffer.from(
        Uint8Array.from({ length: 40 * 36 * 3 }, () => Math.floor(numbers.uniform() * 128) + 100 * index),
      );
      const path = join(folder, "photos", name, `${photo}.png`);
      await mkdir(join(folder, "photos", name), { recursive: true });
      await sharp(data, { raw: { width: 40, height: 36, channels: 3 } })
        .png()
        .toFile(path);
    }
  }
});
afterAll(() => rm(folder, { recursive: true }));

beforeEach(() => {
  process.env["GRAFT_CACHE"] = join(folder, `cache-${Math.random()}`);
  trainOn({});
});
afterEach(() => {
  installPlatform(usual);
  setRandomSeed(0);
});

const augmented = { rescale: 1 / 255, rotationRange: 40, zoomRange: 0.2, horizontalFlip: true };

/** Counts how many samples are read. */
function counted(source: BatchSource): { readonly source: BatchSource; read: () => number } {
  let count = 0;
  const wrap = (batch: Batch): Batch => ({
    ...batch,
    load: (rows) => {
      count += rows?.length ?? batch.keys.length;
      return batch.load(rows);
    },
  });
  const proxy = new Proxy(source, {
    get: (target, name) => {
      if (name === "nextBatch") return () => wrap(target.nextBatch() as Batch);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value as () => unknown).bind(target) : value;
    },
  });
  return { source: proxy, read: () => count };
}

interface Run {
  readonly weights: string;
  readonly history: Readonly<Record<string, readonly number[]>>;
  /** Samples that were decoded. */
  readonly read: number;
}

/** Trains a small network whose beginning is frozen, from the same seed each time. */
async function train(
  epochs: number,
  { variants, generator = augmented }: { variants?: number; generator?: object } = {},
): Promise<Run> {
  setRandomSeed(3);
  const datagen = new ImageDataGenerator(generator);
  const flow = await datagen.flowFromDirectory(join(folder, "photos"), {
    targetSize: [32, 32],
    batchSize: 4,
    classMode: "binary",
    ...(variants === undefined ? {} : { variants }),
  });
  // Names decide which initial weights are drawn, so they are given.
  const frozen = { padding: "same", activation: "relu", trainable: false } as const;
  const model = new models.Sequential([
    layers.Input({ shape: [32, 32, 3] }),
    new layers.Conv2D(64, 3, { ...frozen, strides: 2, name: "conv1" }),
    new layers.Conv2D(64, 3, { ...frozen, name: "conv2" }),
    new layers.MaxPooling2D(2, { name: "pool" }),
    new layers.Conv2D(8, 3, { name: "conv3" }),
    new layers.Flatten({ name: "flatten" }),
    new layers.Dropout(0.3, { name: "dropout" }),
    new layers.Dense(1, { activation: "sigmoid", name: "out" }),
  ]);
  model.compile({
    optimizer: new optimizers.RMSprop({ learningRate: 1e-3 }),
    loss: "binary_crossentropy",
    metrics: ["acc"],
  });
  const { source, read } = counted(flow);
  const { history } = await model.fit(source, { epochs, verbose: 0 });
  await platform().loops.release(model);
  const bytes = model.weights.map(({ value: { data } }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  return { weights: machine.digest(Buffer.concat(bytes)), history, read: read() };
}

/** As if nothing could be kept. */
function withoutKeeping(): void {
  trainOn({ activationMemory: 0, openActivationStore: () => Promise.resolve(undefined) });
}

describe("activations of photos that are the same each time", () => {
  const plain = { generator: { rescale: 1 / 255 } };

  test("are computed once a photo, and training ends in the bytes that it would end in without", async () => {
    const kept = await train(3, plain);
    expect(kept.read).toBe(photos);
    withoutKeeping();
    const fresh = await train(3, plain);
    expect(fresh.read).toBe(3 * photos);
    expect(kept.weights).toBe(fresh.weights);
    expect(kept.history).toEqual(fresh.history);
  });

  test("are found again in the next run, and by no other network", async () => {
    const first = await train(2, plain);
    const second = await train(2, plain);
    expect(second.read).toBe(0);
    expect(second.weights).toBe(first.weights);
    const [trunk, ...others] = await keptTrunks();
    expect(others).toEqual([]);
    expect(trunk).toMatchObject({ rows: photos });
  });

  test("lie on disk alone where there is no room in memory, and change nothing", async () => {
    const first = await train(2, plain);
    trainOn({ activationMemory: 0 });
    const second = await train(2, plain);
    expect(second.read).toBe(0);
    expect(second.weights).toBe(first.weights);
  });
});

describe("variants", () => {
  test("are the same number for each photo, computed once, a new mixture each epoch", async () => {
    const kept = await train(6, { variants: 2 });
    expect(kept.read).toBe(2 * photos);
    withoutKeeping();
    const fresh = await train(6, { variants: 2 });
    expect(fresh.read).toBe(6 * photos);
    expect(kept.weights).toBe(fresh.weights);
    expect(kept.history).toEqual(fresh.history);
  });

  test("are found again in the next run with the same seed", async () => {
    await train(2, { variants: 2 });
    expect((await train(2, { variants: 2 })).read).toBe(0);
  });

  test("come in turn: all of them before one comes again, in an order that differs from photo to photo", async () => {
    setRandomSeed(1);
    const flow = await new ImageDataGenerator(augmented).flowFromDirectory(join(folder, "photos"), {
      ...{ targetSize: [8, 8], batchSize: photos, variants: 4 },
    });
    const rounds = Array.from({ length: 8 }, () => [...flow.nextBatch().keys].sort((a, b) => a - b));
    for (const start of [0, 4]) {
      const seen = rounds.slice(start, start + 4).flat();
      expect(new Set(seen).size).toBe(4 * photos);
    }
    expect(new Set(rounds[0]?.map((key) => key % 4)).size).toBeGreaterThan(1);
  });

  test("go on after a restored state as they would have", async () => {
    const open = async () => {
      setRandomSeed(1);
      return new ImageDataGenerator(augmented).flowFromDirectory(join(folder, "photos"), {
        ...{ targetSize: [8, 8] as const, batchSize: 4, variants: 3 },
      });
    };
    const flow = await open();
    for (let batch = 0; batch < 5; batch++) flow.nextBatch();
    const state: unknown = JSON.parse(JSON.stringify(flow.save()));
    const other = await open();
    other.restore(state);
    for (let batch = 0; batch < 6; batch++) expect(other.nextBatch().keys).toEqual(flow.nextBatch().keys);
  });

  test("are none by default: each epoch has fresh photos, of which nothing is kept", async () => {
    expect((await train(2)).read).toBe(2 * photos);
    expect(await keptTrunks()).toEqual([]);
  });

  test.each([-1, 1.5])("cannot be %d", async (variants) => {
    const flow = new ImageDataGenerator(augmented).flowFromDirectory(join(folder, "photos"), { variants });
    await expect(flow).rejects.toThrow(/cannot take this variants.*a whole number from 0/s);
  });
});

import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { callbacks, ImageDataGenerator, layers, models, optimizers, schedules, setRandomSeed } from "graft-ml";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { BatchSource } from "../../src/models/sources/batch-source.js";
import type { Callback, FitOptions, History } from "../../src/models/training-types.js";
import { toTensor } from "../../src/runtime/runtime.js";
import { decodeState, encodeState } from "../../src/training/fit/state-file.js";
import { wave, waveLabels, waveWeights } from "../support/wave.js";

let folder: string;
beforeAll(async () => {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  folder = await mkdtemp(join(tmpdir(), "graft-resume-"));
  for (const [label, name] of ["cats", "dogs"].entries()) {
    await mkdir(join(folder, "photos", name), { recursive: true });
    for (let index = 0; index < 7; index++) {
      const data = Uint8Array.from({ length: 12 * 12 * 3 }, (_, at) => (at * (index + 3) * (label + 2)) % 251);
      await sharp(data, { raw: { width: 12, height: 12, channels: 3 } })
        .png()
        .toFile(join(folder, "photos", name, `${index}.png`));
    }
  }
});
afterAll(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

/** Dropout, moving statistics, slots, a frozen beginning. */
function network(): models.Sequential {
  const model = new models.Sequential([
    layers.Input({ shape: [8, 8, 3] }),
    new layers.Conv2D(3, 3, { name: "conv", trainable: false }),
    new layers.BatchNormalization({ name: "bn", momentum: 0.8 }),
    new layers.Flatten({ name: "flatten" }),
    new layers.Dropout(0.4, { name: "drop" }),
    new layers.Dense(6, { activation: "relu", name: "dense" }),
    new layers.GaussianNoise(0.1, { name: "noise" }),
    new layers.Dense(1, { activation: "sigmoid", name: "out" }),
  ]);
  waveWeights(model);
  return model;
}

/** Weights by their bits, short enough to be read in a failure. */
function digests(model: models.Sequential): string[] {
  return model.weights.map(({ path, value: { data } }) => {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    return `${path} ${createHash("sha256").update(bytes).digest("hex").slice(0, 12)}`;
  });
}

type Optimizer = () => optimizers.Optimizer;

interface Outcome {
  readonly weights: readonly string[];
  readonly figures: History["history"];
  readonly epochs: readonly number[];
  readonly rate: number;
  readonly iterations: number;
}

/** Stands for a process that is killed: nothing after it happens. */
class Killed extends Error {}

interface Plan {
  readonly optimizer?: Optimizer;
  readonly samples: () => Promise<{ x: Parameters<models.Sequential["fit"]>[0]; fit: FitOptions }>;
  readonly others?: () => Callback[];
  readonly options?: callbacks.BackupAndRestoreOptions;
  readonly epochs?: number;
}

/** One process: the same script each time, killed at a step, or run to its end. */
async function run(plan: Plan, backup: string | undefined, killAt?: number): Promise<Outcome> {
  setRandomSeed(11);
  const model = network();
  model.compile({
    optimizer: (plan.optimizer ?? (() => new optimizers.Adam(0.01)))(),
    loss: "binary_crossentropy",
    metrics: ["acc", "AUC"],
  });
  const { x, fit } = await plan.samples();
  let steps = 0;
  const killer: Callback = {
    onTrainBatchBegin() {
      if (steps++ === killAt) throw new Killed();
    },
  };
  const { history, epoch } = await model.fit(x, {
    epochs: plan.epochs ?? 5,
    verbose: 0,
    ...fit,
    callbacks: [
      ...(backup === undefined ? [] : [new callbacks.BackupAndRestore(backup, plan.options ?? {})]),
      ...(plan.others?.() ?? []),
      killer,
    ],
  });
  return {
    weights: digests(model),
    figures: history,
    epochs: epoch,
    rate: model.optimizer.learningRate,
    iterations: model.optimizer.iterations,
  };
}

const x = toTensor(wave([14, 8, 8, 3], 1));
const y = toTensor(waveLabels(14, 0, 1));
const arrays: Plan["samples"] = () =>
  Promise.resolve({
    x,
    fit: {
      y,
      batchSize: 4,
      validationData: [toTensor(wave([6, 8, 8, 3], 2)), toTensor(waveLabels(6, 1, 1))],
    },
  });

async function photos(): ReturnType<Plan["samples"]> {
  const directory = join(folder, "photos");
  const options = { targetSize: [8, 8], batchSize: 4, classMode: "binary" } as const;
  const train = new ImageDataGenerator({ rotationRange: 40, zoomRange: 0.2, horizontalFlip: true, rescale: 1 / 255 });
  const validation = new ImageDataGenerator({ rescale: 1 / 255 });
  const source: BatchSource = await train.flowFromDirectory(directory, options);
  return { x: source, fit: { validationData: await validation.flowFromDirectory(directory, options) } };
}

let number = 0;
const newBackup = (): string => join(folder, `backup-${number++}`);

/** Kills a training at some steps, each counted from where it goes on, and lets it end. */
async function resumed(plan: Plan, kills: readonly number[], backup = newBackup()): Promise<Outcome> {
  for (const kill of kills) await expect(run(plan, backup, kill)).rejects.toThrow(Killed);
  return run(plan, backup);
}

describe("a training that was killed and goes on ends as one without a stop, bit for bit", () => {
  const plans: [string, Plan, number[]][] = [
    ["arrays, saved each epoch", { samples: arrays }, [9]],
    ["arrays, killed again and again", { samples: arrays }, [5, 3, 6]],
    ["arrays, saved each third step", { samples: arrays, options: { saveFreq: 3 } }, [6, 5]],
    ["arrays, saved each step", { samples: arrays, options: { saveFreq: 1 } }, [1, 3, 2, 7]],
    ["photos with augmentation", { samples: photos }, [9]],
    ["photos with augmentation, saved each step", { samples: photos, options: { saveFreq: 1 } }, [5, 4]],
    [
      "a schedule, momentum and averaged weights",
      {
        samples: arrays,
        options: { saveFreq: 2 },
        optimizer: () =>
          new optimizers.SGD(new schedules.CosineDecay(0.1, 20), { momentum: 0.9, useEma: true, emaMomentum: 0.8 }),
      },
      [7, 5],
    ],
    [
      "gradient accumulation",
      {
        samples: arrays,
        options: { saveFreq: 1 },
        optimizer: () => new optimizers.RMSprop(0.01, { gradientAccumulationSteps: 3 }),
      },
      [4, 6],
    ],
    [
      "callbacks that remember",
      {
        samples: arrays,
        epochs: 9,
        optimizer: () => new optimizers.Adam(0.05),
        others: () => [
          new callbacks.ReduceLROnPlateau({ patience: 1, factor: 0.5, minDelta: 0.01 }),
          new callbacks.EarlyStopping({ patience: 3, minDelta: 0.02, restoreBestWeights: true }),
          new callbacks.LearningRateScheduler((epoch, rate) => (epoch === 2 ? rate * 0.9 : rate)),
        ],
        options: { saveFreq: 2 },
      },
      [9, 6],
    ],
    [
      "averages that are in the model between epochs, and a mean of the last ones",
      {
        samples: arrays,
        optimizer: () => new optimizers.Adam(0.05, { useEma: true, emaMomentum: 0.8 }),
        others: () => [
          new callbacks.SwapEMAWeights({ swapOnEpoch: true }),
          new callbacks.StochasticWeightAveraging({ startFromEpoch: 2 }),
        ],
      },
      [9, 5],
    ],
    [
      "layers that are unfrozen by stages",
      {
        samples: arrays,
        options: { saveFreq: 3 },
        optimizer: () => new optimizers.Adam(0.01),
        others: () => [new callbacks.UnfreezeByStages({ 1: "dense", 2: "conv" })],
      },
      [6, 7],
    ],
  ];
  it.each(plans)("%s", async (_, plan, kills) => {
    const whole = await run(plan, undefined);
    expect(await resumed(plan, kills)).toEqual(whole);
  });
});

describe("BackupAndRestore", () => {
  it("clears its file away at the end, unless it is to stay", async () => {
    const [gone, kept] = [newBackup(), newBackup()];
    await run({ samples: arrays }, gone);
    expect(await readdir(gone)).toEqual([]);
    await run({ samples: arrays, options: { deleteCheckpoint: false, doubleCheckpoint: true } }, kept);
    expect((await readdir(kept)).sort()).toEqual(["latest.safetensors", "previous.safetensors"]);
  });

  it("goes on from the state before when the last file is damaged", async () => {
    const plan: Plan = { samples: arrays, options: { doubleCheckpoint: true } };
    const backup = newBackup();
    await expect(run(plan, backup, 13)).rejects.toThrow(Killed);
    const path = join(backup, "latest.safetensors");
    await writeFile(path, (await readFile(path)).subarray(0, 300));
    expect(await run(plan, backup)).toEqual(await run(plan, undefined));
  });

  it("says what is wrong with a damaged file and with that of another model", async () => {
    const backup = newBackup();
    await expect(run({ samples: arrays }, backup, 5)).rejects.toThrow(Killed);
    const other = new models.Sequential([
      layers.Input({ shape: [8, 8, 3] }),
      new layers.Flatten(),
      new layers.Dense(1),
    ]);
    other.compile({ optimizer: "sgd", loss: "mse" });
    const fit = { y, verbose: 0, callbacks: [new callbacks.BackupAndRestore(backup)] } as const;
    await expect(other.fit(x, fit)).rejects.toThrow(/belongs to another model.*Delete the backup/s);
    await writeFile(join(backup, "latest.safetensors"), "no tensors at all");
    await expect(other.fit(x, fit)).rejects.toThrow(/latest\.safetensors is no saved training.*Delete it/s);
  });

  it("refuses sources that cannot be restored", async () => {
    const samples: Plan["samples"] = async () => {
      const source = (await photos()).x as BatchSource;
      const { samples: count, batchSize, reproducible, graph } = source;
      const bare: BatchSource = {
        samples: count,
        batchSize,
        reproducible,
        graph,
        nextBatch: () => source.nextBatch(),
        inOrder: () => source.inOrder(),
      };
      return { x: bare, fit: {} };
    };
    await expect(run({ samples }, newBackup())).rejects.toThrow(/cannot be saved.*save.*restore/s);
  });
});

describe("state files", () => {
  it("keep every bit", () => {
    const tensors = { "weight/0": wave([2, 3], 1), "slot/0/é": wave([4], 2), empty: wave([0, 2], 3) };
    const state = { facts: { a: [1, "ü", null] }, tensors };
    expect(decodeState(encodeState(state), "x")).toEqual(state);
  });
});

describe("a fit after a stopped fit", () => {
  it("takes the batch that the stopped one had prepared", async () => {
    const results: string[][] = [];
    for (const stops of [false, true]) {
      setRandomSeed(4);
      const model = network();
      model.compile({ optimizer: "sgd", loss: "binary_crossentropy" });
      const { x: source } = await photos();
      const stop: Callback = {
        onEpochEnd(epoch, _logs, context) {
          if (stops && epoch === 0) context.stopTraining();
        },
      };
      await model.fit(source, { epochs: 2, verbose: 0, callbacks: [stop] });
      if (stops) await model.fit(source, { epochs: 2, initialEpoch: 1, verbose: 0 });
      results.push(digests(model));
    }
    expect(results[1]).toEqual(results[0]);
  });
});

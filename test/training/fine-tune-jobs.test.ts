import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layers, models, setRandomSeed } from "graft-ml";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Backbone } from "../../src/applications/backbone.js";
import { platform } from "../../src/models/platform.js";
import type { Photo } from "../../src/photos/photo.js";
import type { FineTuneEvent, FineTuneJob } from "../../src/recipe/fine-tune-types.js";
import { fineTune } from "../../src/recipe/fine-tune.js";
import { measureExactly } from "../../src/recipe/measure-exactly.js";
import { float32 } from "../../src/onnx/tensor-data.js";
import { fromTensor, toTensor } from "../../src/runtime/runtime.js";
import { createNodeMachine } from "../../src/hosts/node/platform.js";
import { preparePhotos } from "../../src/photos/prepare-photos.js";
import { drawColourPhotos } from "../support/colour-photos.js";
import { wave } from "../support/wave.js";

let folder = "";
const photos: Photo[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-jobs-"));
  await mkdir(join(folder, "photos"));
  for (let index = 0; index < 16; index++) {
    const path = join(folder, "photos", `${index}.png`);
    const data = Buffer.from(Uint8Array.from({ length: 16 * 16 * 3 }, (_, place) => (place * (7 + index)) % 256));
    await sharp(data, { raw: { width: 16, height: 16, channels: 3 } })
      .png()
      .toFile(path);
    photos.push({ path, classIndex: index % 2 });
  }
  process.env["GRAFT_CACHE"] = join(folder, "cache");
});
afterAll(async () => {
  delete process.env["GRAFT_CACHE"];
  await rm(folder, { recursive: true });
});
afterEach(() => {
  setRandomSeed(0);
});

function backbone(): Backbone {
  const model = new models.Sequential(
    [
      layers.Input({ shape: [16, 16, 3], name: "pixels" }),
      new layers.Conv2D(4, 3, { activation: "relu", name: "first" }),
      new layers.Conv2D(4, 3, { activation: "relu", name: "last", trainable: false }),
    ],
    { name: "network" },
  );
  model.setWeights([wave([3, 3, 3, 4], 1), wave([4], 2), wave([3, 3, 4, 4], 3), wave([4], 4)]);
  const record = { name: "n", description: "", licence: "unknown", imageSize: 16, preprocess: "tf" } as const;
  return { record, imageSize: 16, model, stages: ["last"] };
}

function jobOf(seed: number, network = backbone()): FineTuneJob {
  return {
    runtime: platform().runtime,
    machine: createNodeMachine(),
    backbone: network,
    division: "folders",
    classes: ["a", "b"],
    training: photos.slice(0, 12),
    validation: photos.slice(12),
    epochs: 3,
    seed,
  };
}

/** The weights that a job ends with, and the losses on its way. */
async function job(seed: number, network = backbone()): Promise<unknown> {
  const { model, epochs } = await fineTune(jobOf(seed, network));
  return { weights: model.getWeights().map(({ data }) => data), losses: epochs.map(({ loss }) => loss) };
}

test("jobs that run at the same time end in the bytes that each ends in alone", async () => {
  const alone = [await job(1), await job(2)];
  expect(alone[0]).not.toEqual(alone[1]);
  setRandomSeed(9);
  expect(await Promise.all([job(1), job(2)])).toEqual(alone);
});

test("a job leaves the seed of the process, and which layers of the network are trainable, as they were", async () => {
  const drawn = (): unknown => {
    const layer = new layers.Dense(3, { name: "own" });
    layer.ensureBuilt([["N", 2]]);
    return layer.getWeights();
  };
  const network = backbone();
  setRandomSeed(5);
  const before = [drawn(), drawn()];
  setRandomSeed(5);
  const first = drawn();
  await job(1, network);
  expect([first, drawn()]).toEqual(before);
  expect(network.model.layers.map(({ trainable }) => trainable)).toEqual(
    backbone().model.layers.map(({ trainable }) => trainable),
  );
});

test("what was trained with 8 bits is measured exactly from what the job was given and has returned", async () => {
  const events: FineTuneEvent[] = [];
  const given = {
    ...{ ...jobOf(1), trunkPrecision: "int8", classWeights: { a: 1, b: 3 } },
    onEvent: (event) => events.push(event),
  } satisfies FineTuneJob;
  const finished = await fineTune(given);
  expect(finished.trunk).toMatchObject({ of: 1, val_accuracy: finished.best.val_accuracy });
  expect(finished.trunk).not.toHaveProperty("exact_val_accuracy");
  const measured = await measureExactly(given, finished);
  expect(measured).toMatchObject({ epochs: finished.epochs, bestEpoch: finished.bestEpoch });
  // The model as it is used, on pixels as "tf" has them.
  const losses = await Promise.all(
    given.validation.map(async ({ path, classIndex }) => {
      const pixels = Float32Array.from(await sharp(path).raw().toBuffer(), (level) => level / 127.5 - 1);
      const probabilities = await finished.model.predict(toTensor(float32(pixels, [1, 16, 16, 3])), { verbose: 0 });
      return -Math.log(Number(fromTensor(probabilities).data[classIndex]));
    }),
  );
  const counted = given.validation.map(({ classIndex }) => (classIndex === 0 ? 1 : 3));
  const all = counted.reduce((sum, one) => sum + one, 0);
  const loss = losses.reduce((sum, one, photo) => sum + (one * (counted[photo] ?? NaN)) / all, 0);
  expect(measured.best.val_loss).toBeCloseTo(loss, 5);
  expect(finished.best.val_loss).not.toBeCloseTo(loss, 5);
  expect(measured.trunk?.exact_val_accuracy).toBe(measured.best.val_accuracy);
  expect(events.at(-1)).toMatchObject({ event: "progress", stage: "comparing", done: 4, total: 4 });
});

test("exact figures of a training without 8 bits are those that it has", async () => {
  const finished = await fineTune(jobOf(1));
  expect(await measureExactly(jobOf(1), finished)).toBe(finished);
});

test("a training that has lost its numbers is told of, also where a longer one behind it comes to its end", async () => {
  const network = { ...backbone(), stages: ["first", "last"] };
  const result = await fineTune({
    ...{ ...jobOf(1, network), unfreeze: undefined, time: 600 },
    onEvent(event) {
      if (event.event !== "stage" || event.stage !== "last-stage") return;
      const [kernel, bias] = network.model.getLayer("last").getWeights();
      if (kernel === undefined || bias === undefined) throw new TypeError("The layer has no weights.");
      network.model.getLayer("last").setWeights([float32(new Float32Array(4 * 36).fill(NaN), [3, 3, 4, 4]), bias]);
    },
  });
  expect(new Set(result.epochs.map(({ phase }) => phase))).toEqual(new Set(["head", "two-stages"]));
  expect(result.trouble?.loss).toBeNaN();
});

test("all stages learn from photos as they count by their class, and are judged so", async () => {
  const events: FineTuneEvent[] = [];
  const given = { ...jobOf(1), epochs: 1, classWeights: { a: 1e-6, b: 1 } };
  const { epochs, heldOut, model } = await fineTune({ ...given, onEvent: (event) => events.push(event) });
  expect(epochs.map(({ phase }) => phase)).toEqual(["head", "head", "fine-tune"]);
  // Nobody asks for the other class: to say "b" of every photo is right, though half of them are of the other one.
  for (const { loss, val_loss } of epochs) expect(Math.max(loss, val_loss)).toBeLessThan(0.3);
  for (const { accuracy, val_accuracy } of epochs) expect([accuracy, val_accuracy]).toEqual([0.5, 0.5]);
  expect(heldOut.probabilities.every((row) => (row[0] ?? NaN) < (row[1] ?? NaN))).toBe(true);
  expect(model.outputShape.at(-1)).toBe(2);
  expect(events[0]).toMatchObject({ event: "weighting", kind: "given", asked: true });
});

test("weights of other classes are refused before any work", async () => {
  await expect(fineTune({ ...jobOf(1), classWeights: { a: 1, c: 2 } })).rejects.toThrow(/"c", which is no class/);
});

test("a first classifier comes after one pass, and what does not fit into the time is left out", async () => {
  const stages: string[] = [];
  const better: string[] = [];
  const { epochs, unfrozenFrom } = await fineTune({
    ...jobOf(1),
    time: 0.001,
    onEvent: (event) => {
      if (event.event === "stage") stages.push(event.stage);
    },
    onBetter: ({ row }) => {
      better.push(row.phase);
      return Promise.resolve();
    },
  });
  expect([stages, better, epochs.length, unfrozenFrom]).toEqual([["head"], ["head"], 1, "none"]);
});

test("where there is time, two stages are trained after the last one, from where that began", async () => {
  const events: FineTuneEvent[] = [];
  const network = backbone();
  const before = network.model.getWeights();
  const { epochs, unfrozenFrom } = await fineTune({
    ...jobOf(1, network),
    time: 60,
    onEvent: (event) => events.push(event),
  });
  const told = events.flatMap((event) => (event.event === "stage" ? [event] : []));
  const begun = ["head", "views", "last-stage", "two-stages"];
  expect(told.map(({ stage }) => stage).filter((stage) => begun.includes(stage))).toEqual(begun);
  for (const { seconds_left } of told) expect(seconds_left).toBeLessThan(60);
  expect(new Set(epochs.map(({ phase }) => phase))).toEqual(new Set(["head", "fine-tune", "two-stages"]));
  expect(epochs.map(({ epoch }) => epoch)).toEqual(epochs.map((_, index) => index + 1));
  // Photos of noise teach nothing: what was not worth it has left no trace.
  if (unfrozenFrom === "none") {
    expect(network.model.getWeights().map(({ data }) => data)).toEqual(before.map(({ data }) => data));
  }
});

test("a training that is worth it is kept, and done once more with all photos", async () => {
  await drawColourPhotos(join(folder, "colours"));
  const { training, validation } = await preparePhotos(join(folder, "colours"), 0, () => undefined);
  const stages: string[] = [];
  const learned: number[] = [];
  const result = await fineTune({
    ...{
      ...jobOf(1),
      ...{ training, validation },
      epochs: 30,
      learningRate: 0.003,
    },
    unfreeze: "all",
    onBetter: ({ learnedFrom }) => {
      learned.push(learnedFrom.length);
      return Promise.resolve();
    },
    onEvent: (event) => {
      if (event.event === "stage") stages.push(event.stage);
    },
  });
  expect(stages).toEqual(["head", "views", "last-stage", "all-photos"]);
  expect([result.best.phase, result.unfrozenFrom]).toEqual(["fine-tune", "all"]);
  expect(result.best.val_loss).toBeLessThan(0.9 * (result.epochs[0]?.val_loss ?? NaN));
  // What four fifths of the photos have reached is there meanwhile.
  expect(learned.slice(-2)).toEqual([training.length, 160]);
  expect(result.learnedFrom).toHaveLength(160);
});

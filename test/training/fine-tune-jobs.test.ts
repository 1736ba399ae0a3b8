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
  const given = { ...jobOf(1), trunkPrecision: "int8", onEvent: (event) => events.push(event) } satisfies FineTuneJob;
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
  const loss = losses.reduce((sum, one) => sum + one / losses.length, 0);
  expect(measured.best.val_loss).toBeCloseTo(loss, 5);
  expect(finished.best.val_loss).not.toBeCloseTo(loss, 5);
  expect(measured.trunk?.exact_val_accuracy).toBe(measured.best.val_accuracy);
  expect(events.at(-1)).toMatchObject({ event: "progress", stage: "comparing", done: 4, total: 4 });
});

test("exact figures of a training without 8 bits are those that it has", async () => {
  const finished = await fineTune(jobOf(1));
  expect(await measureExactly(jobOf(1), finished)).toBe(finished);
});

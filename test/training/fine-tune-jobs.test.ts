import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layers, models, setRandomSeed } from "graft-ml";
import sharp from "sharp";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import type { Backbone } from "../../src/applications/backbone.js";
import { platform } from "../../src/models/platform.js";
import type { Photo } from "../../src/photos/photo.js";
import { fineTune } from "../../src/recipe/fine-tune.js";
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
  return { record, imageSize: 16, model, lastBlock: "last" };
}

/** The weights that a job ends with. */
async function job(seed: number, network = backbone()): Promise<Float32Array[]> {
  const { model } = await fineTune({
    runtime: platform().runtime,
    machine: createNodeMachine(),
    backbone: network,
    classes: ["a", "b"],
    training: photos.slice(0, 12),
    validation: photos.slice(12),
    epochs: 3,
    seed,
  });
  return model.getWeights().map(({ data }) => data);
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
  setRandomSeed(5);
  const before = drawn();
  const network = backbone();
  await job(1, network);
  expect(drawn()).toEqual(before);
  expect(network.model.layers.map(({ trainable }) => trainable)).toEqual(
    backbone().model.layers.map(({ trainable }) => trainable),
  );
});

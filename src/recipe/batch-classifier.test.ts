import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { colourClassifier } from "../../test/cli/colour-classifier.js";
import { framedClassifier } from "../../test/support/framed-classifier.js";
import { readModel } from "../onnx/read-model.js";
import { writeModel } from "../onnx/write-model.js";
import { decodePhoto } from "../photos/decode.js";
import { PhotoError } from "../photos/photo-error.js";
import { Generator } from "../random/generator.js";
import { createNodeRuntime } from "../runtime/node/runtime.js";
import { type BatchClassifier, openBatchClassifier } from "./batch-classifier.js";
import { openClassifier } from "./open-classifier.js";

const runtime = createNodeRuntime();
let folder = "";
const photos: Uint8Array[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-batches-"));
  for (let index = 0; index < 7; index++) {
    const random = new Generator(index);
    const raw = { width: 40 + 9 * index, height: 70 - 5 * index, channels: 3 as const };
    const noise = Uint8Array.from({ length: raw.width * raw.height * 3 }, () => random.integer(256));
    photos.push(new Uint8Array(await sharp(noise, { raw }).jpeg().toBuffer()));
  }
});
afterAll(() => rm(folder, { recursive: true }));

async function open(bytes: Uint8Array): Promise<{ readonly path: string; readonly batches: BatchClassifier }> {
  const path = join(folder, "model.onnx");
  await writeFile(path, bytes);
  return { path, batches: await openBatchClassifier(runtime, path) };
}

/** What `graft predict` says of the photos. */
async function expected(path: string): Promise<readonly Float32Array[]> {
  const classifier = await openClassifier(runtime, path);
  const { shrinksTo: resizedTo } = classifier;
  const said: Float32Array[] = [];
  for (const photo of photos) {
    const decoded = await decodePhoto(photo, resizedTo === undefined ? {} : { resizedTo });
    said.push((await classifier.predict(decoded)).probabilities);
  }
  await classifier.release();
  return said;
}

const prepared = (batches: BatchClassifier) => Promise.all(photos.map((photo) => batches.prepare(photo.slice())));

describe("a classifier for photos that come together", () => {
  test.each([
    {},
    { crop: 0.875, keepProportions: true },
    { crop: 0.9 },
    { keepProportions: true, interpolation: "bicubic" },
  ] as const)("says to the last bit what it says of each photo alone, framed by %o", async (framing) => {
    const { path, batches } = await open(framedClassifier(framing));
    expect(batches.mostInBatch).toBeGreaterThan(1);
    const ready = await prepared(batches);
    expect(ready.map(({ width, height }) => [width, height])).toEqual(photos.map(() => [16, 16]));
    const wanted = await expected(path);
    const alone = await Promise.all(ready.map((photo) => batches.predict([photo])));
    expect(alone.map(([one]) => one?.probabilities)).toEqual(wanted);
    const together = await batches.predict(ready);
    // The engine may sum in another order in a batch; here, and wherever it was measured, it does not.
    for (const [index, { probabilities }] of together.entries()) {
      for (const [label, value] of probabilities.entries()) {
        expect(Math.abs(value - (wanted[index]?.[label] ?? Number.NaN))).toBeLessThanOrEqual(1e-6);
      }
    }
    expect(new Set(wanted.map(String)).size).toBe(photos.length);
    await batches.release();
  });

  test("looks at photos one by one, in their size, where its file does not say how they are framed", async () => {
    const { path, batches } = await open(colourClassifier());
    expect(batches.mostInBatch).toBe(1);
    const ready = await prepared(batches);
    const { width, height } = await decodePhoto(photos[3] ?? new Uint8Array());
    expect(ready[3]).toMatchObject({ width, height });
    expect((await batches.predict(ready)).map(({ probabilities }) => probabilities)).toEqual(await expected(path));
    await batches.release();
  });

  test("believes no metadata that do not fit the graph", async () => {
    const model = readModel(framedClassifier({ crop: 0.5 }), "model.onnx");
    const { path, batches } = await open(writeModel({ ...model, metadata: { ...model.metadata, crop: "1" } }));
    expect(batches.mostInBatch).toBe(1);
    const said = await batches.predict(await prepared(batches));
    expect(said.map(({ probabilities }) => probabilities)).toEqual(await expected(path));
    await batches.release();
  });

  test("names what is wrong with a photo, and whether it is too large", async () => {
    const { batches } = await open(framedClassifier());
    await expect(batches.prepare(new Uint8Array([1, 2, 3]))).rejects.toMatchObject({ isTooLarge: false });
    const large = new TextEncoder().encode("P6 16000 13000 255\n");
    const refused = await batches.prepare(large).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(PhotoError);
    expect(refused).toMatchObject({ isTooLarge: true });
    await batches.release();
  });
});

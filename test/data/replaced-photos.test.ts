import { mkdir, mkdtemp, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hashBytes } from "../../src/files/checksum.js";
import type { BatchSource } from "../../src/models/sources/batch-source.js";
import { PhotoError } from "../../src/photos/photo-error.js";
import { decodePhoto } from "../../src/photos/decode.js";
import { Generator } from "../../src/random/generator.js";
import { photoGraph, PhotoLibrary } from "../../src/recipe/photo-library.js";
import { chooseViews, viewSource } from "../../src/recipe/photo-views.js";
import { fromTensor } from "../../src/runtime/runtime.js";
import { ImageDataGenerator, imageDatasetFromDirectory } from "graft-ml";

/*
 * Photos are replaced all the time, by files of the same size and time, while they are read: whatever is kept of one is kept under
 * the hash of the bytes that it was made of.
 */

const [photos, contents] = [8, 5];
let folder = "";
/** Bytes of each content, and the grey that each hash stands for. */
const files: Buffer[] = [];
const greyOf = new Map<string, number>();
let isOver = false;
let replacing: Promise<void>;

const pathOf = (photo: number): string => join(folder, photo % 2 === 0 ? "a" : "b", `${photo}.png`);

async function replace(photo: number, content: number): Promise<void> {
  const path = pathOf(photo);
  const temporary = join(folder, `${photo}.tmp`);
  await writeFile(temporary, files[content] ?? "");
  await utimes(temporary, 1, 1);
  // In the place of the file as well as into it.
  if (photo % 3 === 0) await writeFile(path, files[content] ?? "");
  else await rename(temporary, path);
  await utimes(path, 1, 1);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-replaced-"));
  for (const name of ["a", "b"]) await mkdir(join(folder, name));
  for (let content = 0; content < contents; content++) {
    const level = 40 * (content + 1);
    const background = { r: level, g: level, b: level };
    const bytes = await sharp({ create: { width: 40, height: 40, channels: 3, background } })
      .png()
      .toBuffer();
    // All of one length: what follows the end of a PNG is nothing to it.
    const file = Buffer.concat([bytes, Buffer.alloc(400 - bytes.length, content)]);
    files.push(file);
    greyOf.set(hashBytes(file, "sha256"), level);
  }
  for (let photo = 0; photo < photos; photo++) await replace(photo, 0);
  const random = new Generator(5);
  replacing = (async () => {
    while (!isOver) await replace(random.integer(photos), random.integer(contents));
  })();
});
afterAll(async () => {
  isOver = true;
  await replacing;
  await rm(folder, { recursive: true });
});

/** Reads all samples some times, and says how often pixels were those of another content than the identity says. */
async function wrongSamples(source: BatchSource, rounds: number): Promise<{ right: number; wrong: number }> {
  const found = { right: 0, wrong: 0 };
  for (let round = 0; round < rounds; round++) {
    for await (const batch of source.inOrder(true)) {
      // As `KeptActivations` asks, before and after the pixels are loaded.
      await Promise.all(batch.keys.map(async (key) => await source.identify?.(key)));
      let feeds;
      try {
        feeds = await batch.load();
      } catch (error) {
        // A file that was written half, or has changed since it was decoded.
        if (error instanceof PhotoError) continue;
        throw error;
      }
      const [fed] = Object.values(feeds).filter((tensor) => fromTensor(tensor).dims.length === 4);
      const { data, dims } = fromTensor(fed ?? expect.fail("nothing is fed"));
      const each = data.length / (dims[0] ?? 1);
      for (const [row, key] of batch.keys.entries()) {
        const identity = await source.identify?.(key);
        const level = greyOf.get(identity?.slice(0, 64) ?? "");
        if (level === undefined) continue;
        if (Number(data[row * each]) === level) found.right += 1;
        else found.wrong += 1;
      }
    }
  }
  return found;
}

const listed = Array.from({ length: photos }, (_, photo) => photo);
const graph = photoGraph(4, (pixels) => pixels);

test("of a photo library", async () => {
  const total = { right: 0, wrong: 0 };
  for (let run = 0; run < 25; run++) {
    const library = new PhotoLibrary(
      listed.map((photo) => ({ path: pathOf(photo), classIndex: photo % 2 })),
      { framing: { size: 4 } },
    );
    const source = library.source(4, graph);
    for await (const { keys } of source.read(4)) expect(keys.length).toBeGreaterThan(0);
    const { right, wrong } = await wrongSamples(source, 2);
    total.right += right;
    total.wrong += wrong;
  }
  expect(total.wrong).toBe(0);
  expect(total.right).toBeGreaterThan(50);
});

test("of photos whose hash was taken before", async () => {
  let right = 0;
  const hash = hashBytes(files[0] ?? Buffer.alloc(0), "sha256");
  for (let run = 0; run < 60; run++) {
    const library = new PhotoLibrary(
      listed.map((photo) => ({ path: pathOf(photo), classIndex: photo % 2, hash })),
      { framing: { size: 5 + run } },
    );
    const source = library.source(
      4,
      photoGraph(5 + run, (pixels) => pixels),
    );
    for await (const batch of source.read(4)) {
      const { photos: fed } = await batch.load();
      const { data, dims } = fromTensor(fed ?? expect.fail("nothing is fed"));
      const each = data.length / (dims[0] ?? 1);
      for (const row of batch.keys.keys()) expect(Number(data[row * each])).toBe(40);
      right += batch.keys.length;
    }
  }
  expect(right).toBeGreaterThan(20);
});

test("of views", async () => {
  const total = { right: 0, wrong: 0 };
  for (let run = 0; run < 10; run++) {
    const viewed = chooseViews(
      listed.map((photo) => ({ path: pathOf(photo), classIndex: 0 })),
      new Generator(run),
    );
    const { right, wrong } = await wrongSamples(viewSource(viewed, { framing: { size: 4 }, batchSize: 6, graph }), 1);
    total.right += right;
    total.wrong += wrong;
  }
  expect(total.wrong).toBe(0);
  expect(total.right).toBeGreaterThan(20);
});

test("of a flow", async () => {
  const total = { right: 0, wrong: 0 };
  for (let run = 0; run < 25; run++) {
    const flow = await new ImageDataGenerator().flowFromDirectory(folder, { targetSize: [4, 4], batchSize: 3 });
    const { right, wrong } = await wrongSamples(flow, 2);
    total.right += right;
    total.wrong += wrong;
  }
  expect(total.wrong).toBe(0);
  expect(total.right).toBeGreaterThan(50);
});

test("of a dataset, whose samples stay what they were", async () => {
  for (let run = 0; run < 10; run++) {
    const dataset = await imageDatasetFromDirectory(folder, { imageSize: [4, 4], shuffle: false, verbose: false });
    const seen: string[] = [];
    for (let round = 0; round < 3; round++) {
      try {
        for await (const [images] of dataset)
          seen.push(String([...images.data].filter((_, index) => index % 48 === 0)));
      } catch (error) {
        if (!(error instanceof PhotoError)) throw error;
      }
    }
    expect(new Set(seen).size).toBeLessThanOrEqual(1);
  }
});

test("afterwards, what is kept is what the contents give", async () => {
  isOver = true;
  await replacing;
  for (const [content, file] of files.entries()) {
    for (let photo = 0; photo < photos; photo++) await replace(photo, content);
    const { data } = await decodePhoto(file);
    expect(data[0]).toBe(40 * (content + 1));
    const library = new PhotoLibrary([{ path: pathOf(1), classIndex: 0 }], { framing: { size: 4 } });
    const source = library.source(4, graph);
    for await (const { keys } of source.read(4)) expect(keys.length).toBeGreaterThan(0);
    expect(await wrongSamples(source, 1)).toEqual({ right: 1, wrong: 0 });
  }
});

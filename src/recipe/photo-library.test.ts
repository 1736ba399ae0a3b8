import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp, { type Sharp } from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fromTensor, type NamedTensors } from "../runtime/runtime.js";
import { PhotoError } from "../photos/photo-error.js";
import { photoGraph, PhotoLibrary, type ReadOptions } from "./photo-library.js";

/** Photo number n is of the grey 10 · n; numbers 2 and 5 are none. */
const broken = [2, 5];
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-library-"));
  for (let index = 0; index < 9; index++) {
    const [path, level] = [join(folder, `${index}.png`), 10 * index];
    if (broken.includes(index)) await writeFile(path, "no photo");
    else {
      const background = { r: level, g: level, b: level };
      await sharp({ create: { width: 12, height: 8, channels: 3, background } }).toFile(path);
    }
  }
});
afterAll(() => rm(folder, { recursive: true }));

const graph = photoGraph(4, (pixels) => pixels);

function library(count: number, options: Partial<ReadOptions> = {}): PhotoLibrary {
  const photos = Array.from({ length: count }, (_, index) => ({
    path: join(folder, `${index}.png`),
    classIndex: index,
  }));
  return new PhotoLibrary(photos, { framing: { size: 4 }, ...options });
}

/** The grey of each photo of a batch. */
function greys({ photos }: NamedTensors): number[] {
  const { data, dims } = fromTensor(photos ?? expect.fail("nothing is fed"));
  expect(dims.slice(1)).toEqual([4, 4, 3]);
  return Array.from({ length: dims[0] ?? 0 }, (_, row) => Number(data[row * 48]));
}

test("photos come in batches as they are read, without those that cannot be used, and the source has them afterwards", async () => {
  const skipped: string[] = [];
  const photos = library(9, { onSkipped: (path, reason) => skipped.push(`${path} ${reason}`) });
  const source = photos.source(3, graph);
  expect(source.samples).toBe(0);
  const read: number[][] = [];
  for await (const batch of source.read(4)) {
    const { keys, labels } = batch;
    expect(greys(await batch.load())).toEqual([...(labels?.data ?? [])].map((index) => 10 * index));
    read.push([...keys]);
  }
  expect(read).toEqual([
    [0, 1, 2, 3],
    [4, 5, 6],
  ]);
  expect(skipped.map((line) => line.replace(folder, ""))).toEqual([
    expect.stringMatching(/^.2\.png it is not a JPEG/),
    expect.stringMatching(/^.5\.png it is not a JPEG/),
  ]);
  expect(source.samples).toBe(7);
  expect(photos.photos.map(({ classIndex }) => classIndex)).toEqual([0, 1, 3, 4, 6, 7, 8]);
  expect([...source.inOrder()].map(({ keys }) => [...keys])).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
  expect(greys(await source.nextBatch().load([1, 2]))).toEqual([10, 30]);
});

test("photos that vanish, or are replaced, after they were read are what they were", async () => {
  const path = join(folder, "vanishing.png");
  const solid = (level: number): Sharp =>
    sharp({ create: { width: 12, height: 8, channels: 3, background: { r: level, g: level, b: level } } });
  await solid(30).toFile(path);
  const source = new PhotoLibrary([{ path, classIndex: 0 }], { framing: { size: 4 } }).source(1, graph);
  for await (const { keys } of source.read(1)) expect(keys).toEqual([0]);
  const before = await source.identify?.(0);
  await rm(path);
  expect(greys(await source.nextBatch().load())).toEqual([30]);
  await solid(90).toFile(path);
  expect(greys(await source.nextBatch().load())).toEqual([30]);
  expect(await source.identify?.(0)).toBe(before);
});

test("photos that vanished, or were replaced, since they were looked at are skipped and named", async () => {
  const skipped: string[] = [];
  const photos = ["0.png", "gone.png", "1.png"].map((name) => ({
    ...{ path: join(folder, name), classIndex: 0 },
    hash: name === "0.png" ? "0".repeat(64) : undefined,
  }));
  const source = new PhotoLibrary(photos, {
    framing: { size: 4 },
    onSkipped: (path, reason) => skipped.push(`${path.slice(folder.length + 1)}: ${reason}`),
  }).source(3, graph);
  for await (const batch of source.read(4)) expect(greys(await batch.load())).toEqual([10]);
  expect(skipped).toEqual(["0.png: it has changed since it was first read", "gone.png: there is no such file"]);
});

test("a reading that was left goes on with the next photo", async () => {
  const source = library(9).source(3, graph);
  for await (const { keys } of source.read(2)) {
    expect(keys).toEqual([0, 1]);
    break;
  }
  const rest: number[][] = [];
  for await (const { keys } of source.read(3)) rest.push([...keys]);
  expect(rest).toEqual([
    [2, 3, 4],
    [5, 6],
  ]);
  expect(source.samples).toBe(7);
});

test("who stops the reading keeps what was read until then, all of it in batches", async () => {
  const controller = new AbortController();
  const photos = library(9, {
    onSkipped: () => {
      controller.abort();
    },
    signal: controller.signal,
  });
  const source = photos.source(3, graph);
  const read: number[][] = [];
  for await (const { keys } of source.read(8)) read.push([...keys]);
  expect(read).toEqual([[0, 1]]);
  expect(source.samples).toBe(2);
});

test("photos that lie evenly are there before any is read; next to one that cannot be used lies another", async () => {
  const source = library(9).source(3, graph);
  expect(greys((await source.spread?.(3)) ?? {})).toEqual([10, 40, 70]);
  // Photo 2 would be one of these.
  expect(greys((await source.spread?.(2)) ?? {})).toEqual([30, 60]);
  expect(greys((await source.spread?.(100)) ?? {})).toEqual([0, 10, 30, 40, 60, 70, 80]);
  expect(source.samples).toBe(0);
});

test("of photos none of which can be used nothing can be taken", async () => {
  const photos = broken.map((index) => ({ path: join(folder, `${index}.png`), classIndex: 0 }));
  const source = new PhotoLibrary(photos, { framing: { size: 4 } }).source(3, graph);
  await expect(source.spread?.(4)).rejects.toThrow(PhotoError);
  for await (const batch of source.read(3)) expect.fail(`a batch of ${batch.keys.length}`);
  expect(source.samples).toBe(0);
});

import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type MakePixels, PixelCache } from "./pixel-cache.js";
import { writePixels } from "./pixel-room.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-pixels-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A photo, and what makes its pixels and counts how often; its name stands for the hash of its content. */
async function photo(name: string, levels: readonly number[]) {
  const path = join(folder, name);
  await writeFile(path, Uint8Array.from(levels));
  const made = { times: 0 };
  const make: MakePixels = (room) => {
    made.times += 1;
    const pixels = Uint8Array.from(levels);
    const written = room !== undefined && writePixels(room, pixels);
    return Promise.resolve({ hash: name, state: undefined, pixels: written ? undefined : pixels });
  };
  return { path, hash: name, made, make, bytes: levels.length };
}

type Photo = Awaited<ReturnType<typeof photo>>;

/** The levels that a cache gives. */
async function levelsOf(cache: PixelCache, { hash, make, bytes }: Photo, reading = ""): Promise<number[]> {
  const pixels = new Uint8Array(bytes);
  await cache.fill(pixels, hash, reading, make);
  return [...pixels];
}

const cache = (limit?: number): PixelCache => new PixelCache(() => join(folder, "cache"), limit);

test("pixels are made once for each way of reading", async () => {
  const [kept, first, other] = [cache(), await photo("a", [1, 2, 3]), await photo("b", [4, 5, 6])];
  for (let round = 0; round < 3; round++) expect(await levelsOf(kept, first, "small")).toEqual([1, 2, 3]);
  expect(first.made.times).toBe(1);
  expect(await levelsOf(kept, first, "large")).toEqual([1, 2, 3]);
  expect(first.made.times).toBe(2);
  for (let round = 0; round < 2; round++) expect(await levelsOf(kept, other, "small")).toEqual([4, 5, 6]);
  expect(await levelsOf(kept, first, "small")).toEqual([1, 2, 3]);
  expect([first.made.times, other.made.times]).toEqual([2, 1]);
});

test("pixels that were made ahead are there when they are wanted", async () => {
  const [kept, ahead] = [cache(), await photo("k", [7, 8])];
  for (let round = 0; round < 2; round++) await kept.keep(2, ahead.hash, "", ahead.make);
  expect(await levelsOf(kept, ahead)).toEqual([7, 8]);
  expect(ahead.made.times).toBe(1);
});

test("pixels fill their place in a larger array, and nothing beside it", async () => {
  const [kept, { hash, make }] = [cache(), await photo("l", [1, 2])];
  for (let round = 0; round < 2; round++) {
    const batch = new Uint8Array(6);
    await kept.fill(batch.subarray(2, 4), hash, "", make);
    expect([...batch]).toEqual([0, 0, 1, 2, 0, 0]);
  }
});

test("pixels are kept under the content that was decoded, whatever was looked for", async () => {
  const [kept, found, wanted] = [cache(), await photo("c", [1, 2, 3]), await photo("w", [4, 5, 6])];
  // The file was replaced before it was decoded.
  const pixels = new Uint8Array(3);
  expect(await kept.fill(pixels, wanted.hash, "", found.make)).toBe(found.hash);
  expect([...pixels]).toEqual([1, 2, 3]);
  expect(await levelsOf(kept, wanted)).toEqual([4, 5, 6]);
  expect(await levelsOf(kept, found)).toEqual([1, 2, 3]);
  expect([found.made.times, wanted.made.times]).toEqual([1, 1]);
  // Of an unknown content the pixels are made, and found again under its hash.
  expect(await kept.keep(3, undefined, "", found.make)).toBe(found.hash);
  expect(await levelsOf(kept, found)).toEqual([1, 2, 3]);
});

test("beyond the limit pixels are made each time, and what was kept stays", async () => {
  const kept = cache(4);
  const [first, second] = [await photo("d", [1, 2, 3]), await photo("e", [4, 5, 6])];
  for (let round = 0; round < 2; round++) {
    expect(await levelsOf(kept, first)).toEqual([1, 2, 3]);
    expect(await levelsOf(kept, second)).toEqual([4, 5, 6]);
  }
  expect([first.made.times, second.made.times]).toEqual([1, 2]);
});

test("where nothing can be written, pixels are made each time", async () => {
  const only = await photo("f", [1]);
  const kept = new PixelCache(() => join(only.path, "no folder"));
  for (let round = 0; round < 2; round++) expect(await levelsOf(kept, only)).toEqual([1]);
  expect(only.made.times).toBe(2);
});

test("when the disk is full, what comes is made each time, and what was written can still be read", async () => {
  const [kept, first, second] = [cache(), await photo("i", [1, 2]), await photo("j", [3, 4])];
  await levelsOf(kept, first);
  // As a thread answers that could not write.
  const failing: Photo = { ...second, make: () => second.make(undefined) };
  for (let round = 0; round < 2; round++) expect(await levelsOf(kept, failing)).toEqual([3, 4]);
  expect(await levelsOf(kept, first)).toEqual([1, 2]);
  expect([first.made.times, second.made.times]).toEqual([1, 2]);
});

test("no file stays behind, even while the process runs", async () => {
  await levelsOf(cache(), await photo("g", [1]));
  if (process.platform !== "win32") expect(await readdir(join(folder, "cache"))).toEqual([]);
});

test("what goes wrong in decoding is not kept", async () => {
  const [kept, once] = [cache(), await photo("h", [1])];
  const failing = kept.fill(new Uint8Array(1), once.hash, "", () => Promise.reject(new Error("damaged")));
  await expect(failing).rejects.toThrow("damaged");
  expect(await levelsOf(kept, once)).toEqual([1]);
});

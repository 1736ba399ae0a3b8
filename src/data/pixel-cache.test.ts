import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PixelCache } from "./pixel-cache.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-pixels-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A file, and what makes its pixels and counts how often. */
async function photo(name: string, levels: readonly number[]) {
  const path = join(folder, name);
  await writeFile(path, Uint8Array.from(levels));
  const made = { times: 0 };
  const make = (): Promise<Uint8Array> => {
    made.times += 1;
    return Promise.resolve(Uint8Array.from(levels));
  };
  return { path, made, make };
}

const cache = (limit?: number): PixelCache => new PixelCache(() => join(folder, "cache"), limit);

test("pixels are made once for each way of reading", async () => {
  const [kept, { path, made, make }] = [cache(), await photo("a", [1, 2, 3])];
  for (let round = 0; round < 3; round++) expect([...(await kept.of(path, "small", make))]).toEqual([1, 2, 3]);
  expect(made.times).toBe(1);
  await kept.of(path, "large", make);
  expect(made.times).toBe(2);
  const other = await photo("b", [4, 5, 6, 7]);
  await kept.of(other.path, "small", other.make);
  expect([...(await kept.of(other.path, "small", other.make))]).toEqual([4, 5, 6, 7]);
  expect([...(await kept.of(path, "small", make))]).toEqual([1, 2, 3]);
});

test("a photo that has changed is decoded anew", async () => {
  const [kept, { path, made, make }] = [cache(), await photo("c", [1, 2, 3])];
  await kept.of(path, "", make);
  await utimes(path, 1, 1);
  await kept.of(path, "", make);
  await kept.of(path, "", make);
  expect(made.times).toBe(2);
});

test("beyond the limit pixels are made each time, and what was kept stays", async () => {
  const kept = cache(4);
  const [first, second] = [await photo("d", [1, 2, 3]), await photo("e", [4, 5, 6])];
  for (let round = 0; round < 2; round++) {
    expect([...(await kept.of(first.path, "", first.make))]).toEqual([1, 2, 3]);
    expect([...(await kept.of(second.path, "", second.make))]).toEqual([4, 5, 6]);
  }
  expect([first.made.times, second.made.times]).toEqual([1, 2]);
});

test("where nothing can be written, pixels are made each time", async () => {
  const { path, made, make } = await photo("f", [1]);
  const kept = new PixelCache(() => join(path, "no folder"));
  for (let round = 0; round < 2; round++) expect([...(await kept.of(path, "", make))]).toEqual([1]);
  expect(made.times).toBe(2);
});

test("no file stays behind, even while the process runs", async () => {
  const { path, make } = await photo("g", [1]);
  await cache().of(path, "", make);
  if (process.platform !== "win32") expect(await readdir(join(folder, "cache"))).toEqual([]);
});

test("what goes wrong in decoding is not kept", async () => {
  const [kept, { path, make }] = [cache(), await photo("h", [1])];
  await expect(kept.of(path, "", () => Promise.reject(new Error("damaged")))).rejects.toThrow("damaged");
  expect([...(await kept.of(path, "", make))]).toEqual([1]);
});

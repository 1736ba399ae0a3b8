import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FileError, UsageError } from "../errors/errors.js";
import { cached, cacheFolder, cachePath } from "./cache.js";
import { hashBytes } from "./checksum.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-cache-"));
});
afterEach(() => rm(folder, { recursive: true }));

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Makes the given bytes, and counts how often. */
function maker(text: string): { made: number; make: () => Promise<Uint8Array> } {
  const counter = {
    made: 0,
    make: async (): Promise<Uint8Array> => {
      counter.made++;
      return Promise.resolve(utf8(text));
    },
  };
  return counter;
}

test("GRAFT_CACHE chooses the folder; without it, or when it is empty, the system's place is used", () => {
  expect(cacheFolder({ GRAFT_CACHE: "some/where" })).toBe(resolve("some/where"));
  expect(cacheFolder({ GRAFT_CACHE: "" })).toBe(cacheFolder({}));
  expect(cacheFolder({})).toMatch(/graft/);
  expect(cacheFolder({})).not.toMatch(/nodejs/);
});

test("an entry is made once, and read afterwards", async () => {
  const counter = maker("hello");
  const entry = { name: "a/b/c.txt", make: counter.make };
  expect(Buffer.from(await cached(entry, folder)).toString()).toBe("hello");
  expect(Buffer.from(await cached(entry, folder)).toString()).toBe("hello");
  expect(counter.made).toBe(1);
  expect(await readFile(join(folder, "a", "b", "c.txt"), "utf8")).toBe("hello");
  expect((await readdir(join(folder, "a", "b"))).sort()).toEqual(["c.txt", "c.txt.sha256"]);
});

test.each(["c.txt", "c.txt.sha256"])(
  "an entry whose %s is damaged, emptied or missing is made again",
  async (victim) => {
    const counter = maker("hello");
    const entry = { name: "c.txt", make: counter.make };
    await cached(entry, folder);
    for (const damage of ["hellp", "", undefined]) {
      if (damage === undefined) await rm(join(folder, victim));
      else await writeFile(join(folder, victim), damage);
      expect(Buffer.from(await cached(entry, folder)).toString()).toBe("hello");
    }
    expect(counter.made).toBe(4);
  },
);

test("a given checksum is checked, and needs no file beside the entry", async () => {
  const checksum = { algorithm: "md5", hex: hashBytes(utf8("hello"), "md5").toUpperCase() } as const;
  const counter = maker("hello");
  await cached({ name: "c.txt", checksum, make: counter.make }, folder);
  await cached({ name: "c.txt", checksum, make: counter.make }, folder);
  expect(counter.made).toBe(1);
  expect(await readdir(folder)).toEqual(["c.txt"]);
});

test("bytes that do not fit the given checksum are refused and not kept", async () => {
  const checksum = { algorithm: "sha256", hex: hashBytes(utf8("hello"), "sha256") } as const;
  const making = cached({ name: "c.txt", checksum, make: maker("other").make }, folder);
  await expect(making).rejects.toThrow(FileError);
  await expect(making).rejects.toThrow(new RegExp(`c\\.txt is not what it should be.*sha256 ${checksum.hex}`));
  expect(await readdir(folder)).toEqual([]);
});

test("when making fails, nothing is left behind", async () => {
  const failing = cached({ name: "c.txt", make: () => Promise.reject(new Error("no network")) }, folder);
  await expect(failing).rejects.toThrow("no network");
  expect(await readdir(folder)).toEqual([]);
});

test("many writers of one entry at once leave it whole, without temporary files", async () => {
  const large = "x".repeat(1 << 20);
  const entry = { name: "c.txt", make: maker(large).make };
  await Promise.all(Array.from({ length: 8 }, () => cached(entry, folder)));
  expect(await readFile(join(folder, "c.txt"), "utf8")).toBe(large);
  expect((await readdir(folder)).sort()).toEqual(["c.txt", "c.txt.sha256"]);
});

test("a cache that cannot be written to is named, with the variable that moves it", async () => {
  await writeFile(join(folder, "file"), "not a folder");
  const entry = { name: "c.txt", make: maker("hello").make };
  await expect(cached(entry, join(folder, "file"))).rejects.toThrow(FileError);
  await expect(cached(entry, join(folder, "file"))).rejects.toThrow(/GRAFT_CACHE/);
  await mkdir(join(folder, "c.txt"));
  await expect(cached(entry, folder)).rejects.toThrow(/c\.txt cannot be read.*GRAFT_CACHE/);
});

test.each(["", ".", "..", "../x", "a/../../x", "/etc/x"])("%j is refused as a name", (name) => {
  expect(() => cachePath(name, folder)).toThrow(UsageError);
});

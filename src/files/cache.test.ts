import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FileError, UsageError } from "../errors/errors.js";
import { showWarnings } from "../errors/warn.js";
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

test("a cache that cannot be written to is named, with the variable that moves it, and done without", async () => {
  const told = vi.fn<(line: string, code?: string) => void>();
  showWarnings(told);
  await writeFile(join(folder, "file"), "not a folder");
  const counter = maker("hello");
  const entry = { name: "c.txt", make: counter.make };
  for (const made of [1, 2]) {
    expect(Buffer.from(await cached(entry, join(folder, "file"))).toString()).toBe("hello");
    expect(counter.made).toBe(made);
  }
  expect(told).toHaveBeenCalledExactlyOnceWith(expect.stringMatching(/c\.txt cannot be written.*GRAFT_CACHE/), "cache");
});

test.each([
  ["a folder", (path: string) => mkdir(join(path, "in"), { recursive: true })],
  ["an empty file", (path: string) => writeFile(path, "")],
  ["a link in a circle", (path: string) => symlink(path, path)],
  ["a link that leads nowhere", (path: string) => symlink(`${path}.nowhere`, path)],
  ["a file that nobody may read", (path: string) => writeFile(path, "hello", { mode: 0 })],
  ["a pipe", (path: string) => Promise.resolve(execFileSync("mkfifo", [path]))],
])("%s in the place of an entry, or of a folder above it, is replaced", async (what, damage) => {
  if (process.platform === "win32" && !/folder|empty/.test(what)) return;
  for (const victim of ["a/c.txt", "a/c.txt.sha256", ...(what.includes("file") ? ["a"] : [])]) {
    const entry = { name: "a/c.txt", make: maker("hello").make };
    await cached(entry, folder);
    await rm(join(folder, victim), { recursive: true });
    await damage(join(folder, victim));
    expect(Buffer.from(await cached(entry, folder)).toString()).toBe("hello");
    const counter = maker("hello");
    await cached({ ...entry, make: counter.make }, folder);
    expect(counter.made).toBe(0);
  }
});

test("what making throws is thrown, also when it is an error of a disk", async () => {
  const broken = Object.assign(new Error("broken"), { code: "EIO" });
  const failing = { name: "c.txt", make: vi.fn(() => Promise.reject(broken)) };
  await expect(cached(failing, folder)).rejects.toBe(broken);
  expect(failing.make).toHaveBeenCalledTimes(1);
});

test("one of many makes an entry, and the others wait for it", async () => {
  const counter = maker("hello");
  const entry = { name: "c.txt", make: counter.make };
  await Promise.all(Array.from({ length: 8 }, () => cached(entry, folder)));
  expect(counter.made).toBe(1);
});

test.each(["", ".", "..", "../x", "a/../../x", "/etc/x"])("%j is refused as a name", (name) => {
  expect(() => cachePath(name, folder)).toThrow(UsageError);
});

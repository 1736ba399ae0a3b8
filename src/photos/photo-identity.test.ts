import { mkdtemp, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PhotoError } from "./photo-error.js";
import { photoHash, photoIdentity } from "./photo-identity.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-identity-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("a photo is known by its content and how it is read, not by its name", async () => {
  const [a, b, c] = ["a.png", "b.png", "c.png"].map((name) => join(folder, name)) as [string, string, string];
  await Promise.all([writeFile(a, "same"), writeFile(b, "same"), writeFile(c, "other")]);
  const reading = { size: 32 };
  const identity = async (path: string, how = reading): Promise<string> => photoIdentity(await photoHash(path), how);
  expect(await identity(b)).toBe(await identity(a));
  expect(await identity(c)).not.toBe(await identity(a));
  expect(await identity(a, { size: 64 })).not.toBe(await identity(a));
});

test("a photo that is replaced while the process runs is another one, even where its size and time are the same", async () => {
  const path = join(folder, "changing.png");
  await writeFile(path, "first");
  const before = await photoHash(path);
  const { atime, mtime } = await stat(path);
  await new Promise((resolve) => setTimeout(resolve, 20));
  await writeFile(path, "other");
  await utimes(path, atime, mtime);
  expect(await photoHash(path)).not.toBe(before);
});

test("a photo that is gone is said to be", async () => {
  await expect(photoHash(join(folder, "nowhere.png"))).rejects.toThrow(PhotoError);
});

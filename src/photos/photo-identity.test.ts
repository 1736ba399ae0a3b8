import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PhotoError } from "./decode.js";
import { photoIdentity } from "./photo-identity.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-identity-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("a photo is known by its content and how it is read, not by its name", async () => {
  const [a, b, c] = ["a.png", "b.png", "c.png"].map((name) => join(folder, name)) as [string, string, string];
  await Promise.all([writeFile(a, "same"), writeFile(b, "same"), writeFile(c, "other")]);
  const reading = { size: 32 };
  expect(await photoIdentity(b, reading)).toBe(await photoIdentity(a, reading));
  expect(await photoIdentity(c, reading)).not.toBe(await photoIdentity(a, reading));
  expect(await photoIdentity(a, { size: 64 })).not.toBe(await photoIdentity(a, reading));
});

test("a photo that is replaced while the process runs is another one", async () => {
  const path = join(folder, "changing.png");
  await writeFile(path, "first");
  const before = await photoIdentity(path, {});
  await writeFile(path, "other");
  await utimes(path, new Date(), new Date(Date.now() + 5000));
  expect(await photoIdentity(path, {})).not.toBe(before);
});

test("a photo that is gone is said to be", async () => {
  await expect(photoIdentity(join(folder, "nowhere.png"), {})).rejects.toThrow(PhotoError);
});

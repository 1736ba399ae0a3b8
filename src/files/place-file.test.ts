import { mkdtemp, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FileError } from "../errors/errors.js";
import { lookAtFile, placeFile } from "./place-file.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-place-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("moves a file over nothing", async () => {
  const [first, second] = [join(folder, "a.jpg"), join(folder, "b.jpg")];
  await writeFile(first, "first");
  await writeFile(second, "second");
  expect(await placeFile(first, join(folder, "red"), "move", await lookAtFile(first))).toBe(
    join(folder, "red", "a.jpg"),
  );
  await rename(second, first);
  expect(await placeFile(first, join(folder, "red"), "move")).toBe(join(folder, "red", "a-2.jpg"));
  expect(await readFile(join(folder, "red", "a.jpg"), "utf8")).toBe("first");
});

test.each(["move", "link"] as const)("a file that has gone is an error in words (%s)", async (how) => {
  const missing = placeFile(join(folder, "gone.jpg"), join(folder, "away"), how);
  await expect(missing).rejects.toThrow(FileError);
  await expect(missing).rejects.toThrow(/gone\.jpg cannot be read/);
});

test.each(["move", "link"] as const)("a file that was written over since it was looked at stays (%s)", async (how) => {
  const path = join(folder, `${how}.jpg`);
  await writeFile(path, "a cat");
  const seen = await lookAtFile(path);
  await writeFile(join(folder, "other.part"), "a dog that came later");
  await rename(join(folder, "other.part"), path);
  await expect(placeFile(path, join(folder, how), how, seen)).rejects.toThrow(/has changed meanwhile/);
  expect(await readFile(path, "utf8")).toBe("a dog that came later");
  expect(await readdir(folder)).not.toContain(how);
});

test("of two who move the same file one only does", async () => {
  const folder = await mkdtemp(join(tmpdir(), "graft-race-"));
  const names = Array.from({ length: 60 }, (_, index) => `${index}.jpg`);
  for (const name of names) {
    const path = join(folder, name);
    await writeFile(path, name);
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => placeFile(path, join(folder, "to"), "move")));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  }
  expect(await readdir(join(folder, "to"))).toHaveLength(names.length);
  await rm(folder, { recursive: true });
});

import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FileError, UsageError } from "../errors/errors.js";
import { defaultRunFolder, reserveRunFolder } from "./reserve-run-folder.js";
import { writeRunFolder } from "./run-files.js";
import { readSplitRecord } from "./run-record.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-run-"));
});
afterEach(() => rm(folder, { recursive: true }));

test("the default name tells folder, date and time", () => {
  const date = new Date(2026, 0, 31, 9, 5, 7);
  expect(defaultRunFolder("some/photos/", date)).toBe(join("runs", "photos-20260131-090507"));
  expect(defaultRunFolder("/", date)).toBe(join("runs", "photos-20260131-090507"));
});

test("a missing folder is made with those above it, and abandoned without a trace", async () => {
  const reserved = await reserveRunFolder(undefined, join(folder, "a", "b", "c"));
  expect(await readdir(join(folder, "a", "b", "c"))).toEqual([]);
  await reserved.abandon();
  expect(await readdir(folder)).toEqual([]);
});

test("what was there before stays when a run is abandoned", async () => {
  await mkdir(join(folder, "a"));
  const reserved = await reserveRunFolder(join(folder, "a", "b"), "unused");
  await reserved.abandon();
  expect(await readdir(folder)).toEqual(["a"]);

  const empty = await reserveRunFolder(join(folder, "a"), "unused");
  await empty.abandon();
  expect(await readdir(folder)).toEqual(["a"]);

  const written = await reserveRunFolder(join(folder, "x", "y"), "unused");
  await writeFile(join(folder, "x", "y", "model.onnx"), "");
  await written.abandon();
  expect(await readdir(join(folder, "x", "y"))).toEqual(["model.onnx"]);
});

test("runs that begin in the same second get folders of their own", async () => {
  const name = join(folder, "runs", "photos-20260131-090507");
  const reserved = await Promise.all([1, 2, 3].map(() => reserveRunFolder(undefined, name)));
  expect(reserved.map(({ path }) => path).sort()).toEqual([name, `${name}-2`, `${name}-3`]);
});

test("runs that begin while others are abandoned get folders of their own", async () => {
  const name = join(folder, "runs", "photos-20260131-090507");
  const begun = Array.from({ length: 24 }, async () => {
    for (let time = 0; time < 25; time++) await (await reserveRunFolder(undefined, name)).abandon();
  });
  await Promise.all(begun);
  expect(await readdir(join(folder, "runs")).catch(() => [])).toEqual([]);
});

test("a file, and a folder that holds something, are left alone", async () => {
  await writeFile(join(folder, "file"), "");
  await expect(reserveRunFolder(join(folder, "file"), "unused")).rejects.toThrow(UsageError);
  await expect(reserveRunFolder(folder, "unused")).rejects.toThrow(/a folder that holds "file".*overwrites nothing/);
  await expect(reserveRunFolder(join(folder, "file", "run"), "unused")).rejects.toThrow(FileError);
  expect(await readdir(folder)).toEqual(["file"]);
});

test("the record of a split is read back; without one there is none; a damaged one is an error", async () => {
  const model = join(folder, "model.onnx");
  expect(await readSplitRecord(model)).toBeUndefined();
  const record = {
    data: { directory: "/photos", fingerprint: "sha256-0" },
    split: { division: "drawn", training: ["a/1.jpg"], validation: ["a/2.jpg"] },
  } as const;
  await writeRunFolder(folder, { record });
  expect(await readSplitRecord(model)).toEqual(record);
  for (const text of ["", "{", "[]", '{"data":{}}']) {
    await writeFile(join(folder, "run.json"), text);
    await expect(readSplitRecord(model)).rejects.toThrow(/run\.json is not the record of a run.*graft train/);
  }
});

import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FileError, UsageError } from "../errors/errors.js";
import { sweepLeftovers, temporaryPath } from "../files/temporary-name.js";
import { defaultRunFolder, reserveRunFolder } from "./reserve-run-folder.js";
import { lockRunFolder, runLockName } from "./run-folder-lock.js";
import { writeRunFolder } from "./run-files.js";
import { readRunRecord, readSplitRecord } from "./run-record.js";

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
  expect(await readdir(join(folder, "a", "b", "c"))).toEqual([runLockName]);
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

test("a folder belongs to one run at a time, and is free again behind it", async () => {
  const out = join(folder, "a");
  const both = await Promise.allSettled([reserveRunFolder(out, "unused"), reserveRunFolder(out, "unused")]);
  const [first] = both.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  const [refusal] = both.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
  expect(refusal).toBeInstanceOf(UsageError);
  expect(String(refusal)).toContain(`The folder ${out} is used by another run. Expected:`);
  expect(String(refusal)).toContain(`a run of process ${process.pid} on`);
  await writeFile(join(out, "model.onnx"), "");
  // Not that it holds something: the other run is what has to be known.
  await expect(reserveRunFolder(out, "unused")).rejects.toThrow(/is used by another run/);
  await first?.check();
  await first?.release();
  await expect(reserveRunFolder(out, "unused")).rejects.toThrow(/holds "model.onnx"/);
  expect(await readdir(out)).toEqual(["model.onnx"]);
});

test("the lock that another run writes at the same moment is not what a folder holds", async () => {
  const out = join(folder, "a");
  await mkdir(out);
  const writing = temporaryPath(out);
  await writeFile(writing, "");
  const reserving = reserveRunFolder(out, "unused");
  setTimeout(() => void rm(writing), 50);
  await (await reserving).abandon();
  expect(await readdir(folder)).toEqual(["a"]);
});

test("of runs that begin in one empty folder at the same moment exactly one goes on, and the others hear of it", async () => {
  for (let round = 0; round < 40; round++) {
    const out = join(folder, String(round));
    await mkdir(out);
    const all = await Promise.allSettled([1, 2, 3].map(() => reserveRunFolder(out, "unused")));
    const refusals = all.flatMap((one) => (one.status === "rejected" ? [String(one.reason)] : []));
    expect(refusals).toEqual(
      Array.from({ length: 2 }, () => expect.stringContaining("is used by another run") as unknown),
    );
    for (const one of all) if (one.status === "fulfilled") await one.value.release();
  }
});

test("whoever cannot write to a run's folder hears of that folder, not of a file in it", async () => {
  const lost = join(folder, "file", "run");
  await writeFile(join(folder, "file"), "");
  const refusal: unknown = await lockRunFolder(lost, "--resume").catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(FileError);
  expect(String(refusal)).toContain(`${lost} cannot be written.`);
  expect(String(refusal)).toContain("take the copy");
  expect(String(refusal)).not.toContain(runLockName);
});

test("a folder that holds only what a killed run has left in the middle is free; one with checkpoints is to be gone on with", async () => {
  const out = join(folder, "a");
  const module = new URL("./reserve-run-folder.ts", import.meta.url).href;
  const names = new URL("../files/temporary-name.ts", import.meta.url).href;
  const script = `
    import { writeFileSync } from "node:fs";
    const { reserveRunFolder } = await import(${JSON.stringify(module)});
    const { temporaryPath } = await import(${JSON.stringify(names)});
    const { path } = await reserveRunFolder(${JSON.stringify(out)}, "unused");
    writeFileSync(temporaryPath(path), "half of a model");
    process.kill(process.pid, "SIGKILL");`;
  const killed = spawnSync(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script]);
  expect(killed.signal, killed.stderr.toString()).toBe("SIGKILL");
  expect(await readdir(out)).toHaveLength(2);
  const reserved = await reserveRunFolder(out, "unused");
  expect(await readdir(out)).toEqual([runLockName]);
  await reserved.abandon();
  expect(await readdir(out)).toEqual([]);

  // One that was killed before it could be gone on with.
  await mkdir(join(out, "checkpoints"));
  await writeFile(join(out, "checkpoints", "measured.json"), "{}");
  await (await reserveRunFolder(out, "unused")).abandon();
  expect(await readdir(out)).toEqual([]);

  await mkdir(join(out, "checkpoints"));
  await writeFile(join(out, "checkpoints", "begun.json"), "{}");
  const refused = reserveRunFolder(out, "unused");
  await expect(refused).rejects.toThrow(UsageError);
  await expect(refused).rejects.toThrow(/has not come to its end.*graft train --resume/);
  expect(await readdir(out)).toEqual(["checkpoints"]);
});

test("unfinished work of a process that lives, or of another computer until it is a day old, is no leftover", async () => {
  const own = temporaryPath(folder);
  const elsewhere = own.replace(/\.graft-[0-9a-f]{12}/, ".graft-0123456789ab");
  await writeFile(own, "");
  await writeFile(elsewhere, "");
  const kept = (await readdir(folder)).sort();
  for (const [age, left] of [
    [0, kept],
    [-48, kept],
    [23, kept],
    [25, [basename(own)]],
  ] as const) {
    const then = new Date(Date.now() - age * 3_600_000);
    await Promise.all([utimes(own, then, then), utimes(elsewhere, then, then)]);
    await sweepLeftovers(folder);
    expect((await readdir(folder)).sort()).toEqual(left);
  }
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

test("of a run that has not come to its end it is said so, and how to go on", async () => {
  const run = join(folder, "not ended");
  await mkdir(join(run, "checkpoints"), { recursive: true });
  await writeFile(join(run, "checkpoints", "begun.json"), "{}");
  await expect(readRunRecord(run)).rejects.toThrow(/has not come to its end.*graft train --resume '.*not ended'/s);
  // The model may be measured all the same.
  expect(await readSplitRecord(join(run, "model.onnx"))).toBeUndefined();
});

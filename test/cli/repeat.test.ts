import { cp, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runRecord } from "../../src/runs/run-record.js";
import { events, graft, type Outcome, startGraft } from "./command.js";
import { writePhoto, writePhotoFolder } from "./photos.js";
import { tinyNetwork } from "./tiny-network.js";

let folder = "";
let first: Outcome;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-repeat-"));
  await writeFile(join(folder, "tiny.onnx"), tinyNetwork());
  await writePhotoFolder(join(folder, "photos"), 10);
  await writeFile(join(folder, "weights.json"), '{"red": 3, "green": 1, "blue": 0.7}');
  const asked = ["--network", "tiny.onnx", "--preprocess", "torch", "--epochs", "2", "--seed", "5"];
  first = await graft(["train", "photos", ...asked, "--class-weights", "weights.json", "--out", "first"], folder);
}, 60_000);
afterAll(() => rm(folder, { recursive: true }));

const read = (...path: string[]) => readFile(join(folder, ...path));

test("run.json is enough to repeat a run, with its weights of classes, its seed and photos that have moved", async () => {
  expect(first.exitCode, first.stderr).toBe(0);
  // The file of weights is not needed again, and time zone, language and the number of reading threads change nothing.
  await rm(join(folder, "weights.json"));
  await cp(join(folder, "photos"), join(folder, "moved"), { recursive: true });
  const again = await graft(["train", "moved", "--from", "first", "--out", "again", "--json"], folder, {
    ...{ TZ: "Pacific/Kiritimati", LC_ALL: "tr_TR.UTF-8", LANG: "tr_TR.UTF-8" },
  });
  expect(again.exitCode, again.stderr).toBe(0);
  expect(events(again.stdout).at(-1)?.["repeated"]).toEqual({
    ...{ run: "first", same_model: true, same_history: true, differences: [] },
  });
  expect(await read("again", "model.onnx")).toEqual(await read("first", "model.onnx"));
  expect(await read("again", "photos.jsonl")).toEqual(await read("first", "photos.jsonl"));
}, 60_000);

test("other circumstances are told, and other bytes are no failure", async () => {
  await cp(join(folder, "first"), join(folder, "elsewhere"), { recursive: true });
  const file = join(folder, "elsewhere", "run.json");
  const record = runRecord.parse(JSON.parse(await readFile(file, "utf8")));
  const inputs = record.inputs && { ...record.inputs, versions: { ...record.inputs.versions, onnxruntime: "0.1" } };
  await writeFile(file, JSON.stringify({ ...record, inputs, model_sha256: "0".repeat(64) }));
  // From elsewhere: the network was named by a relative path.
  const again = await graft(["train", "--from", "run.json", "--out", join("..", "other")], join(folder, "elsewhere"));
  expect(again.exitCode, again.stderr).toBe(0);
  expect(again.stdout).toMatch(/Not the same: model\.onnx has other bytes.* onnxruntime is .* instead of 0\.1/);
  expect(again.stderr).toMatch(/It may come to other bytes/);
}, 60_000);

test("a record of format 1 is repeated by its fingerprint and split", async () => {
  await cp(join(folder, "first"), join(folder, "old"), { recursive: true });
  const file = join(folder, "old", "run.json");
  const { inputs, model_sha256, searched, ...record } = runRecord.parse(JSON.parse(await readFile(file, "utf8")));
  expect([inputs, model_sha256, searched]).not.toContain(undefined);
  await writeFile(file, JSON.stringify({ ...record, format: 1 }));
  await rm(join(folder, "old", "photos.jsonl"));
  const again = await graft(["train", "--from", "old", "--out", "newer", "--json"], folder);
  expect(again.exitCode, again.stderr).toBe(0);
  expect(events(again.stdout).at(-1)?.["repeated"]).toMatchObject({ same_model: true, same_history: true });
}, 60_000);

test("photos that are others are named before anything is computed, and options that contradict are refused", async () => {
  // What is to be pasted runs nothing of a name.
  const name = "changed $(touch pasted)";
  await cp(join(folder, "photos"), join(folder, name), { recursive: true });
  await writePhoto(join(folder, name, "red", "1.jpg"), "red", 77);
  await rename(join(folder, name, "blue", "2.jpg"), join(folder, name, "blue", "20.jpg"));
  const changed = await graft(["train", name, "--from", "first", "--out", "none"], folder);
  expect(changed.exitCode).toBe(1);
  expect(changed.stderr).toMatch(/1 photo is missing: blue\/2\.jpg; 1 photo is new: blue\/20\.jpg/);
  expect(changed.stderr).toMatch(/1 photo has other contents: red\/1\.jpg/);
  expect(changed.stderr).toMatch(/begin a new run: graft train (['"])\S+changed \$\(touch pasted\)\1/);

  const contradicted = await graft(["train", "--from", "first", "--seed", "6"], folder);
  expect(contradicted.exitCode).toBe(2);
  expect(contradicted.stderr).toMatch(/--seed 5, as before/);
  expect((await graft(["train", "--from", "nowhere"], folder)).exitCode).toBe(2);
}, 60_000);

test("a list of photos that was changed is not believed", async () => {
  await cp(join(folder, "first"), join(folder, "forged"), { recursive: true });
  const list = join(folder, "forged", "photos.jsonl");
  await writeFile(
    list,
    `${await readFile(list, "utf8")}{"path":"../../x","set":"test","sha256":"${"0".repeat(64)}"}\n`,
  );
  const forged = await graft(["train", "--from", "forged", "--out", "none"], folder);
  expect(forged.exitCode).toBe(1);
  expect(forged.stderr).toMatch(/photos\.jsonl is not the list of the photos of its run/);
}, 60_000);

test("a repetition that was stopped is compared when it is gone on with, and goes on without the other run where that has gone", async () => {
  const begun = startGraft(["train", "--from", "first", "--out", "stopped", "--json"], folder);
  await begun.seen('"stage":"head"');
  begun.signal("SIGKILL");
  expect((await begun.outcome).exitCode).toBeNull();
  await cp(join(folder, "stopped"), join(folder, "alone"), { recursive: true });
  const ended = await graft(["train", "--resume", "stopped", "--json"], folder);
  expect(ended.exitCode, ended.stderr).toBe(0);
  // It is kept as a whole path: the run may be gone on with from another folder.
  expect(events(ended.stdout).at(-1)?.["repeated"]).toEqual({
    run: expect.stringMatching(/[\\/]first$/) as string,
    ...{ same_model: true, same_history: true, differences: [] },
  });

  await rename(join(folder, "first"), join(folder, "first-moved"));
  try {
    const alone = await graft(["train", "--resume", "alone", "--json"], folder);
    expect(alone.exitCode, alone.stderr).toBe(0);
    const told = events(alone.stdout);
    expect(told.find(({ event }) => event === "warning")?.["message"]).toMatch(
      /Whether this run comes to the same as \S+first, which it repeats, cannot be said any more: There is no run at \S+first/,
    );
    expect(told.at(-1)?.["repeated"]).toBeUndefined();
    expect(await read("alone", "model.onnx")).toEqual(await read("stopped", "model.onnx"));
  } finally {
    await rename(join(folder, "first-moved"), join(folder, "first"));
  }
}, 120_000);

test("a search that was stopped is not gone on with, which is said before anything is computed", async () => {
  await cp(join(folder, "first"), join(folder, "searched"), { recursive: true });
  const file = join(folder, "searched", "run.json");
  const record = runRecord.parse(JSON.parse(await readFile(file, "utf8")));
  await writeFile(file, JSON.stringify({ ...record, searched: true, interrupted: true }));
  const stopped = await graft(["train", "--resume", "searched"], folder);
  expect(stopped.exitCode).toBe(2);
  expect(stopped.stderr).toMatch(/searched was begun by graft tune and stopped: a search is not gone on with\./);
  expect(stopped.stderr).toMatch(/graft tune DIR; or train .* graft train --from searched$/m);
  expect(stopped.stdout).toBe("");
  // One that was killed before its end has no record.
  await rm(file);
  const killed = await graft(["train", "--resume", "searched"], folder);
  expect(killed.exitCode).toBe(2);
  expect(killed.stderr).toMatch(/Searches of graft tune keep no checkpoints/);
});

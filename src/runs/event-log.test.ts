import { mkdtemp, mkdir, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { scalar } from "../training/event-files/summaries.js";
import { recordsOf, summariesOf } from "../../test/support/event-files.js";
import { EventLog } from "./event-log.js";

let folder = "";
let run = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-events-"));
});
beforeEach(async () => {
  run = await mkdtemp(join(folder, "run-"));
});
afterAll(() => rm(folder, { recursive: true }));

const lost: string[] = [];
const open = (): EventLog =>
  new EventLog(run, { now: () => 1_700_000_000_500, host: "my computer", onLost: ({ message }) => lost.push(message) });

/** A log with the figures of two epochs. */
async function written(): Promise<void> {
  const log = open();
  log.add("training", 1, [scalar("epoch_loss", 0.5)]);
  log.add("training", 2, [scalar("epoch_loss", 0.25)]);
  await log.settled();
}

const found = async (name = "train"): Promise<unknown[]> =>
  (await summariesOf(join(run, name))).map(({ step, tag, numbers }) => [step, tag, ...numbers]);

test("files have TensorFlow's names, and begin with their version", async () => {
  await written();
  const [name = ""] = await readdir(join(run, "train"));
  expect(name).toBe("events.out.tfevents.1700000000.my_computer.graft");
  expect(recordsOf(await readFile(join(run, "train", name)))).toHaveLength(3);
  expect((await summariesOf(join(run, "train")))[0]).toMatchObject({ seconds: 1_700_000_000.5, plugin: "scalars" });
  expect(await readdir(run)).toEqual(["train"]);
});

test("what is there already is not written again, and what follows goes to the same file", async () => {
  await written();
  const log = open();
  await log.reopen();
  log.add("training", 2, [scalar("epoch_loss", 0.25), scalar("epoch_accuracy", 1)]);
  log.add("training", 3, [scalar("epoch_loss", 0.125)]);
  log.add("training", 3, [scalar("epoch_loss", 0.125)]);
  await log.settled();
  expect(await found()).toEqual([
    [1, "epoch_loss", 0.5],
    [2, "epoch_loss", 0.25],
    [2, "epoch_accuracy", 1],
    [3, "epoch_loss", 0.125],
  ]);
  expect(await readdir(join(run, "train"))).toHaveLength(1);
});

test("wherever a record is cut off, it is written anew", async () => {
  await written();
  const [name = ""] = await readdir(join(run, "train"));
  const path = join(run, "train", name);
  const whole = await readFile(path);
  for (let length = 0; length < whole.length; length++) {
    await writeFile(path, whole);
    await truncate(path, length);
    const log = open();
    await log.reopen();
    log.add("training", 1, [scalar("epoch_loss", 0.5)]);
    log.add("training", 2, [scalar("epoch_loss", 0.25)]);
    await log.settled();
    expect((await readFile(path)).equals(whole), `cut off at ${length}`).toBe(true);
  }
});

test("what cannot be written is told once, and ends nothing", async () => {
  // A file where the folder was to be.
  await writeFile(join(run, "train"), "");
  lost.length = 0;
  await written();
  expect(lost).toHaveLength(1);
  expect(lost[0]).toContain(join(run, "train"));
});

test("a run that comes to nothing leaves no files of its own, and all of others", async () => {
  const log = open();
  log.add("run", 0, [scalar("a", 1)]);
  log.add("training", 1, [scalar("a", 1)]);
  await mkdir(join(run, "validation"));
  await writeFile(join(run, "validation", "notes.txt"), "");
  log.add("validation", 1, [scalar("a", 1)]);
  await log.remove();
  expect(await readdir(run)).toEqual(["validation"]);
  expect(await readdir(join(run, "validation"))).toEqual(["notes.txt"]);
});

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readModel } from "../../src/onnx/read-model.js";
import { graft, type Outcome } from "./command.js";
import { writePhotoFolder } from "./photos.js";
import { tinyNetwork } from "./tiny-network.js";

const soak = process.env["GRAFT_SOAK"] === "1";
const preload = new URL("../support/failing-writes.mjs", import.meta.url).href;
const tiny = ["--network", "tiny.onnx", "--preprocess", "torch", "--epochs", "2", "--out", "run"];

let folder = "";
/** The writes of a run that nothing stops, in order. */
let writes: string[] = [];
/** Its model. */
let whole: Buffer;

/** A run whose writes fail from one on, below a folder. */
async function train(plan: object): Promise<Outcome> {
  await rm(join(folder, "tmp"), { recursive: true, force: true });
  await mkdir(join(folder, "tmp"));
  return graft(["train", "photos", ...tiny, "--json"], folder, {
    ...{ GRAFT_CACHE: join(folder, "cache"), TMPDIR: join(folder, "tmp"), TEMP: join(folder, "tmp") },
    NODE_OPTIONS: `--import=${preload}`,
    GRAFT_TEST_WRITES: JSON.stringify({ folders: [join(folder, "run"), join(folder, "cache")], ...plan }),
  });
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-writes-"));
  await writeFile(join(folder, "tiny.onnx"), tinyNetwork());
  await writePhotoFolder(join(folder, "photos"), 10);
  const log = join(folder, "log");
  const outcome = await train({ log });
  expect(outcome.exitCode, outcome.stderr).toBe(0);
  writes = (await readFile(log, "utf8")).trim().split("\n");
  whole = await readFile(join(folder, "run", "model.onnx"));
}, 120_000);
afterAll(() => rm(folder, { recursive: true }));

/** What a run that has ended leaves; its report is a page that can be written later. */
const whatIsLeft = [
  "curves.svg",
  "history.csv",
  "model.onnx",
  "photos.jsonl",
  "predictions.jsonl",
  "run.json",
] as const;

/** They are there unless the disk was full when they came: the run goes on without. */
const isForTensorBoard = (name: string): boolean => /^(events\.out\.tfevents\..*|train|validation)$/.test(name);

const numberOf = (pattern: RegExp): number => 1 + writes.findIndex((line) => pattern.test(line));

/** What has to be true however a run was stopped by its disk. */
async function check({ exitCode, stderr, stdout }: Outcome): Promise<void> {
  expect(stderr).not.toContain("mistake in Graft");
  const all = await readdir(join(folder, "run")).catch((): string[] => []);
  const left = all.filter((name) => !isForTensorBoard(name));
  expect(all.filter(isForTensorBoard).length).toBeLessThanOrEqual(3);
  expect(left.filter((name) => name.startsWith("."))).toEqual([]);
  // Whole, or not there.
  if (left.includes("model.onnx")) readModel(await readFile(join(folder, "run", "model.onnx")), "model.onnx");
  if (left.includes("run.json")) JSON.parse(await readFile(join(folder, "run", "run.json"), "utf8"));
  if (exitCode === 0) {
    const others = ["report.html", "checkpoints"];
    expect(left.filter((name) => !others.includes(name)).sort()).toEqual([...whatIsLeft]);
    expect(left.includes("report.html") || stdout.includes('"code":"no-report"')).toBe(true);
    expect(!left.includes("checkpoints") || stdout.includes('"code":"not-removed"')).toBe(true);
  } else {
    expect(exitCode, stdout).toBe(1);
    expect(stderr).toMatch(/Error: .*\brun\b.* (cannot be written|could not be written to)/);
    expect(stderr).toContain("a full disk");
  }
}

describe("a disk that is full from some write on", () => {
  test("from the first: nothing is begun", { timeout: 120_000 }, async () => {
    await rm(join(folder, "run"), { recursive: true });
    const outcome = await train({ from: 1 });
    await check(outcome);
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stdout).not.toContain('"event":"photos"');
  });

  test("from the model on: the training ends, and what was learned is elsewhere", { timeout: 120_000 }, async () => {
    await rm(join(folder, "run"), { recursive: true, force: true });
    // The file under a temporary name comes before it is renamed.
    const renamed = numberOf(/rename .*model\.onnx$/);
    const outcome = await train({
      from: 1 + writes.slice(0, renamed).findLastIndex((line) => /open .*\.tmp$/.test(line)),
    });
    await check(outcome);
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stdout).toMatch(/"event":"warning","code":"disk","message":"[^"]*model\.onnx cannot be written/);
    const [made = ""] = (await readdir(join(folder, "tmp"))).filter((name) => name.startsWith("graft-run-"));
    expect(outcome.stderr).toContain(
      `What was learned is in ${join(folder, "tmp", made)}, since run could not be written to`,
    );
    expect((await readFile(join(folder, "tmp", made, "model.onnx"))).equals(whole)).toBe(true);
    expect((await readdir(join(folder, "tmp", made))).sort()).toEqual([...whatIsLeft]);
  });

  test("at run.json alone: the model stays, and the next run works", { timeout: 120_000 }, async () => {
    await rm(join(folder, "run"), { recursive: true, force: true });
    const last = numberOf(/rename .*run\.json$/);
    const outcome = await train({ from: last });
    await check(outcome);
    expect(outcome.exitCode).toBe(1);
    expect((await readFile(join(folder, "run", "model.onnx"))).equals(whole)).toBe(true);
    await rm(join(folder, "run"), { recursive: true });
    await check(await train({}));
  });

  test.runIf(soak)("at each write, alone or from there on", { timeout: 3_600_000 }, async () => {
    for (let from = 1; from <= writes.length; from++) {
      for (const to of [from + 1, undefined]) {
        // Both go the same way through the code; the second has other words.
        for (const code of from % 5 === 0 ? ["ENOSPC", "EIO"] : ["ENOSPC"]) {
          await rm(join(folder, "run"), { recursive: true, force: true });
          await rm(join(folder, "cache"), { recursive: true, force: true });
          const outcome = await train({ from, to, code });
          await check({ ...outcome, stderr: outcome.stderr.replace("a disk that fails", "a full disk") });
        }
      }
    }
  });
});

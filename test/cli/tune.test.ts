import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { filesOfRun, listRun } from "../support/files-of-run.js";
import { runRecord } from "../../src/runs/run-record.js";
import { events, graft, startGraft } from "./command.js";
import { writePhotoFolder } from "./photos.js";
import { tinyNetwork } from "./tiny-network.js";

let folder = "";
const tiny = ["--network", "tiny.onnx", "--preprocess", "torch"];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-tune-"));
  await writeFile(join(folder, "tiny.onnx"), tinyNetwork());
  await writePhotoFolder(join(folder, "photos"), 8);
});
afterAll(() => rm(folder, { recursive: true }));

describe("graft tune", () => {
  test("ends in a run like any other, also where there is no time to try anything", async () => {
    const tuned = await graft(["tune", "photos", ...tiny, "--time", "1s", "--out", "tuned", "--json"], folder);
    expect(tuned.exitCode, tuned.stderr + tuned.stdout.slice(-500)).toBe(0);
    expect(await listRun(join(folder, "tuned"))).toEqual(filesOfRun);
    const done = events(tuned.stdout).at(-1);
    expect(done).toMatchObject({ event: "done", command: "tune", run: "tuned", trials: 0, chosen: null });
    const record = runRecord.parse(JSON.parse(await readFile(join(folder, "tuned", "run.json"), "utf8")));
    expect(record.configuration).toMatchObject({
      time: null,
      learning_rate: null,
      unfreeze: null,
      network: "tiny.onnx",
    });
  });

  test("Ctrl+C keeps what was reached, and people get a table of it", async () => {
    const running = startGraft(["tune", "photos", ...tiny, "--time", "10m", "--out", "stopped"], folder);
    await running.seen("Trial 3:");
    running.signal("SIGINT");
    const { exitCode, stdout, stderr } = await running.outcome;
    expect(exitCode, stderr).toBe(130);
    expect(stderr).toMatch(/^Trial 1: from /m);
    expect(stderr).toMatch(/^Trial 2: the new classifier alone: loss \d\.\d{4}, accuracy \d+\.\d %/m);
    expect(stdout).toMatch(/^settings +\d+ settings tried; /m);
    expect(stdout).toMatch(/^trial +learns +rate +epochs +batch +loss +accuracy +time$/m);
    const record = runRecord.parse(JSON.parse(await readFile(join(folder, "stopped", "run.json"), "utf8")));
    expect(record.interrupted).toBe(true);
    expect(/that is kept$/m.test(stdout)).toBe(record.network.unfrozen_from === "none");
    const files = await readdir(join(folder, "stopped"));
    for (const name of ["model.onnx", "history.csv", "tuning.json", "tuning.csv", "tuning.svg"])
      expect(files).toContain(name);
    const read = async (name: string): Promise<string> => readFile(join(folder, "stopped", name), "utf8");
    expect(await read("tuning.svg")).toMatch(/^<svg[\s\S]*<\/svg>\n$/);
    const tuning = JSON.parse(await read("tuning.json")) as { trials: unknown[] };
    expect(tuning.trials.length).toBeGreaterThanOrEqual(3);
    expect((await read("tuning.csv")).trimEnd().split("\n")).toHaveLength(1 + tuning.trials.length);
  });

  test("does not take what it searches, and says so", async () => {
    const { exitCode, stderr } = await graft(["tune", "photos", ...tiny, "--learning-rate", "0.1"], folder);
    expect(exitCode).toBe(2);
    expect(stderr).toContain("--learning-rate");
  });
});

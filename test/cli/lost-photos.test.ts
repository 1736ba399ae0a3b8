import { mkdir, mkdtemp, readFile, rename, rm, rmdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runRecord } from "../../src/runs/run-record.js";
import { bytesOfRun, prepareSmallRun, type RunBytes, smallRun } from "../support/small-run.js";
import { events, graft, startGraft } from "./command.js";

/*
 * Photos and their folder go while the network is trained on parts of them, which are made of the files each time.
 */

let folder = "";
let reference: RunBytes;
const env = (): Record<string, string> => ({ GRAFT_CACHE: join(folder, "cache") });
const photo = "photos/train/alike/0.png";
const away = "away.png";
const options = (run: string): readonly string[] => [...smallRun(4), "--json", "--out", run];

/** Does something in the middle of the training of a run. */
async function meanwhile(run: string, change: () => Promise<unknown>): ReturnType<typeof graft> {
  const running = startGraft(options(run), folder, env());
  await running.seen(/"epoch":3,/);
  await change();
  return running.outcome;
}

const move = (from: string, to: string): Promise<void> => rename(join(folder, from), join(folder, to));
const codes = (stdout: string): unknown[] =>
  events(stdout).flatMap(({ event, code, message }) => (event === "warning" && code === "photo-lost" ? [message] : []));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-lost-"));
  await prepareSmallRun(folder);
  expect((await graft(options("reference"), folder, env())).exitCode).toBe(0);
  reference = await bytesOfRun(join(folder, "reference"));
}, 120_000);
afterAll(() => rm(folder, { recursive: true }));

describe("a photo that goes in the middle of the training", { timeout: 240_000 }, () => {
  test("is named once, and the run goes on with what it has kept of it", async () => {
    const { exitCode, stdout, stderr } = await meanwhile("one", () => move(photo, away));
    await move(away, photo);
    expect(exitCode, stderr).toBe(0);
    expect(codes(stdout)).toEqual([expect.stringMatching(/train\/alike\/0\.png was lost.*no such file/)]);
    const { result } = runRecord.parse(JSON.parse(await readFile(join(folder, "one", "run.json"), "utf8")));
    expect(result.warnings?.filter(({ code }) => code === "photo-lost")).toHaveLength(1);
  });

  test("is refused by name where the run is gone on with, and told once more when it is back", async () => {
    const running = startGraft(options("stopped"), folder, env());
    await running.seen(/"epoch":3,/);
    await move(photo, away);
    await running.seen('"photo-lost"');
    running.signal("SIGTERM");
    expect((await running.outcome).exitCode).toBe(130);
    const refused = await graft(["train", "--resume", "stopped", "--json"], folder, env());
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain("1 photo is missing: train/alike/0.png");
    await move(away, photo);
    const { exitCode, stdout, stderr } = await graft(["train", "--resume", "stopped", "--json"], folder, env());
    expect(exitCode, stderr).toBe(0);
    expect(codes(stdout)).toHaveLength(1);
  });
});

describe("a folder of photos that goes in the middle of the training", { timeout: 240_000 }, () => {
  test("ends the run by name, which is gone on with when it is back", async () => {
    // As a disk that is pulled out does, it leaves an empty place.
    const { exitCode, stdout, stderr } = await meanwhile("gone", async () => {
      await move("photos", "elsewhere");
      await mkdir(join(folder, "photos"));
    });
    await rmdir(join(folder, "photos"));
    await move("elsewhere", "photos");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("The folder photos has gone while its photos were used.");
    expect(stderr).toContain("graft train --resume gone");
    expect(events(stdout).filter(({ event }) => event === "skipped")).toEqual([]);
    const again = await graft(["train", "--resume", "gone"], folder, env());
    expect(again.exitCode, again.stderr).toBe(0);
    expect(await bytesOfRun(join(folder, "gone"))).toEqual(reference);
  });
});

import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layers, models } from "graft-ml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bytesOfRun, prepareSmallRun, type RunBytes, smallRun } from "../support/small-run.js";
import { events, graft, type Outcome, type Running, startGraft } from "./command.js";

let folder = "";
let reference: RunBytes;
const env = (): Record<string, string> => ({ GRAFT_CACHE: join(folder, "cache") });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-resume-"));
  await prepareSmallRun(folder);
  const { exitCode, stderr } = await train("reference");
  expect(stderr).toBe("");
  expect(exitCode).toBe(0);
  reference = await bytesOf("reference");
}, 120_000);

afterAll(async () => {
  await rm(folder, { recursive: true });
});

function train(out: string): Promise<Outcome> {
  return graft([...smallRun(), "--json", "--out", out], folder, env());
}

function begin(out: string): Running {
  return startGraft([...smallRun(), "--json", "--out", out], folder, env());
}

function goOn(run: string, ...more: readonly string[]): Running {
  return startGraft(["train", "--resume", run, "--json", ...more], folder, env());
}

const bytesOf = (run: string): Promise<RunBytes> => bytesOfRun(join(folder, run));

/** Kills a run when it has said something. */
async function killed(running: Running, text: string | RegExp, signal: NodeJS.Signals = "SIGKILL"): Promise<Outcome> {
  await running.seen(text);
  running.signal(signal);
  return running.outcome;
}

describe("a run that was killed", { timeout: 240_000 }, () => {
  it("ends in the same bytes, whatever stage it was killed in, and keeps no checkpoints then", async () => {
    // The folder of the cache is another one: nothing of the reference is found.
    await killed(begin("killed"), '"stage":"head"');
    const moments = ['"stage":"views"', '"stage":"last-stage"', /"epoch":5,/, /"epoch":9,/, '"stage":"all-photos"'];
    for (const moment of moments) {
      const { exitCode } = await killed(goOn("killed"), moment);
      expect(exitCode).toBeNull();
    }
    const { exitCode, stdout } = await goOn("killed").outcome;
    expect(exitCode).toBe(0);
    const told = events(stdout);
    expect(told.find(({ event }) => event === "resumed")).toMatchObject({ run: "killed" });
    expect(told.at(-1)).toMatchObject({ event: "done", command: "train", run: "killed" });
    expect(await bytesOf("killed")).toEqual(reference);
    expect(await readdir(join(folder, "killed"))).not.toContain("checkpoints");
  });

  it("goes on without what was kept of photos, from elsewhere, and in another folder with photos in another place", async () => {
    await killed(begin("moved"), /"stage":"all-photos".*\n.*"done":[3-9]/);
    await rename(join(folder, "moved"), join(folder, "elsewhere"));
    await cp(join(folder, "photos"), join(folder, "copied"), { recursive: true });
    const elsewhere = { GRAFT_CACHE: join(folder, "another-cache") };
    // The network was named by a relative path.
    const from = join(folder, "photos");
    const { exitCode, stderr } = await graft(["train", "../copied", "--resume", "../elsewhere"], from, elsewhere);
    expect(exitCode, stderr).toBe(0);
    expect(await bytesOf("elsewhere")).toEqual(reference);
  });
});

describe("a run that was stopped", { timeout: 240_000 }, () => {
  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "by %s says how to go on, and ends in the same bytes",
    async (signal) => {
      const stopped = await killed(
        startGraft([...smallRun(), "--out", signal], folder, env()),
        "The last stage of the network learns too.",
        signal,
      );
      expect(stopped.exitCode).toBe(130);
      expect(stopped.stderr).toContain(`graft train --resume ${signal}`);
      const record = JSON.parse(await readFile(join(folder, signal, "run.json"), "utf8")) as { interrupted: boolean };
      expect(record.interrupted).toBe(true);
      expect((await goOn(signal).outcome).exitCode).toBe(0);
      expect(await bytesOf(signal)).toEqual(reference);
    },
  );
});

describe("a run that has a time", { timeout: 240_000 }, () => {
  it("takes the decisions of the clock from its checkpoint, and comes to its end", async () => {
    const timed = [...smallRun(), "--json", "--time", "60s", "--out", "timed"];
    await killed(startGraft(timed, folder, env()), '"stage":"last-stage"');
    await killed(goOn("timed"), '"stage":"all-photos"');
    const { exitCode, stdout } = await goOn("timed").outcome;
    expect(exitCode).toBe(0);
    expect(events(stdout).at(-1)).toMatchObject({ event: "done", run: "timed" });
  });
});

describe("graft train --resume", { timeout: 240_000 }, () => {
  beforeAll(async () => {
    await killed(begin("stopped"), /"epoch":4,/);
  }, 60_000);

  it("names photos that have changed, before it computes anything", async () => {
    await cp(join(folder, "photos"), join(folder, "changed"), { recursive: true });
    await cp(join(folder, "photos/train/alike/0.png"), join(folder, "changed/train/alike/1.png"));
    await rm(join(folder, "changed/validation/unlike/7.png"));
    const { exitCode, stderr, stdout } = await goOn("stopped", "changed").outcome;
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(
      /1 photo is missing: validation\/unlike\/7\.png.*1 photo has other contents: train\/alike\/1\.png/,
    );
    expect(stdout).not.toContain('"event":"stage"');
  });

  it("names another network", async () => {
    const other = new models.Sequential([
      layers.Input({ shape: [16, 16, 3] }),
      new layers.Conv2D(4, 3, { activation: "relu", name: "first" }),
      new layers.Conv2D(4, 3, { activation: "relu", name: "last" }),
    ]);
    await other.export(join(folder, "other.onnx"));
    const { exitCode, stderr } = await goOn("stopped", "--network", "other.onnx").outcome;
    expect(exitCode).toBe(1);
    expect(stderr).toContain("the network's weights are others");
  });

  it("refuses options that differ from those of the run", async () => {
    const { exitCode, stderr } = await goOn("stopped", "--epochs", "3").outcome;
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/--epochs 12, as before.*3/s);
    expect((await goOn("stopped", "--batch-size", "8", "--seed", "1").outcome).stderr).toMatch(/--seed 0, as before/);
  });

  it("names a damaged checkpoint", async () => {
    await cp(join(folder, "stopped"), join(folder, "damaged"), { recursive: true });
    const checkpoints = join(folder, "damaged", "checkpoints");
    for (const name of (await readdir(checkpoints)).filter((file) => file.endsWith(".safetensors"))) {
      const bytes = await readFile(join(checkpoints, name));
      await writeFile(join(checkpoints, name), bytes.subarray(0, bytes.length - 5));
    }
    const { exitCode, stderr } = await goOn("damaged").outcome;
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/checkpoints\/\d+\.safetensors is no checkpoint of a run/);
    await writeFile(join(checkpoints, "state.json"), '{"format":1');
    expect((await goOn("damaged").outcome).stderr).toMatch(/state\.json is no checkpoint of a run/);
  });

  it("does nothing to a run that has ended, and says how it ended", async () => {
    const { exitCode, stdout } = await goOn("reference").outcome;
    expect(exitCode).toBe(0);
    expect(events(stdout).at(-1)).toMatchObject({ event: "done", command: "train", run: "reference" });
    expect(await bytesOf("reference")).toEqual(reference);
  });

  it("refuses what is no run", async () => {
    for (const path of ["photos", "nowhere"]) {
      const { exitCode, stderr } = await goOn(path).outcome;
      expect(exitCode).toBe(2);
      expect(stderr).toContain(`${path} is no run that can be gone on with`);
    }
    expect((await graft(["train"], folder, env())).exitCode).toBe(2);
  });
});

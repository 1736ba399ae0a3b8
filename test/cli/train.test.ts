import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import sharp from "sharp";
import { filesOfRun, listRun } from "../support/files-of-run.js";
import { readModel } from "../../src/onnx/read-model.js";
import { writeModel } from "../../src/onnx/write-model.js";
import { predictionInterval } from "../../src/report/interval.js";
import type { RunRecord } from "../../src/runs/run-record.js";
import { events, graft, type Outcome, startGraft } from "./command.js";
import { writePhoto, writePhotoFolder } from "./photos.js";
import { tinyNetwork } from "./tiny-network.js";

let folder = "";
/** What every training here has in common: a network that is there at once. */
const tiny = ["--network", "tiny.onnx", "--preprocess", "torch", "--learning-rate", "0.0015", "--epochs", "12"];

let first: Outcome;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-train-"));
  await writeFile(join(folder, "tiny.onnx"), tinyNetwork());
  await writePhotoFolder(join(folder, "photos"), 10);
  await writeFile(join(folder, "photos", "green", "half.jpg"), await halfPhoto());
  await writeFile(join(folder, "photos", "blue", "text.jpg"), "this is no photo");
  // Two of the same, which must not sit on both sides.
  await cp(join(folder, "photos", "red", "0.jpg"), join(folder, "photos", "red", "copy.jpg"));
  first = await graft(["train", "photos", ...tiny, "--out", "first", "--json"], folder);
});
afterAll(() => rm(folder, { recursive: true }));

/** A JPEG whose end is missing. */
async function halfPhoto(): Promise<Buffer> {
  const path = join(folder, "whole.jpg");
  await writePhoto(path, "green", 99);
  const bytes = await readFile(path);
  return bytes.subarray(0, Math.floor(bytes.length / 2));
}

interface Record {
  readonly split: { readonly training: string[]; readonly validation: string[]; readonly test: string[] };
  readonly data: { readonly classes: string[]; readonly fingerprint: string; readonly skipped: { path: string }[] };
  readonly result: Pick<RunRecord["result"], "val_accuracy" | "val_loss" | "learning_curve" | "held_out">;
  readonly interrupted: boolean;
}

async function recordOf(run: string): Promise<Record> {
  return JSON.parse(await readFile(join(folder, run, "run.json"), "utf8")) as Record;
}

describe("graft train", () => {
  test("learns, and leaves model, record, history and curves", async () => {
    expect(first.exitCode, first.stderr).toBe(0);
    expect(await listRun(join(folder, "first"))).toEqual(filesOfRun);
    const { result, data } = await recordOf("first");
    expect(result.val_accuracy).toBe(1);
    expect(data.classes).toEqual(["blue", "green", "red"]);
    expect(await readFile(join(folder, "first", "history.csv"), "utf8")).toMatch(/^epoch,phase,loss.*\n1,head,/);
    expect(await readFile(join(folder, "first", "curves.svg"), "utf8")).toMatch(/^<svg[\s\S]*<\/svg>\n$/);
  });

  test("--json gives the design's events, the last one done", async () => {
    const list = events(first.stdout);
    const [done, start] = [list.at(-1), list.find(({ event }) => event === "start")];
    expect(Object.keys(done ?? {}).sort()).toEqual(
      [
        ...["event", "command", "run", "model", "report", "epochs", "best_epoch", "loss", "accuracy"],
        ...["val_loss", "val_accuracy", "val_accuracy_interval", "val_balanced_accuracy", "val_calibration_error"],
        "seconds",
      ].sort(),
    );
    const interval = (await recordOf("first")).result.held_out?.accuracy_interval;
    expect(done?.["val_accuracy_interval"]).toEqual(interval);
    expect(interval).toEqual({ ...predictionInterval(1, 31, 100), photos: 100 });
    expect(done).toMatchObject({ event: "done", run: "first", model: join("first", "model.onnx"), val_accuracy: 1 });
    expect(start).toEqual({
      event: "start",
      run: "first",
      network: "tiny",
      classes: ["blue", "green", "red"],
      photos: 32,
      device: "cpu",
    });
    const epochs = list.filter(({ event }) => event === "epoch");
    expect(epochs.length).toBe(done?.["epochs"]);
    expect(Object.keys(epochs[0] ?? {}).sort()).toEqual(
      [
        ...["event", "phase", "epoch", "epochs", "loss", "accuracy"],
        ...["val_loss", "val_accuracy", "learning_rate", "seconds"],
      ].sort(),
    );
    expect(new Set(epochs.map(({ phase }) => phase))).toEqual(new Set(["head", "fine-tune"]));
    expect(first.stderr).toBe("");
  });

  test("broken photos among good ones are skipped and named", async () => {
    const skipped = events(first.stdout).filter(({ event }) => event === "skipped");
    expect(skipped).toEqual(
      expect.arrayContaining([
        {
          event: "skipped",
          path: join("photos", "blue", "text.jpg"),
          reason: expect.stringContaining("it is not a JPEG") as unknown,
        },
        { event: "skipped", path: join("photos", "green", "half.jpg"), reason: expect.any(String) as unknown },
      ]),
    );
    expect(skipped).toHaveLength(2);
    const { data } = await recordOf("first");
    expect(data.skipped.map(({ path }) => path).sort()).toEqual(["blue/text.jpg", "green/half.jpg"]);
  });

  test("the split is stratified, complete, and keeps identical files together", async () => {
    const { split } = await recordOf("first");
    const all = [...split.training, ...split.validation];
    expect(new Set(all).size).toBe(all.length);
    // 30 photos and a copy: what could not be read is in neither.
    expect(all).toHaveLength(31);
    for (const name of ["red", "green", "blue"]) {
      const share = split.validation.filter((path) => path.startsWith(`${name}/`)).length;
      expect(share).toBeGreaterThanOrEqual(1);
      expect(share).toBeLessThanOrEqual(3);
    }
    const sides = ["red/0.jpg", "red/copy.jpg"].map((path) => split.validation.includes(path));
    expect(sides[0]).toBe(sides[1]);
  });

  test("the same seed gives the same run, another seed another split; and people get a table", async () => {
    const again = await graft(["train", "photos", ...tiny, "--learning-curve", "--out", "again"], folder);
    expect(again.exitCode).toBe(0);
    for (const row of [
      "photos",
      "classes",
      "best epoch",
      "training",
      "held out",
      "balanced",
      "probable",
      "time",
      "model",
      "curves",
    ]) {
      expect(again.stdout).toMatch(new RegExp(`^${row} `, "m"));
    }
    expect(again.stdout).toContain(join("again", "model.onnx"));
    expect(again.stderr).toMatch(/Skipped photos.blue.text\.jpg/);
    expect(again.stderr).toMatch(/Warning: \d+ photos measure roughly/);
    // How many photos more would help is measured beside it, and changes nothing.
    expect(again.stdout).toMatch(/^more +twice as many photos: about \d+\.\d % \(now \d+\.\d %;/m);
    expect(await readFile(join(folder, "again", "learning-curve.svg"), "utf8")).toMatch(/^<svg[\s\S]*all 31 photos/);
    const { learning_curve: curve } = (await recordOf("again")).result;
    expect(curve?.now.photos).toBe(31);
    expect(curve?.doubled.photos).toBe(62);
    expect(curve?.points.length).toBeGreaterThan(1);
    const withoutSeconds = async (run: string): Promise<string> =>
      (await readFile(join(folder, run, "history.csv"), "utf8")).replace(/,[^,]*$/gm, "");
    expect(await withoutSeconds("again")).toBe(await withoutSeconds("first"));
    expect(Buffer.compare(await model("again"), await model("first"))).toBe(0);

    const other = await graft(["train", "photos", ...tiny, "--out", "other", "--seed", "1"], folder);
    expect(other.exitCode).toBe(0);
    expect((await recordOf("other")).split.validation).not.toEqual((await recordOf("first")).split.validation);
    expect((await recordOf("other")).data.fingerprint).toBe((await recordOf("first")).data.fingerprint);
  });

  test("a folder with train, valid and test is not split, and the test photos are measured on the written file", async () => {
    await writePhotoFolder(join(folder, "sets", "train"), 6, ["red", "blue"], 1);
    await writePhotoFolder(join(folder, "sets", "valid"), 3, ["red", "blue"], 5000);
    await writePhotoFolder(join(folder, "sets", "test"), 4, ["red", "blue"], 9000);
    await cp(join(folder, "sets", "train", "red", "0.jpg"), join(folder, "sets", "test", "red", "seen.jpg"));
    const outcome = await graft(["train", "sets", ...tiny, "--out", "of-sets", "--json"], folder);
    expect(outcome.exitCode, outcome.stderr).toBe(0);
    const list = events(outcome.stdout);
    expect(list.at(-1)).toMatchObject({ event: "done", test_accuracy: 1, test_loss: expect.any(Number) as unknown });
    expect(list).toContainEqual({
      event: "warning",
      code: "shared-photos",
      message: expect.stringContaining("1 test photo is among the training photos") as unknown,
    });
    const { split } = await recordOf("of-sets");
    expect([split.training.length, split.validation.length, split.test.length]).toEqual([12, 6, 9]);
    const people = await graft(["train", "sets", ...tiny, "--out", "of-sets-2"], folder);
    expect(people.stdout).toMatch(/^test +accuracy 100\.0 % \(95 % interval/m);
  });

  test("the network stays frozen where the new classifier alone is right on many photos, unless it is told not to", async () => {
    await writePhotoFolder(join(folder, "many", "train"), 12, ["red", "blue"], 1);
    await writePhotoFolder(join(folder, "many", "validation"), 100, ["red", "blue"], 5000);
    const plain = await graft(["train", "many", ...tiny, "--out", "of-many"], folder);
    expect(plain.stderr).toMatch(/right on 100\.0 % of the photos that were held out: the network stays frozen/);
    expect(await readFile(join(folder, "of-many", "history.csv"), "utf8")).not.toContain("fine-tune");
    expect(await recordOf("of-many")).toMatchObject({ network: { unfrozen_from: "none" } });
    const told = await graft(["train", "many", ...tiny, "--unfreeze", "all", "--out", "of-many-2"], folder);
    expect(await readFile(join(folder, "of-many-2", "history.csv"), "utf8"), told.stderr).toContain("fine-tune");
  });

  test("--trunk-precision int8 says what it cost, and the model is exact", async () => {
    const int8 = ["--trunk-precision", "int8", "--unfreeze", "none"];
    const outcome = await graft(["train", "photos", ...tiny, ...int8, "--out", "int8"], folder);
    expect(outcome.exitCode, outcome.stderr).toBe(0);
    expect(outcome.stdout).toMatch(
      /^8 bits +1 of 1 frozen convolutions; what the classifier sees moves by \d+\.\d %; .* exactly$/m,
    );
    const { result } = await recordOf("int8");
    expect(result).toMatchObject({ trunk: { convolutions: 1, of: 1, photos: 16 } });
    const machine = await graft(["train", "photos", ...tiny, ...int8, "--out", "int8-2", "--json"], folder);
    expect(events(machine.stdout).at(-1)).toMatchObject({ trunk: { convolutions: 1, of: 1, exact_val_accuracy: 1 } });
    const wrong = await graft(["train", "photos", "--trunk-precision", "int4"], folder);
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stderr).toMatch(/--trunk-precision.*float32 or int8.*int4/s);
  });

  test("what is kept of photos is shown and cleared", async () => {
    const env = { GRAFT_CACHE: join(folder, "cache") };
    const run = (...args: string[]): Promise<Outcome> => startGraft(args, folder, env).outcome;
    await run("train", "photos", ...tiny, "--unfreeze", "none", "--out", "cached");
    const shown = await run("cache");
    expect(shown.stdout).toMatch(/^model +photos +size +last used[\s\S]*frozen network/);
    const cleared = await run("cache", "--clear", "--json");
    expect(events(cleared.stdout)).toMatchObject([{ event: "done", cleared: true }]);
    expect((await run("cache")).stdout).toMatch(/^Nothing is kept in /);
  });

  test("without --out the run goes to runs/<folder>-<date>-<time>", async () => {
    const outcome = await graft(["train", "photos", ...tiny, "--epochs", "1", "--unfreeze", "none"], folder);
    expect(outcome.exitCode).toBe(0);
    const [run] = await readdir(join(folder, "runs"));
    expect(run).toMatch(/^photos-\d{8}-\d{6}$/);
    expect(await readdir(join(folder, "runs", run ?? ""))).toContain("run.json");
  });

  test.skipIf(process.platform === "win32")("Ctrl+C keeps the best so far and exits with 130", async () => {
    // Each epoch is a little better than the one before: it would go on for long.
    const slow = ["--learning-rate", "1e-6", "--epochs", "10000", "--unfreeze", "all"];
    const running = startGraft(["train", "photos", ...tiny, ...slow, "--out", "stopped"], folder);
    await running.seen(/Epoch +[3-9]/);
    running.signal("SIGINT");
    const outcome = await running.outcome;
    expect(outcome.exitCode, outcome.stderr).toBe(130);
    expect(outcome.stderr).toMatch(/Stopping after this step/);
    expect(outcome.stderr).toMatch(
      /Stopped; the best weights until then were kept. To go on: graft train --resume stopped/,
    );
    expect(outcome.stdout).toContain(join("stopped", "model.onnx"));
    expect((await recordOf("stopped")).interrupted).toBe(true);
  });
});

describe("graft evaluate and predict on a trained run", () => {
  test("evaluate says that all photos were learned from, after they had measured", async () => {
    const outcome = await graft(["evaluate", "first", "photos", "--json"], folder);
    expect(outcome.exitCode, outcome.stderr).toBe(0);
    const done = events(outcome.stdout).at(-1);
    const { result, split } = await recordOf("first");
    // How many are foreign is said where the run has a threshold.
    const fields = Object.keys(done ?? {}).filter((name) => name !== "foreign");
    expect(fields.sort()).toEqual(
      [
        ...["event", "command", "photos", "loss", "accuracy", "accuracy_interval"],
        ...["balanced_accuracy", "calibration_error", "per_class", "confusion", "device"],
      ].sort(),
    );
    expect(done).toMatchObject({ event: "done", photos: split.validation.length + split.training.length });
    expect(done?.["loss"]).toBeLessThan(result.val_loss);
    expect(events(outcome.stdout)).toContainEqual(expect.objectContaining({ event: "warning", code: "trained-on" }));
  });

  describe("evaluate knows what a classifier has learned from", () => {
    const trainedOn = expect.objectContaining({ event: "warning", code: "trained-on" }) as unknown;
    const unknown = expect.objectContaining({ event: "warning", code: "split-unknown" }) as unknown;
    const evaluated = async (...args: string[]): Promise<ReturnType<typeof events>> =>
      events((await graft(["evaluate", ...args, "--json"], folder)).stdout);

    beforeAll(async () => {
      await mkdir(join(folder, "alone"));
      await cp(join(folder, "first", "model.onnx"), join(folder, "alone", "model.onnx"));
    });

    test("from its file alone, also under other names and elsewhere", async () => {
      await cp(join(folder, "photos"), join(folder, "moved"), { recursive: true });
      await rename(join(folder, "moved", "red", "0.jpg"), join(folder, "moved", "red", "renamed.jpg"));
      const all = await evaluated(join("alone", "model.onnx"), "moved");
      expect(all).toContainEqual(trainedOn);
      expect(all).not.toContainEqual(unknown);
      // One with other bytes is new, whatever its name.
      await writePhoto(join(folder, "moved", "red", "1.jpg"), "red", 901);
      const one = await evaluated(join("alone", "model.onnx"), "moved");
      expect(one).not.toContainEqual(trainedOn);
      expect(one.at(-1)).toMatchObject({ event: "done", photos: 1 });
    });

    test("and says where nobody knows", async () => {
      const model = readModel(await readFile(join(folder, "first", "model.onnx")), "model.onnx");
      const { learned_photos: photos = "", ...others } = model.metadata;
      const { split } = await recordOf("first");
      // Of two of the same there is one fingerprint.
      expect(photos).toHaveLength(8 * (split.training.length + split.validation.length - 1));
      await mkdir(join(folder, "silent"));
      await writeFile(join(folder, "silent", "model.onnx"), writeModel({ ...model, metadata: others }));
      expect(await evaluated("silent", "photos")).toContainEqual(unknown);
      await cp(join(folder, "first", "run.json"), join(folder, "silent", "run.json"));
      const known = await evaluated("silent", "photos");
      expect(known).not.toContainEqual(unknown);
      expect(known).toContainEqual(trainedOn);
    });
  });

  test("evaluate says which photos it took", async () => {
    const all = await graft(["evaluate", "first", "photos"], folder);
    expect(all.stdout).toMatch(/photos, all photos of photos\naccuracy {2}100\.0 %/);
    const sets = await graft(["evaluate", join("of-sets", "model.onnx"), "sets"], folder);
    expect(sets.stdout).toMatch(/^8 photos, the photos of sets.test that were kept out|^9 photos, the test photos/);
    expect(sets.stdout).toMatch(/class {2}photos {2}recognised {2}precision/);
  });

  test("predict tells new photos apart", async () => {
    await writePhoto(join(folder, "new", "a.jpg"), "blue", 777);
    await writePhoto(join(folder, "new", "b, c.jpg"), "green", 778);
    const photos = [join("new", "a.jpg"), join("new", "b, c.jpg")];
    const outcome = await graft(["predict", "first", ...photos], folder);
    expect(outcome).toMatchObject({ exitCode: 0, stderr: "" });
    expect(outcome.stdout).toMatch(/^new.a\.jpg {5}blue +\d+\.\d %.*\nnew.b, c\.jpg {2}green +\d+\.\d %.*\n$/);
  });
});

test("a run knows what it has learned from: other colours are called foreign, new photos of its own are not", async () => {
  const outcome = await graft(["train", "photos", ...tiny, "--unfreeze", "none", "--out", "knowing"], folder);
  expect(outcome.exitCode, outcome.stderr).toBe(0);
  const { result } = await recordOf("knowing");
  const { distance_threshold = Number.NaN } = result.held_out ?? {};
  const { metadata, outputs } = readModel(new Uint8Array(await model("knowing")), "model.onnx");
  expect(metadata["distance_threshold"]).toBe(String(distance_threshold));
  expect(outputs).toMatchObject([
    { name: "probabilities", shape: ["N", 3] },
    { name: "distance", type: "float32", shape: ["N"] },
  ]);
  const own = Array.from({ length: 12 }, (_, index) => join("fresh", `${index}.jpg`));
  for (const [index, path] of own.entries()) {
    await writePhoto(join(folder, path), (["red", "green", "blue"] as const)[index % 3] ?? "red", 3000 + index);
  }
  const violet = join("fresh", "violet.png");
  await sharp({ create: { width: 48, height: 40, channels: 3, background: "#f0f" } }).toFile(join(folder, violet));
  const predictions = events((await graft(["predict", "knowing", ...own, violet, "--json"], folder)).stdout).slice(
    0,
    13,
  );
  expect(predictions.at(-1)).toMatchObject({ path: violet, foreign: true, label: expect.any(String) as unknown });
  expect(predictions.slice(0, -1).filter(({ foreign }) => foreign === true).length).toBeLessThanOrEqual(3);
  for (const { distance, foreign } of predictions) expect(Number(distance) > distance_threshold).toBe(foreign);
});

async function model(run: string): Promise<Buffer> {
  return readFile(join(folder, run, "model.onnx"));
}

import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Backbone } from "../applications/backbone.js";
import { EngineError } from "../errors/errors.js";
import { hashBytes } from "../files/checksum.js";
import { Sequential } from "../models/sequential.js";
import { Input } from "../nn/layers/core/input.js";
import type { Runtime } from "../runtime/runtime.js";
import type { EpochRow, FineTuneEvent, FineTuneOptions, FineTuneResult } from "../recipe/fine-tune-types.js";
import type { JobParts } from "../jobs/parts.js";
import { photoFingerprint } from "../photos/photo-fingerprints.js";
import { runRecord } from "../runs/run-record.js";
import { run } from "./run.js";
import type { Surroundings } from "./surroundings.js";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-train-fake-"));
  for (const name of ["cat", "dog"]) {
    await mkdir(join(folder, "photos", name), { recursive: true });
    // Only the first bytes are looked at: the fake recipe decodes nothing.
    for (let index = 0; index < 5; index++) {
      await writeFile(
        join(folder, "photos", name, `${index}.jpg`),
        Buffer.from(`\xff\xd8\xff${name}${index}`, "latin1"),
      );
    }
  }
});
afterEach(() => rm(folder, { recursive: true }));

function row(epoch: number, figures: Partial<EpochRow> = {}): EpochRow {
  return {
    ...{ phase: "head", epoch, loss: 0.5, accuracy: 0.9, val_loss: 0.6, val_accuracy: 0.88 },
    ...{ learning_rate: 0.001, seconds: 1.5, ...figures },
  };
}

function result(best: EpochRow, validation: number, epochs: readonly EpochRow[] = [best]): FineTuneResult {
  return {
    ...{ model: new Sequential(), epochs, bestEpoch: best.epoch, best },
    ...{ photos: { training: 4 * validation, validation, skipped: 0 }, seconds: 1 },
    ...{ alike: false, unfrozenFrom: "none" },
    learnedFrom: [],
    familiar: undefined,
    heldOut: {
      measuredWith: Array.from({ length: validation }, (_, index) => ({ path: `photos/${index}.jpg`, classIndex: 0 })),
      truth: Array.from({ length: validation }, () => 0),
      probabilities: Array.from({ length: validation }, () => [0.9, 0.1]),
    },
  };
}

const backbone: Backbone = {
  record: { name: "fake", description: "A fake.", licence: "MIT", imageSize: 32, preprocess: "tf" },
  ...{ imageSize: 32, model: new Sequential([Input({ shape: [32, 32, 3] })]), stages: ["block5"] },
};

/** Runs `graft` with a fake recipe; `interrupt` stands for Ctrl+C, and `onReport` is called when the page about the run is made. */
function setUp(
  fineTune: (options: FineTuneOptions, interrupt: () => void) => Promise<FineTuneResult>,
  network: Backbone | Promise<Backbone> = backbone,
  onReport: (interrupt: () => void) => void = () => undefined,
) {
  const stdout: string[] = [];
  const stderr: string[] = [];
  let ends = 0;
  let left = 0;
  const asked: Parameters<JobParts["loadBackbone"]>[0][] = [];
  const recipes: FineTuneOptions[] = [];
  const listeners = new Set<() => void>();
  const parts: JobParts = {
    networkRecords: () => Promise.resolve([backbone.record]),
    networkSpeeds: () => Promise.reject(new Error("not in this test")),
    versions: () => Promise.resolve({ graft: "1", onnxruntime: "2", sharp: "4", vips: "5", node: "3" }),
    createRuntime: () => Promise.resolve({ device: "cpu" } as Runtime),
    prepareReading: () => Promise.resolve(),
    loadBackbone: (request) => {
      asked.push(request);
      return Promise.resolve(network);
    },
    inspectNetwork: () => Promise.reject(new Error("not in this test")),
    fineTune: async (options) => {
      recipes.push(options);
      const finished = await fineTune(options, interrupt);
      // Stopped at once, the real one has nothing.
      const { best: row, model, heldOut, learnedFrom, familiar, unfrozenFrom } = finished;
      if (finished.epochs.length > 0)
        await options.onBetter?.({ row, model, heldOut, learnedFrom, familiar, unfrozenFrom });
      return finished;
    },
    measureExactly: (_options, finished) => Promise.resolve(finished),
    probabilitiesInMemory: () => Promise.resolve([]),
    exportClassifier: () => Promise.resolve(Uint8Array.of(1, 2, 3)),
    openBatchClassifier: () => Promise.reject(new Error("not in this test")),
    openClassifier: () => Promise.reject(new Error("not in this test")),
    openExportable: () => Promise.reject(new Error("not in this test")),
    openExplainer: () => {
      onReport(interrupt);
      return Promise.resolve({
        ...{ labels: [], framing: { crop: 1, keepProportions: false }, shrinksTo: undefined },
        explain: () => Promise.reject(new Error("none of the photos is there")),
        release: () => Promise.resolve(),
      });
    },
    activations: () => Promise.reject(new Error("not in this test")),
  };
  let now = 0;
  const interrupt = (): void => {
    // Nobody presses twice within a tenth of a second.
    now += 100;
    for (const listener of listeners) listener();
  };
  const surroundings: Surroundings = {
    stdout: { write: (text) => stdout.push(text) },
    stderr: { write: (text) => stderr.push(text) },
    readInput: () => Promise.resolve(new Uint8Array()),
    env: {},
    now: () => (now += 100),
    elapsed: () => (now += 100),
    parts,
    onInterrupt(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    endNow: () => (ends += 1),
    goOnUnread: () => undefined,
    leaveBehind: () => (left += 1),
    serve: () => Promise.reject(new Error("not in this test")),
  };
  const graft = async (...flags: string[]) =>
    run(["train", join(folder, "photos"), "--network", "fake", "--out", join(folder, "run"), ...flags], surroundings);
  return { graft, stdout, stderr, ends: () => ends, left: () => left, asked, recipes, listeners };
}

test("options reach the network and the recipe; what is not given is left to them", async () => {
  const { graft, asked, recipes } = setUp(() => Promise.resolve(result(row(1), 2)));
  const flags = ["--preprocess", "caffe", "--image-size", "96", "--epochs", "3", "--batch-size", "4"];
  expect(await graft(...flags, "--learning-rate", "0.01", "--unfreeze", "none", "--seed", "9")).toBe(0);
  expect(asked[0]).toMatchObject({ network: "fake", preprocess: "caffe", imageSize: 96 });
  expect(recipes[0]).toMatchObject({ epochs: 3, batchSize: 4, learningRate: 0.01, unfreeze: "none", seed: 9 });
  expect([recipes[0]?.training.length, recipes[0]?.validation.length]).toEqual([8, 2]);

  const plain = setUp(() => Promise.resolve(result(row(1), 2)));
  await rm(join(folder, "run"), { recursive: true });
  expect(await plain.graft()).toBe(0);
  const given = Object.keys(plain.recipes[0] ?? {});
  for (const name of ["epochs", "batchSize", "learningRate", "unfreeze"]) expect(given).not.toContain(name);
  expect(Object.keys(plain.asked[0] ?? {}).sort()).toEqual(["network", "onProgress", "onWarning"]);
});

test("that a model is better is said of what photos have measured, not of what has learned from them afterwards", async () => {
  const { graft, stderr } = setUp(async (options) => {
    const finished = result(row(8, { phase: "fine-tune" }), 20);
    const { model, heldOut, familiar, unfrozenFrom } = finished;
    const told = { model, heldOut, familiar, unfrozenFrom, learnedFrom: options.training };
    await options.onBetter?.({ ...told, row: row(1) });
    await options.onBetter?.({ ...told, row: finished.best });
    return finished;
  });
  expect(await graft()).toBe(0);
  const lines = stderr.join("").split("\n");
  expect(lines.filter((line) => line.includes("is better now"))).toHaveLength(1);
  expect(lines.filter((line) => line.includes("is written anew"))).toHaveLength(1);
});

test("Ctrl+C does not wait for a network's file that is read for ever", async () => {
  const endless = new Promise<Backbone>(() => undefined);
  const { graft, stderr, left, asked, listeners } = setUp(() => Promise.reject(new Error("never begun")), endless);
  const running = graft();
  while (asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  for (const listener of listeners) listener();
  expect(await running).toBe(130);
  expect(stderr.join("")).toContain("Stopped before the new classifier was there: there is nothing to keep.");
  expect(left()).toBe(1);
  expect(await readdir(folder)).toEqual(["photos"]);
});

test("what is wrong with the network, and with weights of classes, is said before photos are read", async () => {
  const refused = Promise.reject<Backbone>(new EngineError("It does not do.", { subject: "network" }));
  refused.catch(() => undefined);
  const { graft, stdout } = setUp(() => Promise.reject(new Error("never begun")), refused);
  expect(await graft("--json")).toBe(1);
  expect(stdout.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual(["error"]);

  await writeFile(join(folder, "weights.json"), '{"cat": 1, "cow": 2}');
  const weighted = setUp(() => Promise.reject(new Error("never begun")));
  expect(await weighted.graft("--json", "--class-weights", join(folder, "weights.json"))).toBe(2);
  expect(weighted.stdout.map((line) => (JSON.parse(line) as { event: string }).event)).toEqual(["error"]);
  expect(weighted.asked).toEqual([]);
});

test("photos that have taught the network in an earlier run, and are to measure now, are told", async () => {
  const files = ["cat", "dog"].flatMap((name) => [0, 1, 2, 3, 4].map((index) => `\xff\xd8\xff${name}${index}`));
  const hashes = files.map((bytes) => photoFingerprint(hashBytes(Buffer.from(bytes, "latin1"), "sha256")));
  const { graft, stdout } = setUp(() => Promise.resolve(result(row(1), 2)), {
    ...backbone,
    learnedPhotos: new Set(hashes),
  });
  expect(await graft("--json")).toBe(0);
  const warnings = stdout.map((line) => JSON.parse(line) as { code?: string; message?: string });
  const [shared, ...others] = warnings.filter(({ code }) => code === "shared-photos");
  expect(shared?.message).toMatch(/^The network fake has learned from 2 photos before that it is measured with here/);
  expect(others).toEqual([]);
});

/** Epochs of a trained network: these validation losses, while the training loss falls. */
function trained(...losses: readonly number[]): EpochRow[] {
  return losses.map((val_loss, index) =>
    row(index + 1, { phase: "fine-tune", loss: 1 / (index + 2), accuracy: 0.99, val_loss, val_accuracy: 0.95 }),
  );
}

test.each([
  // A linear classifier of many features is right on all of its own photos, and may be the best that there is.
  ["a head that knows its own photos by heart", [row(1, { accuracy: 1, val_accuracy: 0.7 })], 1000, []],
  ["a head on few photos", [row(1, { accuracy: 1, val_accuracy: 0.4 })], 20, ["noisy-validation"]],
  ["a training whose validation loss rises", trained(0.3, 0.36, 0.39, 0.45, 0.48, 0.55, 0.58), 1000, ["overfitting"]],
  ["a training whose validation loss goes up and down", trained(0.3, 0.4, 0.3, 0.38, 0.31, 0.39, 0.32), 1000, []],
  ["a training that is far better on its own photos", trained(0.6, 0.55, 0.52, 0.5, 0.5, 0.5, 0.5), 1000, []],
  ["a gap that few photos do not prove", [row(1, { accuracy: 0.9, val_accuracy: 0.78 })], 9, ["noisy-validation"]],
])("%s", async (_what, epochs, validation, codes) => {
  const [best = row(1)] = epochs;
  const { graft, stdout } = setUp(() => Promise.resolve(result(best, validation, epochs)));
  expect(await graft("--json")).toBe(0);
  const events = stdout.map((line) => JSON.parse(line) as { event: string; code?: string; message?: string });
  // The fake recipe's photos are nowhere: the report has no pictures.
  const warnings = events.filter(({ event, code }) => event === "warning" && code !== "no-pictures");
  expect(warnings.map(({ code }) => code)).toEqual(codes);
  // The record keeps them, and the picture says them.
  const record = runRecord.parse(JSON.parse(await readFile(join(folder, "run", "run.json"), "utf8")));
  expect(record.result.warnings).toEqual(warnings.map(({ code, message }) => ({ code, message })));
  const svg = await readFile(join(folder, "run", "curves.svg"), "utf8");
  for (const { message = "" } of warnings) expect(svg).toContain(message.slice(0, 60));
});

test("Ctrl+C stops the recipe, keeps its result, and a second one ends the process at once", async () => {
  const { graft, stderr, ends, listeners } = setUp((options, interrupt) => {
    options.onEvent?.({ event: "progress", stage: "training", unit: "steps", done: 1, total: 9, epoch: 1, epochs: 2 });
    interrupt();
    expect(options.signal?.aborted).toBe(true);
    interrupt();
    return Promise.resolve(result(row(1), 2));
  });
  expect(await graft()).toBe(130);
  expect(ends()).toBe(1);
  expect(stderr.join("")).toMatch(/or graft report \S+ for the page about it/);
  expect(stderr.join("")).toMatch(/Warning: Stopping after this step.*Ctrl\+C again ends at once/);
  expect((await readdir(join(folder, "run"))).sort()).toEqual([
    "checkpoints",
    "curves.svg",
    expect.stringMatching(/^events\.out\.tfevents\./),
    "history.csv",
    "model.onnx",
    "photos.jsonl",
    "predictions.jsonl",
    "run.json",
  ]);
  expect(JSON.parse(await readFile(join(folder, "run", "run.json"), "utf8"))).toMatchObject({ interrupted: true });
  // The process must not keep hearing it.
  expect(listeners.size).toBe(0);
});

test.each([["in words"], ["--json"]])(
  "Ctrl+C while the page about the run is made: the run is complete, and it is said how to make the page (%s)",
  async (form) => {
    const { graft, stdout, stderr } = setUp(
      () => Promise.resolve(result(row(1), 2)),
      backbone,
      (interrupt) => {
        interrupt();
      },
    );
    expect(await graft(...(form === "--json" ? [form] : []))).toBe(0);
    const said = /is complete, but its report is not: it was stopped while that was made\. Later: graft report \S/;
    if (form === "--json") {
      const events = stdout.map((line) => JSON.parse(line) as Record<string, unknown>);
      const message = expect.stringMatching(said) as unknown;
      expect(events).toContainEqual(expect.objectContaining({ event: "warning", code: "no-report", message }));
      expect(events.at(-1)).toMatchObject({ event: "done", command: "train" });
      expect(events.at(-1)).not.toHaveProperty("report");
      expect(stderr).toEqual([]);
    } else expect(stderr.join("")).toMatch(said);
    const left = await readdir(join(folder, "run"));
    expect(left).toContain("run.json");
    expect(left).not.toContain("report.html");
    expect(left).not.toContain("checkpoints");
  },
);

test.each([
  ["the recipe has not fitted anything", () => Promise.resolve(result(row(1), 2, []))],
  ["the recipe fails because of it", () => Promise.reject(new Error("stopped"))],
])("Ctrl+C before the first step leaves nothing behind: %s", async (_what, end) => {
  const { graft, stdout, stderr } = setUp((_options, interrupt) => {
    interrupt();
    return end();
  });
  expect(await graft("--json")).toBe(130);
  expect(stdout.at(-1)).toMatch(/^\{"event":"error","code":"interrupted","message":"Stopped before/);
  expect(stderr).toEqual([]);
  expect(await readdir(folder)).toEqual(["photos"]);
});

test("a failure leaves nothing behind and exits with 1", async () => {
  const { graft, stderr, listeners } = setUp(() =>
    Promise.reject(new EngineError("The engine failed.", { subject: "onnxruntime" })),
  );
  expect(await graft()).toBe(1);
  expect(stderr.at(-1)).toBe("Error: The engine failed.\n");
  expect(await readdir(folder)).toEqual(["photos"]);
  expect(listeners.size).toBe(0);
});

test("epochs of milliseconds give a line a second, and each stage one of its own", async () => {
  const { graft, stderr, stdout } = setUp((options) => {
    const rows = Array.from({ length: 40 }, (_, index) => row(index + 1, index < 20 ? {} : { phase: "fine-tune" }));
    for (const epoch of rows) {
      if (epoch.epoch === 21) options.onEvent?.({ event: "stage", stage: "last-stage", seconds_left: 90 });
      if (epoch.epoch === 31) options.onEvent?.({ event: "stage", stage: "all-photos", seconds_left: 0 });
      options.onEvent?.({ event: "epoch", epochs: 40, ...epoch });
    }
    return Promise.resolve(result(row(1), 2, rows));
  });
  expect(await graft()).toBe(0);
  const lines = stderr.filter((line) => line.startsWith("Epoch"));
  // Who writes for TensorBoard looks at the clock, too: 40 epochs take 12 s by it.
  expect(lines.length).toBeLessThanOrEqual(14);
  expect(lines[0]).toBe("Epoch   1  loss 0.500, accuracy 90.0 %; validation loss 0.600, accuracy 88.0 %; 1.5 s\n");
  expect(stderr.join("")).toMatch(/^The last stage of the network learns too\. 1 min 30 s left\.$/m);
  expect(stderr.join("")).toMatch(/ The time that was given is over\.$/m);
  expect(stdout.join("")).toMatch(/^best epoch {2}1 of 40$/m);
});

test("the record holds what is needed to repeat the run", async () => {
  const { graft } = setUp((options) => {
    options.onEvent?.({ event: "skipped", path: join(folder, "photos", "cat", "0.jpg"), reason: "damaged" });
    return Promise.resolve(result(row(1), 2));
  });
  expect(await graft("--seed", "3", "--epochs", "2")).toBe(0);
  const record = JSON.parse(await readFile(join(folder, "run", "run.json"), "utf8")) as Record<string, unknown>;
  // The schema that reads it is the one that it is written by.
  expect(runRecord.parse(record)).toEqual(record);
  expect(record).toMatchObject({
    versions: { graft: "1", onnxruntime: "2", node: "3" },
    configuration: { network: "fake", epochs: 2, seed: 3, batch_size: null, device: "cpu" },
    network: { name: "fake", licence: "MIT", preprocess: "tf", image_size: 32, unfrozen_from: "none" },
    data: {
      directory: join(folder, "photos"),
      classes: ["cat", "dog"],
      skipped: [{ path: "cat/0.jpg", reason: "damaged" }],
    },
    split: { division: "drawn", seed: 3, test: [] },
    result: { epochs: 1, best_epoch: 1, val_accuracy: 0.88 },
  });
  const { split } = record as { split: { training: string[]; validation: string[] } };
  expect([...split.training, ...split.validation].sort()[0]).toBe("cat/1.jpg");
});

describe("--class-weights", () => {
  /** Adds photos of dogs, so that there are 5 cats and as many dogs as wanted. */
  async function dogs(total: number): Promise<void> {
    for (let index = 5; index < total; index++) {
      await writeFile(join(folder, "photos", "dog", `${index}.jpg`), Buffer.from(`\xff\xd8\xffdog${index}`, "latin1"));
    }
  }

  async function weightsOfRecord(): Promise<unknown> {
    const record: unknown = JSON.parse(await readFile(join(folder, "run", "run.json"), "utf8"));
    return runRecord.parse(record).class_weights;
  }

  test.each([
    ["classes alike", 7, undefined, { kind: "none", asked: false, by_class: { cat: 1, dog: 1 } }],
    ["one class twice as large", 10, undefined, { kind: "balanced", asked: false, by_class: { cat: 1.5, dog: 0.75 } }],
    ["none", 10, "none", { kind: "none", asked: true, given: "none", by_class: { cat: 1, dog: 1 } }],
    ["balanced", 5, "balanced", { kind: "balanced", asked: true, given: "balanced", by_class: { cat: 1, dog: 1 } }],
  ])("the record says how photos counted: %s", async (_what, total, value, expected) => {
    await dogs(total);
    const { graft, recipes } = setUp(() => Promise.resolve(result(row(1), 2)));
    expect(await graft(...(value === undefined ? [] : ["--class-weights", value]))).toBe(0);
    expect(recipes[0]?.classWeights).toBe(value);
    expect(await weightsOfRecord()).toEqual(expected);
  });

  test("a file gives a number for each class", async () => {
    const file = join(folder, "weights.json");
    await writeFile(file, '\uFEFF{"cat": 3, "dog": 1}');
    const { graft, recipes } = setUp(() => Promise.resolve(result(row(1), 2)));
    expect(await graft("--class-weights", file)).toBe(0);
    expect(recipes[0]?.classWeights).toEqual({ cat: 3, dog: 1 });
    expect(await weightsOfRecord()).toEqual({
      kind: "given",
      asked: true,
      given: { cat: 3, dog: 1 },
      by_class: { cat: 1.5, dog: 0.5 },
    });
  });

  test.each([
    ["no JSON", "cat: 1", /Received: no JSON/],
    ["a list", "[1, 2]", /Received: \[1, 2\], which is no object/],
    ["an unknown class", '{"cat": 1, "dog": 1, "cow": 1}', /a weight for "cow", which is no class/],
    ["a missing class", '{"cat": 1}', /none for "dog"/],
    ["zero", '{"cat": 1, "dog": 0}', /0 for "dog"/],
    ["a negative number", '{"cat": 1, "dog": -2}', /-2 for "dog"/],
    ["a text", '{"cat": 1, "dog": "2"}', /"2" for "dog"/],
  ])("a file with %s is refused before a network is loaded", async (_what, text, message) => {
    const file = join(folder, "weights.json");
    await writeFile(file, text);
    const { graft, asked, stderr } = setUp(() => Promise.reject(new Error("not in this test")));
    expect(await graft("--class-weights", file)).toBe(2);
    expect(stderr.join("")).toMatch(message);
    expect(asked).toEqual([]);
    expect(await readdir(folder)).not.toContain("run");
  });

  test("a file that does not exist is refused, and a word that was meant is found", async () => {
    const { graft, stderr } = setUp(() => Promise.reject(new Error("not in this test")));
    expect(await graft("--class-weights", "balancd")).toBe(2);
    expect(stderr.join("")).toMatch(
      /none, balanced, or a JSON file[\s\S]*does not exist[\s\S]*Did you mean "balanced"/,
    );
  });

  test("people and machines hear of it, and the end says what was recognised of each class", async () => {
    const weighting: FineTuneEvent = {
      ...{ event: "weighting", kind: "balanced", asked: false, weights: { cat: 1.5, dog: 0.75 } },
      ...{ smallest: { label: "cat", photos: 5 }, largest: { label: "dog", photos: 10 } },
    };
    await dogs(10);
    const told = setUp((options) => {
      options.onEvent?.(weighting);
      return Promise.resolve(result(row(1), 2));
    });
    expect(await told.graft()).toBe(0);
    expect(told.stderr.join("")).toContain(
      'Classes have from 5 photos ("cat") to 10 ("dog") to learn from: each class counts alike, or small ones would be ' +
        "missed (--class-weights none lets each photo count alike).\n",
    );
    const text = told.stdout.join("");
    expect(text).toMatch(
      /^weights +balanced, for classes differ in size: each class counts alike, in these losses too$/m,
    );
    expect(text).toMatch(
      /^class +photos +recognised +precision +F1\ncat +2 +100\.0 % +100\.0 % +100\.0 %\ndog +0 +– +– +–$/m,
    );

    await rm(join(folder, "run"), { recursive: true });
    const machine = setUp((options) => {
      options.onEvent?.(weighting);
      return Promise.resolve(result(row(1), 2));
    });
    expect(await machine.graft("--json")).toBe(0);
    expect(machine.stdout.map((line): unknown => JSON.parse(line))).toContainEqual(weighting);
  });
});

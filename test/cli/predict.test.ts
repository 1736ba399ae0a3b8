import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { colourClassifier } from "./colour-classifier.js";
import { events, graft, startGraft } from "./command.js";
import { writePhoto, writePhotoFolder } from "./photos.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-predict-"));
  await mkdir(join(folder, "run"));
  await writeFile(join(folder, "run", "model.onnx"), colourClassifier());
  await writePhotoFolder(join(folder, "photos"), 4);
  await writePhoto(join(folder, "photos", "red", "wrong.jpg"), "blue", 50);
  await writeFile(join(folder, "text.jpg"), "this is no photo");
});
afterAll(() => rm(folder, { recursive: true }));

const [red, blue] = [join("photos", "red", "0.jpg"), join("photos", "blue", "1.jpg")];

test("predict: one aligned line a photo; a broken one is named and the others still come", async () => {
  const outcome = await graft(["predict", "run", red, "text.jpg", blue], folder);
  expect(outcome.exitCode).toBe(0);
  expect(outcome.stdout).toMatch(
    /^photos.red.0\.jpg {3}red {4} \d\d\.\d %\nphotos.blue.1\.jpg {2}blue {3} \d\d\.\d %\n$/,
  );
  expect(outcome.stderr).toMatch(/^Skipped text\.jpg: it is not a JPEG.*\.\n$/);
});

test("predict --json: predictions in order, skipped, done", async () => {
  const outcome = await graft(["predict", join("run", "model.onnx"), red, "text.jpg", blue, "--json"], folder);
  expect(outcome).toMatchObject({ exitCode: 0, stderr: "" });
  const list = events(outcome.stdout);
  expect(list.map(({ event }) => event)).toEqual(["prediction", "skipped", "prediction", "done"]);
  const [prediction] = list;
  expect(prediction).toMatchObject({ path: red, label: "red" });
  const probabilities = Object.entries(prediction?.["probabilities"] as Record<string, number>);
  expect(probabilities.map(([label]) => label)).toEqual(["red", "green", "blue"]);
  expect(probabilities.reduce((sum, [, value]) => sum + value, 0)).toBeCloseTo(1, 5);
  expect(prediction?.["probability"]).toBe(Math.max(...probabilities.map(([, value]) => value)));
  const byClass = { red: 1, green: 0, blue: 1 };
  expect(list.at(-1)).toEqual({
    ...{ event: "done", command: "predict", photos: 2, skipped: 1, by_class: byClass, device: "cpu" },
  });
});

test("a photo like nothing that was learned from is called so, in line; its label is still given", async () => {
  await mkdir(join(folder, "says-distance"), { recursive: true });
  // Red photos have a red of 200 or so of 255, blue ones 210.
  await writeFile(join(folder, "says-distance", "model.onnx"), colourClassifier({ distanceThreshold: "0.2" }));
  const people = await graft(["predict", "says-distance", red, blue], folder);
  expect(people.exitCode, people.stderr).toBe(0);
  expect(people.stdout).toMatch(
    /^photos.red.0\.jpg {3}red {4} \d\d\.\d % {2}like nothing it has learned from\nphotos.blue.1\.jpg {2}blue {3} \d\d\.\d %\n$/,
  );
  const machine = events((await graft(["predict", "says-distance", red, blue, "--json"], folder)).stdout);
  expect(machine[0]).toMatchObject({ path: red, label: "red", foreign: true });
  expect(machine[0]?.["distance"]).toBeCloseTo(1 - 200 / 255, 1);
  expect(machine[1]).toMatchObject({ path: blue, label: "blue", foreign: false });
  const measured = await graft(["evaluate", "says-distance", "photos"], folder);
  expect(measured.stdout).toMatch(/^foreign {3}8 of 13 are like nothing it has learned from$/m);
  expect(events((await graft(["evaluate", "says-distance", "photos", "--json"], folder)).stdout).at(-1)).toMatchObject({
    event: "done",
    foreign: 8,
  });
});

test("predict ends quietly when its reader has seen enough, in the middle of many photos", async () => {
  const many = Array.from({ length: 400 }, (_, index) => join("photos", "red", `${index % 4}.jpg`));
  const running = startGraft(["predict", "run", ...many, "--json"], folder);
  await running.seen('"prediction"');
  running.closeStdout();
  const { exitCode, stderr } = await running.outcome;
  expect(stderr).toBe("");
  // As other programs do: of the signal that says so.
  if (process.platform !== "win32") expect(exitCode).toBeNull();
});

test("predict --device auto says which device it is", async () => {
  const outcome = await graft(["predict", "run", red, "--device", "auto"], folder);
  expect(outcome.exitCode, outcome.stderr).toBe(0);
  expect(outcome.stderr).toMatch(/^Device: (cuda|dml|webgpu|coreml|cpu)\.\n$/);
});

test("predict keeps the order of many photos of different sizes", async () => {
  const many = Array.from({ length: 4 }, (_, index) =>
    ["red", "green", "blue"].map((name) => join("photos", name, `${index}.jpg`)),
  );
  const outcome = await graft(["predict", "run", ...many.flat(), "--json"], folder);
  const predictions = events(outcome.stdout).filter(({ event }) => event === "prediction");
  expect(predictions.map(({ path }) => path)).toEqual(many.flat());
  expect(predictions.every(({ path, label }) => String(path).includes(String(label)))).toBe(true);
});

test("predict says the same of a photo alone and among many, which several copies of the network look at", async () => {
  const alone = events((await graft(["predict", "run", red, "--json"], folder)).stdout)[0];
  const many = Array.from({ length: 60 }, (_, index) => (index % 7 === 3 ? "text.jpg" : index % 2 === 0 ? red : blue));
  const outcome = await graft(["predict", "run", ...many, "--json"], folder);
  expect(outcome).toMatchObject({ exitCode: 0, stderr: "" });
  const list = events(outcome.stdout);
  expect(list.slice(0, -1).map(({ path }) => path)).toEqual(many);
  const likelihoods = (event: unknown): unknown => (event as Record<string, unknown>)["probabilities"];
  for (const [index, path] of many.entries()) {
    if (path === "text.jpg") expect(list[index]).toMatchObject({ event: "skipped" });
    else expect(list[index]).toMatchObject({ event: "prediction", label: path === red ? "red" : "blue" });
    if (path === red) expect(likelihoods(list[index])).toEqual(likelihoods(alone));
  }
  expect(list.at(-1)).toMatchObject({ event: "done", photos: 51, skipped: 9 });
});

test("evaluate: accuracy with its interval, loss, classes, confusion", async () => {
  const outcome = await graft(["evaluate", "run", "photos"], folder);
  expect(outcome.exitCode, outcome.stderr).toBe(0);
  expect(outcome.stdout).toMatch(
    /^13 photos, all photos of photos\naccuracy {2}92\.3 % \(95 % interval: 65\.5 to 99\.3 % of 100 new photos\)\nbalanced {2}\d+\.\d %.*\nprobable {2}off by \d+\.\d %.*\nloss {6}\d/,
  );
  expect(outcome.stdout).toMatch(/^red +5 +80\.0 % +100\.0 % +88\.9 %$/m);
  expect(outcome.stdout).toMatch(/^blue +4 +100\.0 % +80\.0 % +88\.9 %$/m);
  // Classes come in the classifier's order, not in that of the folders.
  expect(outcome.stdout).toMatch(/1 {2}red +4 +· +1\n2 {2}green +· +4 +·\n3 {2}blue +· +· +4/);
});

test("evaluate --json", async () => {
  const outcome = await graft(["evaluate", "run", "photos", "--json"], folder);
  expect(outcome).toMatchObject({ exitCode: 0, stderr: "" });
  const done = events(outcome.stdout).at(-1);
  expect(done).toMatchObject({ event: "done", photos: 13, accuracy: 12 / 13 });
  expect(done?.["confusion"]).toEqual([
    [4, 0, 1],
    [0, 4, 0],
    [0, 0, 4],
  ]);
  expect((done?.["per_class"] as unknown[])[0]).toEqual({
    label: "red",
    photos: 5,
    predicted: 4,
    recall: 0.8,
    precision: 1,
    f1: 8 / 9,
  });
});

test("networks", async () => {
  const people = await graft(["networks"], folder);
  expect(people.exitCode).toBe(0);
  expect(people.stdout).toMatch(
    /^image +pixels +MB +top 1 +ms +licence +name\n +224 +tf +17 .*Apache-2.0 +mobilenetv2\n/,
  );
  // Accuracies stand in their column, with marks and without, and nothing in it is spelled out.
  expect(people.stdout).toMatch(/^ +224 +caffe +59 +71\.3 % +CC-BY-4\.0 +vgg16$/m);
  expect(people.stdout).toMatch(/ 81\.1 % +l +/);
  const machine = events((await graft(["networks", "--json"], folder)).stdout);
  expect(machine[0]).toMatchObject({ event: "network", name: "mobilenetv2", licence: "Apache-2.0", megabytes: 17 });
  expect(machine).toContainEqual(
    expect.objectContaining({
      ...{ name: "hf:onnx-community/dinov2-small", image_size: 224, megabytes: 89 },
      ...{ accuracy: 81.1, accuracy_by: "linear", accuracy_source: "arXiv:2304.07193" },
    }),
  );
  expect(machine.at(-1)).toEqual({ event: "done", command: "networks", networks: machine.length - 1 });
});

test.each([
  "--help",
  "train --help",
  "predict --help",
  "evaluate --help",
  "explain --help",
  "networks --help",
  "cache --help",
  "help train",
])("%s explains itself on stdout", async (args) => {
  const outcome = await graft(args.split(" "), folder);
  expect(outcome).toMatchObject({ exitCode: 0, stderr: "" });
  expect(outcome.stdout).toMatch(/^Usage: graft/);
  expect(outcome.stdout).toMatch(/Examples?:\n {2}graft /);
  expect(Math.max(...outcome.stdout.split("\n").map(({ length }) => length))).toBeLessThanOrEqual(110);
});

test("--version", async () => {
  expect(await graft(["--version"], folder)).toEqual({
    exitCode: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as unknown,
    stderr: "",
  });
});

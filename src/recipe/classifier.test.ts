import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FileError, ShapeError } from "../errors/errors.js";
import { createNodeRuntime } from "../runtime/node/runtime.js";
import { colourClassifier } from "../../test/cli/colour-classifier.js";
import { openClassifier } from "./open-classifier.js";

const runtime = createNodeRuntime({ threads: 1 });
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-classifier-"));
  await mkdir(join(folder, "run"));
  await writeFile(join(folder, "run", "model.onnx"), colourClassifier());
});
afterAll(() => rm(folder, { recursive: true }));

async function file(bytes: Uint8Array): Promise<string> {
  const path = join(folder, "other.onnx");
  await writeFile(path, bytes);
  return path;
}

const blue = { width: 3, height: 2, data: Uint8Array.from({ length: 18 }, (_, index) => (index % 3 === 2 ? 255 : 0)) };

test.each(["run", join("run", "model.onnx")])("opens %s and looks at a photo", async (path) => {
  const classifier = await openClassifier(runtime, join(folder, path));
  expect(classifier.labels).toEqual(["red", "green", "blue"]);
  expect(classifier.metadata).toMatchObject({ network: "colours" });
  const { probabilities, distance, foreign } = await classifier.predict(blue);
  const [red, , other] = probabilities;
  // Files of other versions do not say it.
  expect([distance, foreign, classifier.distanceThreshold]).toEqual([undefined, undefined, undefined]);
  expect(other).toBeCloseTo(Math.exp(5.1) / (Math.exp(5.1) + 2), 5);
  expect(red).toBeCloseTo(1 / (Math.exp(5.1) + 2), 5);
  await classifier.release();
});

test("what the file says of distances comes with the probabilities; without a threshold nothing is foreign", async () => {
  const grey = { width: 2, height: 1, data: Uint8Array.from({ length: 6 }, () => 51) };
  const classifier = await openClassifier(runtime, await file(colourClassifier({ distanceThreshold: "0.5" })));
  expect(classifier.distanceThreshold).toBe(0.5);
  expect(await classifier.predict(blue)).toMatchObject({ distance: 0, foreign: false });
  const { probabilities, distance, foreign } = await classifier.predict(grey);
  expect([probabilities.length, foreign]).toEqual([3, true]);
  expect(distance).toBeCloseTo(0.8, 6);
  await classifier.release();
  for (const distanceThreshold of ["", "far"]) {
    const without = await openClassifier(runtime, await file(colourClassifier({ distanceThreshold })));
    expect(without.distanceThreshold).toBeUndefined();
    expect((await without.predict(grey)).foreign).toBeUndefined();
    await without.release();
  }
});

test("pixels that do not fit the size are refused", async () => {
  const classifier = await openClassifier(runtime, join(folder, "run"));
  await expect(classifier.predict({ ...blue, height: 3 })).rejects.toThrow(ShapeError);
  await classifier.release();
});

test.each([
  [{ labels: null }, /not a classifier made by Graft.*a network without labels.*graft train/s],
  [{ labels: "red, green" }, /a JSON list of at least two names.*Received: red, green/s],
  [{ labels: '["red", 3, "blue"]' }, /a JSON list of at least two names/],
  [{ labels: '["red","green","red"]' }, /each of them once.*Received: \["red","green","red"\]/],
  [{ input: "data" }, /one input "image".*Received: "data" uint8/s],
  [{ output: "scores" }, /an output "probabilities".*Received: "scores"/s],
] as const)("a file that is no classifier is refused: %j", async (options, message) => {
  const opening = openClassifier(runtime, await file(colourClassifier(options)));
  await expect(opening).rejects.toThrow(FileError);
  await expect(opening).rejects.toThrow(message);
});

test("labels that do not fit the output are refused", async () => {
  const opening = openClassifier(runtime, await file(colourClassifier({ labels: '["red","green"]' })));
  await expect(opening).rejects.toThrow(ShapeError);
  await expect(opening).rejects.toThrow(/Expected: 3 labels.*Received: 2 labels/);
});

test("what is missing, empty, truncated or no model at all is named", async () => {
  await expect(openClassifier(runtime, join(folder, "nothing"))).rejects.toThrow(/no classifier at .*nothing/);
  await expect(openClassifier(runtime, folder)).rejects.toThrow(/"model\.onnx" in the folder/);
  await expect(openClassifier(runtime, await file(new Uint8Array()))).rejects.toThrow(/is empty/);
  await expect(openClassifier(runtime, await file(new TextEncoder().encode("hello, world")))).rejects.toThrow(
    FileError,
  );
  const whole = colourClassifier();
  for (const length of [1, 40, Math.floor(whole.length / 2), whole.length - 1]) {
    await expect(openClassifier(runtime, await file(whole.subarray(0, length)))).rejects.toThrow(FileError);
  }
});

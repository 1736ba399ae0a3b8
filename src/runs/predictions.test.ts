import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FileError } from "../errors/errors.js";
import { saidOfPhoto } from "../report/said-of-photo.js";
import { predictionLines, readPredictions } from "./predictions.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-predictions-"));
});
afterAll(() => rm(folder, { recursive: true }));

const classes = ["__proto__", 'a "b"\n', "c"];
const file = (): string => join(folder, "predictions.jsonl");

describe("predictions.jsonl", () => {
  it("is read as it was written, to the last bit of float32, whatever classes are called", async () => {
    const probabilities = Float32Array.from([1 / 3, 0.123456789, 1e-7]);
    const predictions = {
      "held-out": [saidOfPhoto("x/1.jpg", 0, probabilities), saidOfPhoto("y 2.jpg", 2, probabilities)],
      test: [saidOfPhoto("z.jpg", 1, probabilities)],
    };
    await writeFile(file(), predictionLines(predictions, classes));
    const read = await readPredictions(folder, classes);
    const bits = (value: number): number => Math.fround(value);
    expect(read?.test[0]?.said.map(({ probability }) => bits(probability))).toEqual([...probabilities]);
    expect(read?.["held-out"].map(({ path, truth }) => [path, truth])).toEqual([
      ["x/1.jpg", 0],
      ["y 2.jpg", 2],
    ]);
    expect(read?.["held-out"][0]?.said.map(({ classIndex }) => classIndex)).toEqual([0, 1, 2]);
  });

  it("is missing in runs of earlier versions", async () => {
    await rm(file(), { force: true });
    expect(await readPredictions(folder, classes)).toBeUndefined();
  });

  it.each([
    { text: "no JSON", says: /lines that are no answers/ },
    { text: '{"path":"a","set":"test","label":"c","probability":1,"said":[]}', says: /lines that are no answers/ },
    {
      text: '{"path":"a","set":"test","label":"c","probability":1e300,"said":[["c",1]]}',
      says: /lines that are no answers/,
    },
    {
      text: '{"path":"a","set":"test","label":"c","probability":1,"said":[["c",-1]]}',
      says: /lines that are no answers/,
    },
    {
      text: '{"path":"a","set":"test","label":"dog","probability":1,"said":[["c",1]]}',
      says: /"dog" is none of the run's/,
    },
  ])("refuses $text", async ({ text, says }) => {
    await writeFile(file(), text);
    const error = await readPredictions(folder, classes).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(FileError);
    expect((error as FileError).received).toMatch(says);
  });
});

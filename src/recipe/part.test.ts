import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Photo } from "../photos/photo.js";
import { RandomStreams } from "../random/seed.js";
import { type Part, partsOf, partsTogether } from "./part.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-parts-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Photos of two classes, one after the other; those of one content are copies. */
async function photosOf(name: string, contents: readonly string[]): Promise<Photo[]> {
  return Promise.all(
    contents.map(async (content, number) => {
      const path = join(folder, `${name}-${number}`);
      await writeFile(path, content);
      return { path, classIndex: number % 2 };
    }),
  );
}

const alike = { kind: "none", byClass: [1, 1] } as const;
const numbered = (count: number, name: string): string[] => Array.from({ length: count }, (_, n) => `${name} ${n}`);

test("the validation photos come first, then each training photo once, and a part learns from all others", async () => {
  const [training, validation] = [await photosOf("t", numbered(40, "t")), await photosOf("v", numbered(10, "v"))];
  const options = { pooled: true, weighting: alike, random: new RandomStreams(1) };
  const parts = await partsOf(training, validation, options);
  expect(parts.map(({ held }) => held.length)).toEqual([10, 10, 10, 10, 10]);
  expect(parts[0].held).toEqual(Array.from({ length: 10 }, (_, n) => 40 + n));
  expect(parts.flatMap(({ held }) => held).sort((a, b) => a - b)).toEqual([...Array(50).keys()]);
  for (const { held, learned, labels } of parts) {
    expect([...held, ...learned].sort((a, b) => a - b)).toEqual([...Array(50).keys()]);
    expect(labels).toEqual(held.map((number) => number % 2));
    expect(labels.filter((label) => label === 0)).toHaveLength(5);
  }
});

test("copies of a photo are in one part", async () => {
  const training = await photosOf("c", [...numbered(30, "c"), ...numbered(10, "c")]);
  const validation = await photosOf("w", numbered(10, "w"));
  const parts = await partsOf(training, validation, { pooled: true, weighting: alike, random: new RandomStreams(2) });
  for (const { held } of parts.slice(1)) {
    for (const number of held) {
      if (number < 10) expect(held).toContain(number + 30);
    }
  }
});

test("a folder of validation photos measures alone", async () => {
  const [training, validation] = [await photosOf("t", numbered(20, "t")), await photosOf("v", numbered(6, "v"))];
  const parts = await partsOf(training, validation, { pooled: false, weighting: alike, random: new RandomStreams(1) });
  expect(parts).toHaveLength(1);
  expect(parts[0].learned).toEqual([...Array(20).keys()]);
});

test("photos of several parts count by their class among all of them, however the parts have divided a small class", () => {
  const weighting = { kind: "balanced", byClass: [1, 1] } as const;
  const partWith = (labels: readonly number[]): Part => ({
    ...{ labels, weighting, held: [], learned: [], weights: labels.map(() => Number.NaN), folds: labels.map(() => 0) },
  });
  const { labels, weights } = partsTogether([partWith([0, 0, 0, 1]), partWith([0, 0, 0, 1, 1]), partWith([0, 0, 0])]);
  const ofClass = (label: number): number[] => weights.filter((_, photo) => labels[photo] === label);
  expect(new Set(ofClass(1)).size).toBe(1);
  const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
  expect(sum(ofClass(0))).toBeCloseTo(sum(ofClass(1)), 9);
  expect(sum(weights)).toBeCloseTo(12, 9);
});

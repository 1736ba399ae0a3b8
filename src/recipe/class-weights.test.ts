import { describe, expect, it, test } from "vitest";
import type { Photo } from "../photos/photo.js";
import {
  type ClassWeightsSetting,
  photoWeights,
  weightingOf,
  type WeightedMaterial,
  weightsFor,
} from "./class-weights.js";
import { better } from "./evidence.js";

function photos(...counts: readonly number[]): Photo[] {
  return counts.flatMap((count, classIndex) =>
    Array.from({ length: count }, (_, number) => ({ path: `${classIndex}/${number}.jpg`, classIndex })),
  );
}

function material(training: Photo[], validation: Photo[], rest: Partial<WeightedMaterial> = {}): WeightedMaterial {
  return { classes: ["cat", "dog"], division: "folders", training, validation, ...rest };
}

describe("weightingOf", () => {
  it.each([
    ["equal", [10, 10], "none"],
    ["1.5 times", [15, 10], "none"],
    ["more than 1.5 times", [16, 10], "balanced"],
    ["twenty times", [10, 200], "balanced"],
    ["no photos at all", [0, 0], "none"],
    ["a class without photos, which is an error later on", [10, 0], "none"],
  ] as const)("decides by the training photos: %s", (_, counts, kind) => {
    expect(weightingOf(material(photos(...counts), photos(50, 1)))).toMatchObject({ kind, asked: false });
  });

  it("counts validation photos that were drawn from the folder, because they are learned from too", () => {
    const drawn = { division: "drawn" } as const;
    expect(weightingOf(material(photos(5, 3), photos(1, 1), drawn))).toMatchObject({ kind: "none" });
    expect(weightingOf(material(photos(5, 3), photos(1, 1)))).toMatchObject({ kind: "balanced" });
  });

  it("says which classes have the fewest and the most, and what a photo counts: 1 on the mean", () => {
    expect(weightingOf(material(photos(30, 10), []))).toEqual({
      ...{ kind: "balanced", asked: false, byClass: [40 / 60, 2] },
      ...{ smallest: { label: "dog", photos: 10 }, largest: { label: "cat", photos: 30 } },
    });
  });

  it("does as it is asked", () => {
    const asked = (classWeights: ClassWeightsSetting) => weightingOf(material(photos(30, 10), [], { classWeights }));
    expect(asked("none")).toMatchObject({ kind: "none", asked: true, byClass: [1, 1] });
    expect(asked("balanced")).toMatchObject({ kind: "balanced", asked: true });
    // Only ratios count: (30 · 1 + 10 · 5) / 40 = 2.
    expect(asked({ dog: 5, cat: 1 })).toMatchObject({ kind: "given", asked: true, byClass: [0.5, 2.5] });
  });

  it.each<[string, unknown, RegExp]>([
    ["an unknown class", { cat: 1, dog: 1, dig: 2 }, /a weight for "dig", which is no class.*Did you mean "dog"/],
    ["a missing class", { cat: 1 }, /none for "dog"/],
    ["0", { cat: 1, dog: 0 }, /0 for "dog"/],
    ["a negative number", { cat: -1, dog: 1 }, /-1 for "cat"/],
    ["no number", { cat: 1, dog: "2" }, /"2" for "dog"/],
    ["infinity", { cat: Infinity, dog: 1 }, /Infinity for "cat"/],
    ["a list", [1, 2], /"none", "balanced", or a number above 0 for each class/],
    ["another word", "equal", /"none", "balanced".*"equal"/],
    ["null", null, /"none", "balanced".*null/],
  ])("refuses %s", (_, classWeights, message) => {
    const given = { classWeights: classWeights as ClassWeightsSetting };
    expect(() => weightingOf(material(photos(3, 3), [], given))).toThrow(message);
  });
});

test("photos at hand are balanced by their own numbers; given weights keep their ratios", () => {
  expect(weightsFor({ kind: "balanced", byClass: [0.5, 10] }, [0, 0, 0, 1])).toEqual({ 0: 2 / 3, 1: 2 });
  expect(weightsFor({ kind: "given", byClass: [1, 3] }, [0, 0, 0, 1])).toEqual({ 0: 2 / 3, 1: 2 });
  expect(photoWeights({ kind: "none", byClass: [1, 1] }, [0, 0, 1])).toEqual([1, 1, 1]);
  expect(photoWeights({ kind: "balanced", byClass: [] }, [])).toEqual([]);
});

test("a stage that is a little surer of a large class and misses a small one is no better one", () => {
  const labels = [...Array.from({ length: 200 }, () => 0), ...Array.from({ length: 10 }, () => 1)];
  const before = labels.map((_, photo) => 0.3 + 0.01 * (photo % 3));
  const after = labels.map((label, photo) => (label === 0 ? 0.1 : 2) + 0.01 * (photo % 2));
  expect(better(after, before, 2)).toBe(true);
  const weights = photoWeights({ kind: "balanced", byClass: [] }, labels);
  const weighted = (losses: readonly number[]): number[] => losses.map((loss, photo) => loss * (weights[photo] ?? 1));
  expect(better(weighted(after), weighted(before), 2)).toBe(false);
});

import { describe, expect, it } from "vitest";
import { Generator } from "../random/generator.js";
import { foldsOf } from "./folds.js";

/** Numbers of samples by part, of those that a condition holds for. */
function counts(folds: readonly number[], holds: (sample: number) => boolean): number[] {
  const found = [0, 0, 0, 0, 0];
  for (const [sample, fold] of folds.entries()) if (holds(sample)) found[fold] = (found[fold] ?? 0) + 1;
  return found;
}

describe("foldsOf", () => {
  const labels = [...Array<number>(50).fill(0), ...Array<number>(13).fill(1), 2, 2];
  const own = labels.map((_, sample) => `hash ${sample}`);

  it("gives each class its share in each part, and parts that are equally large", () => {
    const folds = foldsOf(labels, own, new Generator(3));
    expect(counts(folds, (sample) => labels[sample] === 0)).toEqual([10, 10, 10, 10, 10]);
    expect(counts(folds, (sample) => labels[sample] === 1).sort()).toEqual([2, 2, 3, 3, 3]);
    expect(counts(folds, () => true)).toEqual([13, 13, 13, 13, 13]);
  });

  it("keeps copies of a photo in one part, so that none measures what another has taught", () => {
    const groups = own.map((group, sample) => (sample < 20 ? `copies ${sample % 5}` : group));
    const folds = foldsOf(labels, groups, new Generator(3));
    for (let sample = 0; sample < 20; sample++) expect(folds[sample]).toBe(folds[sample % 5]);
  });

  it("depends on the seed", () => {
    expect(foldsOf(labels, own, new Generator(3))).toEqual(foldsOf(labels, own, new Generator(3)));
    expect(foldsOf(labels, own, new Generator(4))).not.toEqual(foldsOf(labels, own, new Generator(3)));
  });
});

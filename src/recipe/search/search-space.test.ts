import { describe, expect, it } from "vitest";
import { Generator } from "../../random/generator.js";
import { drawSettings, type SpaceOptions } from "./search-space.js";
import type { TrialSettings } from "./search-types.js";

const options: SpaceOptions = {
  defaults: { learningRate: 2e-4, unfreeze: "last", epochs: 6, batchSize: 16 },
  stages: ["last", "middle", "first"],
  found: 2e-3,
  photos: 100,
};

/** 300 draws. */
function draws(changes: Partial<SpaceOptions> = {}): TrialSettings[] {
  const random = new Generator(4);
  return Array.from({ length: 300 }, () => drawSettings({ ...options, ...changes }, random));
}

const valuesOf = <Name extends keyof TrialSettings>(all: readonly TrialSettings[], name: Name): TrialSettings[Name][] =>
  [...new Set(all.map((settings) => settings[name]))].sort();

describe("drawSettings", () => {
  it("draws rates around the default one and the one that was found, more with larger batches", () => {
    const bySize = (size: number): number[] =>
      draws().flatMap(({ batchSize, learningRate }) => (batchSize === size ? [learningRate] : []));
    for (const size of [8, 16]) {
      const factor = Math.sqrt(size / 16);
      expect(Math.min(...bySize(size))).toBeGreaterThan(0.98 * 0.5e-4 * factor);
      expect(Math.max(...bySize(size))).toBeLessThan(1.02 * 8e-3 * factor);
      // Evenly by their logarithm: half of them below the geometric mean.
      const middle = Math.sqrt(0.5e-4 * 8e-3) * factor;
      const share = bySize(size).filter((rate) => rate < middle).length / bySize(size).length;
      expect(share).toBeGreaterThan(0.35);
      expect(share).toBeLessThan(0.65);
    }
  });

  it("draws one stage or two, half to twice the epochs, and batches of which an epoch has some", () => {
    expect(valuesOf(draws(), "unfreeze")).toEqual(["last", "middle"]);
    expect(valuesOf(draws(), "epochs")).toEqual([12, 3, 6]);
    expect(valuesOf(draws(), "batchSize")).toEqual([16, 8]);
    expect(valuesOf(draws({ photos: 1000 }), "batchSize")).toEqual([16, 32, 8]);
  });

  it("takes a network without stages, few photos, and no rate that was found", () => {
    const all = draws({
      stages: [],
      photos: 5,
      found: undefined,
      defaults: { ...options.defaults, unfreeze: "all", batchSize: 8 },
    });
    expect(valuesOf(all, "unfreeze")).toEqual(["all"]);
    expect(valuesOf(all, "batchSize")).toEqual([8]);
    expect(Math.max(...valuesOf(all, "learningRate"))).toBeLessThanOrEqual(8e-4);
  });
});

import { describe, expect, it } from "vitest";
import { Generator } from "../random/generator.js";
import { predictionSet, setThreshold } from "./prediction-set.js";

describe("sets of classes", () => {
  it("name the right class of 95 % of new photos, whatever the probabilities are worth", () => {
    const random = new Generator(4);
    // A boastful classifier of three classes: it gives the right one 0.98 in seven cases of ten, else 0.01 to 0.4.
    const truth = (): number => (random.uniform() < 0.7 ? 0.98 : random.uniform(0.01, 0.4));
    const named: number[] = [];
    for (let draw = 0; draw < 400; draw++) {
      const threshold = setThreshold(Array.from({ length: 99 }, truth)) ?? Number.NaN;
      named.push(Array.from({ length: 100 }, truth).filter((probability) => probability >= threshold).length / 100);
    }
    const mean = named.reduce((sum, share) => sum + share, 0) / named.length;
    // Exactly 95 of 100 on the mean; the standard error of 400 draws is 0.15 %.
    expect(mean).toBeGreaterThan(0.944);
    expect(mean).toBeLessThan(0.956);
  });

  it("need 19 photos that were held out", () => {
    expect(setThreshold(Array<number>(18).fill(0.5))).toBeUndefined();
    expect(setThreshold(Array<number>(19).fill(0.5))).toBe(0.5);
  });

  it("are in the order of the probabilities, and name one class at least", () => {
    expect(predictionSet([0.3, 0.45, 0.25], 0.28)).toEqual([1, 0]);
    expect(predictionSet([0.3, 0.4, 0.3], 0.9)).toEqual([1]);
  });
});

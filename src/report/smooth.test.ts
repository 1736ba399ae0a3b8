import { expect, it } from "vitest";
import { Generator } from "../random/generator.js";
import { smooth } from "./smooth.js";

it("leaves straight lines and short series as they are", () => {
  const line = Array.from({ length: 30 }, (_, epoch) => 3 - 0.1 * epoch);
  smooth(line).forEach((value, epoch) => {
    expect(value).toBeCloseTo(line[epoch] ?? NaN, 9);
  });
  expect(smooth([1, 5, 2])).toEqual([1, 5, 2]);
  expect(smooth([])).toEqual([]);
});

it("takes most of the noise away, and gaps stay gaps", () => {
  const random = new Generator(3);
  const noisy = Array.from({ length: 200 }, () => random.normal());
  noisy[50] = Number.NaN;
  const smoothed = smooth(noisy);
  expect(smoothed[50]).toBeNaN();
  const others = smoothed.filter((value) => !Number.isNaN(value));
  expect(others).toHaveLength(199);
  expect(Math.sqrt(others.reduce((sum, value) => sum + value ** 2, 0) / others.length)).toBeLessThan(0.35);
});

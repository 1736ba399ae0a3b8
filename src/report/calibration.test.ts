import { describe, expect, it } from "vitest";
import { calibrationError } from "./calibration.js";

describe("calibrationError", () => {
  it("is 0 where as many are right as the probabilities say", () => {
    const rows = Array.from({ length: 4 }, () => [0.75, 0.25]);
    expect(calibrationError([0, 0, 0, 1], rows)).toBeCloseTo(0, 12);
  });

  it("is the difference where all say the same", () => {
    const rows = Array.from({ length: 4 }, () => [0.97, 0.03]);
    expect(calibrationError([0, 0, 0, 1], rows)).toBeCloseTo(0.22, 12);
  });

  it("weighs ranges by their photos, and lets none make up for another", () => {
    // Two photos at 0.9, both right; two at 0.6, both wrong: (2 · 0.1 + 2 · 0.6) / 4.
    const rows = [
      [0.9, 0.1],
      [0.9, 0.1],
      [0.6, 0.4],
      [0.4, 0.6],
    ];
    expect(calibrationError([0, 0, 1, 0], rows)).toBeCloseTo(0.35, 12);
  });

  it("takes probabilities of 1 and of 0, and no photos", () => {
    expect(
      calibrationError(
        [0, 1],
        [
          [1, 0],
          [1, 0],
        ],
      ),
    ).toBeCloseTo(0.5, 12);
    expect(calibrationError([0], [[0, 0]])).toBeCloseTo(1, 12);
    expect(calibrationError([], [])).toBe(0);
  });
});

import { describe, expect, it } from "vitest";
import { better, errorsFor } from "./evidence.js";

describe("better", () => {
  const others = [0.5, 0.1, 0.9, 0.3, 0.2, 0.6];

  it("holds where nearly all photos have a lower loss", () => {
    expect(better([0.4, 0.05, 0.7, 0.2, 0.15, 0.5], others)).toBe(true);
  });

  it("does not hold where one lucky photo makes the mean lower", () => {
    expect(better([0.51, 0.11, 0.1, 0.31, 0.21, 0.61], others)).toBe(false);
  });

  it("does not hold for equal losses, higher ones, or losses that are no numbers", () => {
    expect(better(others, others)).toBe(false);
    expect(
      better(
        others.map((loss) => loss + 0.1),
        others,
      ),
    ).toBe(false);
    expect(
      better(
        others.map(() => NaN),
        others,
      ),
    ).toBe(false);
  });
});

describe("errorsFor", () => {
  it("asks for more where one of many is the best", () => {
    expect(errorsFor(1)).toBe(2);
    // The quantiles of the normal distribution at 1 − 0.02275 / n.
    expect(errorsFor(2)).toBeCloseTo(2.2776, 2);
    expect(errorsFor(10)).toBeCloseTo(2.8373, 2);
    expect(errorsFor(100)).toBeCloseTo(3.5059, 2);
  });

  it("is what better asks for", () => {
    const others = [1, 2, 3, 4];
    const losses = [0.7, 1.8, 3, 3.9];
    expect(better(losses, others)).toBe(true);
    expect(better(losses, others, errorsFor(20))).toBe(false);
  });
});

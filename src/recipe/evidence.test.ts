import { describe, expect, it } from "vitest";
import { Generator } from "../random/generator.js";
import { better, errorsFor } from "./evidence.js";

/** What is said of one photo after the other, so many times. */
function times<Value>(count: number, ...values: readonly Value[]): Value[] {
  return Array.from({ length: count }, () => values).flat();
}

describe("better", () => {
  const others = times(10, 0.5, 0.1, 0.9, 0.3, 0.2, 0.6);

  it("holds where nearly all photos have a lower loss", () => {
    expect(better(times(10, 0.4, 0.05, 0.7, 0.2, 0.15, 0.5), others, 3)).toBe(true);
  });

  it("does not hold where few lucky photos make the mean lower", () => {
    const same = others.map((loss) => loss + 0.01);
    expect(better([0.1, 0.01, 0.1, ...same.slice(3)], others, 3)).toBe(false);
  });

  it("does not hold for equal losses, higher ones, or losses that are no numbers", () => {
    for (const losses of [others, others.map((loss) => loss + 0.1), others.map(() => NaN)]) {
      expect(better(losses, others, 3)).toBe(false);
    }
  });

  it.each([1, 2, 3, 5])("does not hold by %i photos, however much alike they are", (photos) => {
    expect(better(times(photos, 0.005), times(photos, 0.3), 2)).toBe(false);
  });

  it("is not fooled by one that is too sure: better on most photos, far worse on few that a draw need not show", () => {
    // Its mean gain is −0.05: 0.2 on nine of ten photos, −2.3 on the tenth.
    const random = new Generator(1);
    const taken = [4, 10, 25].map((photos) => {
      const draws = Array.from({ length: 1000 }, () =>
        better(
          Array.from({ length: photos }, () => (random.uniform() < 0.1 ? 2.6 : 0.1)),
          times(photos, 0.3),
          5,
        ),
      );
      return draws.filter(Boolean).length / draws.length;
    });
    for (const share of taken) expect(share).toBeLessThan(0.1);
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
    const others = times(5, 1, 2, 3, 4);
    const losses = times(5, 0.7, 1.8, 3, 3.9);
    expect(better(losses, others, 2)).toBe(true);
    expect(better(losses, others, 2, errorsFor(20))).toBe(false);
  });
});

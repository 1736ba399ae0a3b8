import { describe, expect, it } from "vitest";
import { type Evaluated, minimize } from "./minimize.js";

/** Σ scale·(x − target)²: a bowl whose sides are of very different steepness. */
function bowl(scales: readonly number[], targets: readonly number[]) {
  return (point: Float64Array): Promise<Evaluated> => {
    const apart = point.map((value, index) => value - (targets[index] ?? 0));
    const value = apart.reduce((sum, difference, index) => sum + (scales[index] ?? 0) * difference ** 2, 0);
    return Promise.resolve({
      value,
      gradient: apart.map((difference, index) => 2 * (scales[index] ?? 0) * difference),
    });
  };
}

describe("minimize", () => {
  it("finds the bottom of a bowl whose sides differ by a factor of a million", async () => {
    const { point, value } = await minimize(bowl([1, 1000, 1e6], [3, -2, 0.5]), new Float64Array(3), {
      tolerance: 1e-9,
    });
    [3, -2, 0.5].forEach((target, index) => {
      expect(point[index]).toBeCloseTo(target, 8);
    });
    expect(value).toBeLessThan(1e-15);
  });

  it("follows the bent valley of Rosenbrock's function, which is not convex, to its end", async () => {
    const rosenbrock = ([x = 0, y = 0]: Float64Array): Promise<Evaluated> =>
      Promise.resolve({
        value: (1 - x) ** 2 + 100 * (y - x * x) ** 2,
        gradient: Float64Array.of(-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)),
      });
    const { point, evaluations } = await minimize(rosenbrock, Float64Array.of(-1.2, 1), { tolerance: 1e-8 });
    expect(point[0]).toBeCloseTo(1, 6);
    expect(point[1]).toBeCloseTo(1, 6);
    // The textbooks' figure for BFGS is 30 to 50.
    expect(evaluations).toBeLessThan(80);
  });

  it("evaluates nothing but the start where that is the minimum, and leaves it unchanged", async () => {
    const start = Float64Array.of(1, 2);
    const { point, evaluations } = await minimize(bowl([1, 1], [1, 2]), start);
    expect([...point]).toEqual([1, 2]);
    expect(evaluations).toBe(1);
    point[0] = 5;
    expect(start[0]).toBe(1);
  });

  it("ends where rounding hides what is lower", async () => {
    const exact = bowl([1, 30], [3, -2]);
    const rough = async (point: Float64Array): Promise<Evaluated> => {
      const { value, gradient } = await exact(point);
      return { value: Math.round((value + 100) * 1e3) / 1e3, gradient };
    };
    const { point, evaluations } = await minimize(rough, new Float64Array(2), { tolerance: 1e-12 });
    expect(point[0]).toBeCloseTo(3, 1);
    expect(evaluations).toBeLessThan(100);
  });

  it("steps back from where the function is not defined", async () => {
    // −log x + x has its minimum at 1, and is NaN below 0.
    const barrier = ([x = 0]: Float64Array): Promise<Evaluated> =>
      Promise.resolve({ value: x - Math.log(x), gradient: Float64Array.of(1 - 1 / x) });
    const { point } = await minimize(barrier, Float64Array.of(0.01), { tolerance: 1e-8 });
    expect(point[0]).toBeCloseTo(1, 5);
  });
});

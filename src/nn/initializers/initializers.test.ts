import { describe, expect, it } from "vitest";
import { ShapeError, UsageError } from "../../errors/errors.js";
import { Generator } from "../../random/generator.js";
import type { Initializer } from "./initializer.js";
import { Orthogonal } from "./orthogonal.js";
import { type InitializerLike, resolveInitializer } from "./resolve-initializer.js";

const stream = (): Generator => new Generator(3);

function statistics(
  initializer: Initializer,
  shape: readonly number[],
): { mean: number; deviation: number; most: number } {
  const values = initializer.values(shape, stream());
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  return { mean, deviation: Math.sqrt(variance), most: Math.max(...values.map(Math.abs)) };
}

describe("initializers have Keras's distributions", () => {
  // A kernel of a convolution: fan-in 3 · 3 · 40 = 360, fan-out 3 · 3 · 50 = 450.
  const shape = [3, 3, 40, 50];
  const bound = 2 / 0.8796256610342398;
  it.each<[InitializerLike, number, number]>([
    ["glorot_uniform", Math.sqrt(2 / 810), Math.sqrt(6 / 810)],
    ["glorot_normal", Math.sqrt(2 / 810), bound * Math.sqrt(2 / 810)],
    ["he_uniform", Math.sqrt(2 / 360), Math.sqrt(6 / 360)],
    ["he_normal", Math.sqrt(2 / 360), bound * Math.sqrt(2 / 360)],
    ["lecun_uniform", Math.sqrt(1 / 360), Math.sqrt(3 / 360)],
    ["lecun_normal", Math.sqrt(1 / 360), bound * Math.sqrt(1 / 360)],
    ["random_uniform", 0.05 / Math.sqrt(3), 0.05],
    ["truncated_normal", 0.05 * 0.8796256610342398, 0.1],
    ["random_normal", 0.05, Infinity],
    [
      { class_name: "VarianceScaling", config: { scale: 3, mode: "fan_out", distribution: "uniform" } },
      Math.sqrt(3 / 450),
      Math.sqrt(9 / 450),
    ],
  ])("%s", (like, deviation, most) => {
    const found = statistics(resolveInitializer(like), shape);
    expect(Math.abs(found.mean)).toBeLessThan(0.02 * deviation);
    expect(found.deviation / deviation).toBeCloseTo(1, 1.5);
    expect(found.most).toBeLessThanOrEqual(most * (1 + 1e-6));
    if (most < Infinity) expect(found.most).toBeGreaterThan(0.98 * most);
  });

  it("constant ones hold one number", () => {
    expect([...resolveInitializer("zeros").values([2], stream())]).toEqual([0, 0]);
    expect([...resolveInitializer("ones").values([2], stream())]).toEqual([1, 1]);
    expect([...resolveInitializer({ class_name: "Constant", config: { value: 3 } }).values([], stream())]).toEqual([3]);
    expect([...resolveInitializer("identity").values([2, 3], stream())]).toEqual([1, 0, 0, 0, 1, 0]);
  });

  it.each([
    [[6, 4], 6, 4],
    [[4, 6], 4, 6],
    [[2, 3, 2, 5], 12, 5],
  ])("orthogonal %j", (extents, rows, columns) => {
    const values = new Orthogonal({ gain: 2 }).values(extents, stream());
    const count = Math.min(rows, columns);
    for (let i = 0; i < count; i++) {
      for (let j = 0; j < count; j++) {
        let product = 0;
        for (let k = 0; k < Math.max(rows, columns); k++) {
          const at = (line: number): number => values[rows < columns ? line * columns + k : k * columns + line] ?? NaN;
          product += at(i) * at(j);
        }
        expect(product).toBeCloseTo(i === j ? 4 : 0, 5);
      }
    }
  });
});

describe("seeds", () => {
  it("of its own make an initializer forget the stream", () => {
    const seeded = resolveInitializer({ class_name: "HeNormal", config: { seed: 5 } });
    expect(seeded.values([9], new Generator(1))).toEqual(seeded.values([9], new Generator(2)));
    const free = resolveInitializer("he_normal");
    expect(free.values([9], new Generator(1))).not.toEqual(free.values([9], new Generator(2)));
    expect(free.values([9], new Generator(1))).toEqual(free.values([9], new Generator(1)));
  });
});

describe("mistakes", () => {
  it("are named", () => {
    expect(() => resolveInitializer("glorot_unifrom")).toThrow(/"glorot_uniform"/);
    expect(() => resolveInitializer({ class_name: "RandomNormal", config: { stdev: 1 } })).toThrow(UsageError);
    expect(() => resolveInitializer("orthogonal").values([3], stream())).toThrow(ShapeError);
  });
});

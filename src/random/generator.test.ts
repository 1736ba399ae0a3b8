import { describe, expect, test } from "vitest";
import { UsageError } from "../errors/errors.js";
import { Generator } from "./generator.js";

/** Pearson's statistic of observed counts against equally likely cells. */
function chiSquare(counts: readonly number[]): number {
  const expected = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  return counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
}

/** An upper bound that Pearson's statistic passes about once in 30 000 runs (normal approximation, 4 sigma). */
const chiSquareLimit = (cells: number) => cells - 1 + 4 * Math.sqrt(2 * (cells - 1));

function moments(values: Iterable<number>): { mean: number; variance: number; skewness: number; kurtosis: number } {
  const all = [...values];
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  const central = (power: number) => all.reduce((sum, value) => sum + (value - mean) ** power, 0) / all.length;
  const variance = central(2);
  return { mean, variance, skewness: central(3) / variance ** 1.5, kurtosis: central(4) / variance ** 2 };
}

describe("the stream of bits", () => {
  test("is that of the reference implementation of xoshiro128**", () => {
    const generator = new Generator({ kind: "xoshiro128**", key: [1, 2, 3, 4], state: [1, 2, 3, 4] });
    expect(Array.from({ length: 10 }, () => generator.bits())).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });

  test("stays what it was in earlier versions", () => {
    const generator = new Generator(42);
    expect(Array.from({ length: 4 }, () => generator.bits())).toMatchInlineSnapshot(`
      [
        2204533945,
        347763437,
        241223138,
        3108932863,
      ]
    `);
    expect(new Generator(42).fork("shuffle").bits()).toMatchInlineSnapshot(`1141587663`);
    expect(new Generator(42).permutation(8)).toMatchInlineSnapshot(`
      [
        5,
        4,
        6,
        7,
        3,
        2,
        0,
        1,
      ]
    `);
  });

  test("differs between neighbouring seeds from the first number on", () => {
    const firsts = Array.from({ length: 10_000 }, (_, seed) => new Generator(seed).bits());
    expect(new Set(firsts).size).toBeGreaterThan(9_990);
    const cells = Array<number>(16).fill(0);
    for (const bits of firsts) cells[bits >>> 28] = (cells[bits >>> 28] ?? 0) + 1;
    expect(chiSquare(cells)).toBeLessThan(chiSquareLimit(16));
  });

  test.each([-1, 0.5, Number.NaN, 2 ** 53])("refuses the seed %s", (seed) => {
    expect(() => new Generator(seed)).toThrow(UsageError);
  });
});

describe("save", () => {
  test("gives plain JSON from which a generator continues with the same numbers", () => {
    const generator = new Generator(7);
    generator.normalInto(new Float32Array(101));
    const saved = JSON.stringify(generator.save());
    const expected = [generator.uniform(), generator.integer(1000), generator.normal(), generator.fork("x").bits()];
    const restored = new Generator(JSON.parse(saved) as ReturnType<Generator["save"]>);
    expect([restored.uniform(), restored.integer(1000), restored.normal(), restored.fork("x").bits()]).toEqual(
      expected,
    );
  });

  test.each([
    ["of another generator", { kind: "pcg", key: [1, 2, 3, 4], state: [1, 2, 3, 4] }],
    ["that is all zero", { kind: "xoshiro128**", key: [1, 2, 3, 4], state: [0, 0, 0, 0] }],
    ["with a word missing", { kind: "xoshiro128**", key: [1, 2, 3, 4], state: [1, 2, 3] }],
    ["with a negative word", { kind: "xoshiro128**", key: [1, 2, 3, 4], state: [1, 2, 3, -4] }],
  ])("a state %s is refused", (_, state) => {
    expect(() => new Generator(state as unknown as ReturnType<Generator["save"]>)).toThrow(/save\(\)/);
  });
});

describe("fork", () => {
  test("gives the same stream however many numbers were drawn before", () => {
    const early = new Generator(3);
    const late = new Generator(3);
    late.uniformInto(new Float32Array(1000));
    late.fork("something else").bits();
    expect(late.fork("masks").bits()).toBe(early.fork("masks").bits());
  });

  test("gives different streams for different names, depths and seeds", () => {
    const root = new Generator(3);
    const streams = [
      root,
      root.fork(""),
      root.fork("a"),
      root.fork("b"),
      root.fork("a").fork("b"),
      root.fork("b").fork("a"),
      root.fork("ab"),
      new Generator(4).fork("a"),
    ];
    expect(new Set(streams.map((stream) => new Generator(stream.save()).bits())).size).toBe(streams.length);
  });

  test("gives streams that are not correlated", () => {
    const root = new Generator(5);
    const a = root.fork("photo 1").uniformInto(new Float32Array(100_000));
    const b = root.fork("photo 2").uniformInto(new Float32Array(100_000));
    const product = a.reduce((sum, value, index) => sum + (value - 0.5) * ((b[index] ?? 0) - 0.5), 0);
    // Of a standard deviation of (1/12)·√n.
    expect(Math.abs(product / (Math.sqrt(a.length) / 12))).toBeLessThan(4);
  });
});

describe("uniform", () => {
  test("fills its range evenly and stays inside", () => {
    const generator = new Generator(11);
    const cells = Array<number>(100).fill(0);
    for (let draw = 0; draw < 200_000; draw++) {
      const value = generator.uniform(-2, 3);
      if (!(value >= -2 && value < 3)) throw new Error(`${value} is out of range`);
      const cell = Math.floor((value + 2) * 20);
      cells[cell] = (cells[cell] ?? 0) + 1;
    }
    expect(chiSquare(cells)).toBeLessThan(chiSquareLimit(100));
  });

  test("never reaches the upper bound, even where rounding would", () => {
    const generator = new Generator(1);
    const next = 1 + Number.EPSILON;
    for (let draw = 0; draw < 100; draw++) expect(generator.uniform(1, next)).toBe(1);
    expect(generator.uniform(5, 5)).toBe(5);
  });

  test("refuses bounds that are in the wrong order or not finite", () => {
    const generator = new Generator(1);
    expect(() => generator.uniform(1, 0)).toThrow(UsageError);
    expect(() => generator.uniform(0, Number.POSITIVE_INFINITY)).toThrow(UsageError);
    expect(() => generator.uniform(Number.NaN, 1)).toThrow(UsageError);
  });
});

describe("uniformInto", () => {
  test("gives multiples of 2^-24 in [0, 1), evenly, also in the lowest bits", () => {
    const values = new Generator(12).uniformInto(new Float32Array(200_000));
    const high = Array<number>(64).fill(0);
    const low = Array<number>(64).fill(0);
    for (const value of values) {
      const steps = value * 2 ** 24;
      if (!Number.isInteger(steps) || steps < 0 || steps >= 2 ** 24) throw new Error(`${value} is out of place`);
      high[steps >>> 18] = (high[steps >>> 18] ?? 0) + 1;
      low[steps & 63] = (low[steps & 63] ?? 0) + 1;
    }
    expect(chiSquare(high)).toBeLessThan(chiSquareLimit(64));
    expect(chiSquare(low)).toBeLessThan(chiSquareLimit(64));
  });

  test("gives neighbours that are not correlated", () => {
    const values = new Generator(13).uniformInto(new Float32Array(100_001));
    let sum = 0;
    for (let index = 1; index < values.length; index++) {
      sum += ((values[index - 1] ?? 0) - 0.5) * ((values[index] ?? 0) - 0.5);
    }
    expect(Math.abs(sum / (Math.sqrt(100_000) / 12))).toBeLessThan(4);
  });
});

describe("normal", () => {
  const drawn = new Generator(14);
  test.each([
    ["one by one", Array.from({ length: 200_000 }, () => drawn.normal(3, 2))],
    ["into an array", new Generator(15).normalInto(new Float32Array(200_001), 3, 2)],
  ])("has the moments and the tails of the normal distribution, drawn %s", (_, values) => {
    const { mean, variance, skewness, kurtosis } = moments(values);
    const n = values.length;
    expect(Math.abs(mean - 3)).toBeLessThan((4 * 2) / Math.sqrt(n));
    expect(Math.abs(variance - 4)).toBeLessThan(4 * 4 * Math.sqrt(2 / n));
    expect(Math.abs(skewness)).toBeLessThan(4 * Math.sqrt(6 / n));
    expect(Math.abs(kurtosis - 3)).toBeLessThan(4 * Math.sqrt(24 / n));
    const beyond3 = values.filter((value) => Math.abs(value - 3) > 6).length;
    expect(Math.abs(beyond3 - 0.0027 * n)).toBeLessThan(4 * Math.sqrt(0.0027 * n));
  });
});

describe("gamma and beta", () => {
  test.each([0.05, 0.2, 1, 3.7])("have their means and variances for shape %f", (shape) => {
    const generator = new Generator(18);
    const n = 100_000;
    const gamma = moments(Array.from({ length: n }, () => Math.exp(generator.logGamma(shape))));
    expect(Math.abs(gamma.mean - shape)).toBeLessThan(5 * Math.sqrt(shape / n));
    expect(Math.abs(gamma.variance - shape)).toBeLessThan(5 * shape * Math.sqrt((2 + 6 / shape) / n));
    const beta = moments(Array.from({ length: n }, () => generator.beta(shape, 2 * shape)));
    const variance = 2 / 9 / (3 * shape + 1);
    expect(Math.abs(beta.mean - 1 / 3)).toBeLessThan(5 * Math.sqrt(variance / n));
    expect(Math.abs(beta.variance / variance - 1)).toBeLessThan(0.03);
  });

  test("stay numbers for tiny shapes, and refuse others", () => {
    const generator = new Generator(19);
    for (let draw = 0; draw < 100; draw++) {
      const value = generator.beta(1e-6, 1e-6);
      expect(value >= 0 && value <= 1).toBe(true);
    }
    expect(() => generator.logGamma(0)).toThrow(UsageError);
  });
});

describe("integer", () => {
  test("draws every value equally often, also where n does not divide 2^32", () => {
    const generator = new Generator(16);
    const cells = Array<number>(7).fill(0);
    for (let draw = 0; draw < 70_000; draw++) {
      const value = generator.integer(7);
      cells[value] = (cells[value] ?? 0) + 1;
    }
    expect(chiSquare(cells)).toBeLessThan(chiSquareLimit(7));
    // A plain remainder would give the lower half of these twice as often.
    const n = 3 * 2 ** 30;
    let lower = 0;
    for (let draw = 0; draw < 10_000; draw++) if (generator.integer(n) < n / 2) lower++;
    expect(Math.abs(lower - 5000)).toBeLessThan(4 * 50);
  });

  test("takes 1 and 2^32 and refuses what is not a whole number in between", () => {
    const generator = new Generator(1);
    expect(generator.integer(1)).toBe(0);
    expect(generator.integer(2 ** 32)).toBeLessThan(2 ** 32);
    for (const n of [0, -1, 1.5, Number.NaN, 2 ** 32 + 1]) expect(() => generator.integer(n)).toThrow(UsageError);
  });
});

describe("shuffle and permutation", () => {
  test("give every order equally often", () => {
    const generator = new Generator(17);
    const counts = new Map<string, number>();
    for (let draw = 0; draw < 24_000; draw++) {
      const order = generator.permutation(4).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    expect(chiSquare([...counts.values()])).toBeLessThan(chiSquareLimit(24));
  });

  test("keep all elements and work in place", () => {
    const letters = ["g", "r", "a", "f", "t"];
    expect(new Generator(1).shuffle(letters)).toBe(letters);
    expect([...letters].sort()).toEqual(["a", "f", "g", "r", "t"]);
    expect(new Generator(1).permutation(0)).toEqual([]);
    expect(() => new Generator(1).permutation(-1)).toThrow(UsageError);
  });
});

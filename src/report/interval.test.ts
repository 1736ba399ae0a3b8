import { expect, test } from "vitest";
import { Generator } from "../random/generator.js";
import { type Interval, predictionInterval, wilsonInterval } from "./interval.js";

// The ends are the roots x of (p − x)² = z² x(1 − x) / n, solved apart from the formula that the code uses.
test.each([
  [8, 10, 0.4901625, 0.9433178],
  [10, 10, 0.7224672, 1],
  [0, 20, 0, 0.1611252],
  [970, 1000, 0.9574966, 0.9789063],
])("%i of %i", (hits, count, low, high) => {
  const interval = wilsonInterval(hits / count, count);
  expect(interval.low).toBeCloseTo(low, 6);
  expect(interval.high).toBeCloseTo(high, 6);
});

test("nothing is known from no photos", () => {
  expect(wilsonInterval(0, 0)).toEqual({ low: 0, high: 1 });
});

// The roots y of (p − y)² = z² q(1 − q)(1/n + 1/m), found by bisection.
test.each([
  [8, 10, 100, 0.4749901, 0.9541801],
  [10, 10, 100, 0.7152837, 1],
  [0, 20, 5, 0, 0.1849675],
  [702, 720, 240, 0.9495363, 0.9954018],
  [102, 120, 80, 0.737956, 0.9399188],
])("%i of %i, and %i new ones", (hits, count, ahead, low, high) => {
  const interval = predictionInterval(hits / count, count, ahead);
  expect(interval.low).toBeCloseTo(low, 6);
  expect(interval.high).toBeCloseTo(high, 6);
});

test("of very many new photos the interval is that of all photos of this kind", () => {
  const all = wilsonInterval(0.9, 50);
  const many = predictionInterval(0.9, 50, 1e9);
  expect(many.low).toBeCloseTo(all.low, 6);
  expect(many.high).toBeCloseTo(all.high, 6);
});

// Drawn twice from the same photos, the share of the one sample lies in the interval of the other; Wilson's holds 240 of 720 in two of three.
test("19 of 20 new samples lie within it", () => {
  const random = new Generator(1);
  const share = (photos: number): number => {
    let right = 0;
    for (let photo = 0; photo < photos; photo++) if (random.uniform() < 0.9) right++;
    return right / photos;
  };
  let [within, withinWilson] = [0, 0];
  const samples = 2000;
  for (let sample = 0; sample < samples; sample++) {
    const [measured, seen] = [share(720), share(240)];
    const holds = ({ low, high }: Interval): number => (low <= seen && seen <= high ? 1 : 0);
    within += holds(predictionInterval(measured, 720, 240)) / samples;
    withinWilson += holds(wilsonInterval(measured, 720)) / samples;
  }
  expect(within).toBeGreaterThan(0.93);
  expect(within).toBeLessThan(0.97);
  expect(withinWilson).toBeLessThan(0.75);
});

import { expect, test } from "vitest";
import { wilsonInterval } from "./interval.js";

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

import { expect, it } from "vitest";
import { greatest, least } from "./extremes.js";

it("finds the greatest and the least of more numbers than the stack holds", () => {
  const numbers = Array.from({ length: 500_000 }, (_, index) => (index * 7919) % 500_000);
  expect(greatest(numbers)).toBe(499_999);
  expect(least(numbers)).toBe(0);
});

it("says what there is of nothing, and of what is no number", () => {
  expect([greatest([]), greatest([], 0), least([])]).toEqual([-Infinity, 0, Infinity]);
  expect([greatest([1, NaN, 2]), least([1, NaN, 2])]).toEqual([NaN, NaN]);
});

import { describe, expect, test } from "vitest";
import { amountOf, compare, dimOf, formatAmount, minus, plus, ratio, times } from "./amounts.js";

const n = amountOf("N");

describe("amounts", () => {
  test("are sums of products of open extents", () => {
    const mixed = plus(times(n, 8), 1);
    expect(formatAmount(mixed)).toBe("8*N + 1");
    expect(formatAmount(times(mixed, amountOf("H")))).toBe("8*H*N + H");
    expect(plus(mixed, minus(times(8, n)))).toBe(1);
    expect(times(n, 0)).toBe(0);
  });

  test("are extents where they are one product", () => {
    expect(dimOf(amountOf("12*N"))).toBe("12*N");
    expect(dimOf(times(amountOf("3*N"), 4))).toBe("12*N");
    expect(dimOf(plus(n, 1))).toBeUndefined();
    expect(dimOf(minus(n))).toBeUndefined();
    expect(dimOf(-1)).toBe(-1);
    expect(dimOf(0.5)).toBeUndefined();
  });

  test("are divided where that is known for every extent", () => {
    expect(ratio(times(n, 8), n)).toBe(8);
    expect(ratio(times(n, 8), 4)).toEqual(times(n, 2));
    expect(ratio(plus(n, 1), n)).toBeUndefined();
    expect(ratio(8, n)).toBeUndefined();
    expect(ratio(n, 0)).toBeUndefined();
  });

  test("are compared where the order is the same for every extent", () => {
    expect(compare(n, -1)).toBe(1);
    expect(compare(n, 0)).toBe(1);
    expect(compare(0, n)).toBe(-1);
    expect(compare(n, 1)).toBeUndefined();
    expect(compare(n, 3)).toBeUndefined();
    expect(compare(times(n, 2), times(2, n))).toBe(0);
    expect(compare(n, amountOf("H"))).toBeUndefined();
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ShapeError } from "../errors/errors.js";
import { broadcastShapes, type Dim, dimProduct, dimQuotient, normalizeAxis, staticDim } from "./shape.js";

const dims: fc.Arbitrary<Dim> = fc.oneof(fc.integer({ min: 1, max: 9 }), fc.constantFrom("N", "M", "3*N"));

describe("extents known only when the graph runs", () => {
  test("have products in one form", () => {
    expect(dimProduct(["N", 9, 9])).toBe("81*N");
    expect(dimProduct([9, "N", 9])).toBe("81*N");
    expect(dimProduct(["M", "2*N"])).toBe("2*M*N");
    expect(dimProduct([])).toBe(1);
    expect(dimProduct(["N", 0])).toBe(0);
  });

  test("have quotients where these are whole", () => {
    expect(dimQuotient("81*N", 9)).toBe("9*N");
    expect(dimQuotient("81*N", "N")).toBe(81);
    expect(dimQuotient("N", "M")).toBeUndefined();
    expect(dimQuotient(7, 2)).toBeUndefined();
    expect(dimQuotient(7, 0)).toBeUndefined();
  });

  test("divide what they were multiplied with", () => {
    fc.assert(
      fc.property(fc.array(dims, { maxLength: 4 }), dims, (rest, factor) => {
        expect(dimQuotient(dimProduct([...rest, factor]), factor)).toBe(dimProduct(rest));
      }),
      { seed: 1 },
    );
  });
});

describe("broadcasting", () => {
  test("is commutative and keeps symbols", () => {
    expect(broadcastShapes(["N", 1, 5], [4, 1], "Add")).toEqual(["N", 4, 5]);
    expect(broadcastShapes([4, 1], ["N", 1, 5], "Add")).toEqual(["N", 4, 5]);
    expect(broadcastShapes([], ["N"], "Add")).toEqual(["N"]);
  });

  test("names the operator and both shapes where it fails", () => {
    expect(() => broadcastShapes(["N", 3], [4], "Add")).toThrow(ShapeError);
    expect(() => broadcastShapes(["N", 3], ["M", 3], "Add")).toThrow(/Add.*\[N, 3\] and \[M, 3\]/);
  });
});

describe("axes", () => {
  test("count from either end", () => {
    expect([normalizeAxis(1, 3, "Concat"), normalizeAxis(-1, 3, "Concat")]).toEqual([1, 2]);
    expect(() => normalizeAxis(3, 3, "Concat")).toThrow(/an axis from -3 to 2.*Received: 3/);
    expect(() => normalizeAxis(-4, 3, "Concat")).toThrow(ShapeError);
    expect(() => normalizeAxis(0.5, 3, "Concat")).toThrow(ShapeError);
  });

  test("that must be known say so", () => {
    expect(staticDim(["N", 3], 1, "Conv")).toBe(3);
    expect(() => staticDim(["N", 3], 0, "Conv")).toThrow(/Conv: the extent of axis 0 must be known/);
    expect(() => staticDim(["N", 3], 2, "Conv")).toThrow(ShapeError);
  });
});

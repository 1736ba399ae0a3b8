import { describe, expect, test } from "vitest";
import { nodesInOrder } from "../graph/graph.js";
import type { Shape } from "../graph/shape.js";
import { input } from "../graph/value.js";
import { sumToShape } from "./sum-to-shape.js";

describe("sumToShape", () => {
  const cases: readonly (readonly [from: Shape, to: Shape])[] = [
    [
      ["N", 3, 4, 5],
      [3, 1, 1],
    ],
    [["N", 3, 4, 5], [5]],
    [["N", 3, 4, 5], []],
    [
      ["N", 3],
      ["N", 1],
    ],
    [
      ["N", 3],
      [1, 3],
    ],
    [
      [2, 3, 4],
      [1, 1],
    ],
    [
      ["N", 1, 4],
      ["N", 1, 4],
    ],
  ];
  test.each(cases)("%j to %j", (from, to) => {
    expect(sumToShape(input("x", "float32", from), to).shape).toEqual(to);
  });

  test("costs nothing where nothing was repeated", () => {
    const x = input("x", "float32", ["N", 3]);
    expect(sumToShape(x, ["N", 3])).toBe(x);
  });

  test("sums once over all axes", () => {
    const summed = sumToShape(input("x", "float32", ["N", 3, 4, 5]), [3, 1, 1]);
    expect(nodesInOrder([summed]).map(({ op }) => op)).toEqual(["ReduceSum", "Reshape"]);
  });
});

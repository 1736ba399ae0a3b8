import { expect, it } from "vitest";
import { abs, add, mul } from "./elementwise.js";
import { runMemory } from "../graph/run-memory.js";
import { input } from "../graph/value.js";

const extentOf = (symbol: string): number => (symbol === "N" ? 10 : 1);

it("counts what is there at the same time, and inputs to the end", () => {
  const x = input("x", "float32", ["N", 5]);
  let y = abs(x);
  // Each step frees what the one before has made.
  for (let step = 0; step < 1000; step++) y = abs(y);
  expect(runMemory([y], extentOf).bytes).toBe(3 * 4 * 50);
});

it("names the node at which it is most", () => {
  const [row, column] = [input("row", "float32", ["N"]), input("column", "float32", [1000, 1])];
  const table = mul(row, column);
  const { bytes, node } = runMemory([add(table, row)], extentOf);
  expect(bytes).toBe(4 * (10 + 1000 + 2 * 10_000));
  expect(node?.op).toBe("Add");
});

it("takes a deep graph without going deep", () => {
  let y = input("x", "float32", [1]);
  for (let step = 0; step < 50_000; step++) y = add(y, y);
  expect(runMemory([y], extentOf).bytes).toBe(3 * 4);
});

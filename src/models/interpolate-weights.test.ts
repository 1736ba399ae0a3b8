import { expect, it } from "vitest";
import { Tensor } from "../runtime/runtime.js";
import { interpolateWeights } from "./interpolate-weights.js";

const weights = (...values: readonly number[]): Tensor[] => [
  new Tensor("float32", values, [values.length]),
  new Tensor("float32", [8], []),
];

it("goes from the first to the second, and leaves both as they are", () => {
  const [from, to] = [weights(0, 4), weights(1, 0)];
  const between = (share?: number): number[][] =>
    interpolateWeights(from, to, share).map(({ data }) => [...(data as Float32Array)]);
  expect(between(0)).toEqual([[0, 4], [8]]);
  expect(between(0.25)).toEqual([[0.25, 3], [8]]);
  expect(between()).toEqual([[0.5, 2], [8]]);
  expect(between(1)).toEqual([[1, 0], [8]]);
  expect(from[0]?.data).toEqual(Float32Array.of(0, 4));
});

it("refuses weights of another model, and what is no share", () => {
  expect(() => interpolateWeights(weights(1, 2), weights(1))).toThrow(/\[2\].*\[1\]/);
  expect(() => interpolateWeights(weights(1), weights(1).slice(1))).toThrow(/different models/);
  expect(() => interpolateWeights(weights(1).slice(1), [])).toThrow(/different models/);
  expect(() => interpolateWeights([], weights(1))).toThrow(/0 weights.*2 weights/);
  expect(() => interpolateWeights(weights(1), weights(1), 1.5)).toThrow(/share/);
});

import { expect, test } from "vitest";
import { layers, models } from "graft-ml";
import { float32 } from "../onnx/tensor-data.js";
import { KeptWeights } from "./kept-weights.js";

function model(): models.Sequential {
  const made = new models.Sequential([
    layers.Input({ shape: [2] }),
    new layers.Dense(1, { name: "frozen", trainable: false }),
    new layers.Dense(1, { name: "trained" }),
  ]);
  made.setWeights([float32([1, 2], [2, 1]), float32([3], [1]), float32([4], [1, 1]), float32([5], [1])]);
  return made;
}

const values = (of: models.Sequential): number[] => of.getWeights().flatMap(({ data }) => Array.from(data, Number));

test("weights are put back, those that are trained or all", () => {
  const made = model();
  const [trained, all] = [KeptWeights.of(made), KeptWeights.ofAll(made)];
  made.setWeights([float32([0, 0], [2, 1]), float32([0], [1]), float32([0], [1, 1]), float32([0], [1])]);
  trained.restore();
  expect(values(made)).toEqual([0, 0, 0, 4, 5]);
  all.restore();
  expect(values(made)).toEqual([1, 2, 3, 4, 5]);
});

test("weights between two times, and the mean of several", () => {
  const made = model();
  const before = KeptWeights.of(made);
  made.setWeights([float32([1, 2], [2, 1]), float32([3], [1]), float32([8], [1, 1]), float32([1], [1])]);
  const after = KeptWeights.of(made);
  before.blend(after, 0.25);
  expect(values(made)).toEqual([1, 2, 3, 5, 4]);
  KeptWeights.mean([before, after]).restore();
  expect(values(made)).toEqual([1, 2, 3, 6, 3]);
});

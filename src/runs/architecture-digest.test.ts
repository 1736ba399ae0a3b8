import { layers, models } from "graft-ml";
import { expect, test } from "vitest";
import { architectureDigest } from "./architecture-digest.js";
import { differencesBetween, type RunInputs, weightsDigest } from "./run-inputs.js";

interface Choices {
  readonly activation?: string;
  readonly strides?: number;
  readonly rate?: number;
  readonly slope?: number;
}

/** Networks whose weights have the same names, shapes and values. */
function network({ activation = "relu", strides = 1, rate = 0.1, slope = 0.2 }: Choices = {}) {
  const model = new models.Sequential([
    layers.Input({ shape: [8, 8, 3] }),
    new layers.Conv2D(2, 3, { activation, strides, name: "conv", kernelInitializer: "ones" }),
    new layers.Dropout(rate, { name: "drop" }),
    new layers.LeakyReLU({ negativeSlope: slope, name: "leaky" }),
  ]);
  return { model, imageSize: 8 };
}

test.each([
  ["an activation", { activation: "tanh" }],
  ["a stride", { strides: 2 }],
  ["a rate of dropout, which shows in training alone", { rate: 0.2 }],
  ["a number in a layer without weights", { slope: 0.3 }],
])("networks with the same weights are told apart by %s", (_, choices) => {
  expect(weightsDigest(network(choices).model)).toBe(weightsDigest(network().model));
  expect(architectureDigest(network(choices))).not.toBe(architectureDigest(network()));
});

test("the same network has the same digest, whatever its weights", () => {
  const other = network();
  other.model.setWeights(other.model.getWeights().map((weight) => ({ ...weight, data: weight.data.map(() => 7) })));
  expect(architectureDigest(other)).toBe(architectureDigest(network()));
});

test("a run is not gone on with where its network computes something else, or sees another part of photos", () => {
  const inputs = (more: Partial<RunInputs["network"]>): RunInputs => ({
    ...{ directory: "/photos", classes: [], division: "drawn", versions: {}, device: "cpu" },
    photos: { training: [], validation: [], test: [] },
    network: { name: "one", image_size: 8, preprocess: "tf", weights: "w", ...more },
    hardware: { processor: "one", processors: 1, architecture: "x64", platform: "linux" },
  });
  const now = { graph: "b", crop: 0.9, keep_proportions: true, interpolation: "bicubic" };
  const then = { graph: "a", crop: 1, keep_proportions: false, interpolation: "bilinear" };
  expect(differencesBetween(inputs(then), inputs(now)).map(({ message }) => message)).toEqual([
    "of a photo is seen the share 0.9 instead of 1",
    "that proportions of photos are kept is true instead of false",
    "its pictures are brought to size by bicubic instead of bilinear",
    "the network computes something else",
  ]);
  // A run of an earlier version does not say it.
  expect(differencesBetween(inputs({}), inputs(now))).toEqual([]);
});

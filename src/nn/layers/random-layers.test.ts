import { describe, expect, it } from "vitest";
import { RecordingContext, runLayer } from "../../../test/support/nn-graph.js";
import { UsageError } from "../../errors/errors.js";
import { input } from "../../graph/value.js";
import { float32 } from "../../onnx/tensor-data.js";
import { ActivityRegularization } from "./regularization/activity-regularization.js";
import { AlphaDropout } from "./regularization/alpha-dropout.js";
import { Dropout } from "./regularization/dropout.js";
import { GaussianDropout } from "./regularization/gaussian-dropout.js";
import { InputLayer } from "./core/input-layer.js";
import { GaussianNoise } from "./regularization/gaussian-noise.js";
import { SpatialDropout2D } from "./regularization/spatial-dropout-2d.js";
import { StochasticDepth } from "./regularization/stochastic-depth.js";

const x = float32([1, 2, 3, 4], [2, 2]);

describe("in training", () => {
  it("dropout drops where the random number is below the rate, and divides the rest by what is kept", async () => {
    const randoms = [float32([0.1, 0.25, 0.3, 0.9], [2, 2])];
    const { output } = await runLayer(new Dropout(0.25), [x], { training: true, randoms });
    expect([...output.data]).toEqual([0, 2 / 0.75, 3 / 0.75, 4 / 0.75].map(Math.fround));
  });

  it("a rate of 1 drops everything", async () => {
    const randoms = [float32([0.1, 0.25, 0.3, 0.9], [2, 2])];
    const { output } = await runLayer(new Dropout(1), [x], { training: true, randoms });
    expect([...output.data]).toEqual([0, 0, 0, 0]);
  });

  it("alpha dropout keeps mean and variance of standardized numbers", async () => {
    const randoms = [float32([0.1, 0.25, 0.3, 0.9], [2, 2])];
    const { output } = await runLayer(new AlphaDropout(0.25), [x], { training: true, randoms });
    // keras.layers.AlphaDropout's arithmetic for the same numbers.
    const least = -1.7580993408473766;
    const scale = (0.75 * (1 + 0.25 * least ** 2)) ** -0.5;
    const shift = -scale * least * 0.25;
    [least, 2, 3, 4].forEach((value, index) => {
      expect(output.data[index]).toBeCloseTo(scale * value + shift, 5);
    });
  });

  it("a noise shape shares the mask", async () => {
    const randoms = [float32([0.1, 0.9], [2, 1])];
    const { output } = await runLayer(new Dropout(0.5, { noiseShape: [null, 1] }), [x], { training: true, randoms });
    expect([...output.data]).toEqual([0, 0, 6, 8]);
  });

  it("spatial dropout drops channels", async () => {
    const picture = float32([1, 2, 3, 4, 5, 6, 7, 8], [1, 2, 2, 2]);
    const randoms = [float32([0.1, 0.9], [1, 2, 1, 1])];
    const { output } = await runLayer(new SpatialDropout2D(0.5), [picture], { training: true, randoms });
    expect([...output.data]).toEqual([0, 4, 0, 8, 0, 12, 0, 16]);
  });

  it("noise is added or multiplied", async () => {
    const randoms = [float32([1, -1, 0, 2], [2, 2])];
    const added = await runLayer(new GaussianNoise(0.5), [x], { training: true, randoms });
    expect([...added.output.data]).toEqual([1.5, 1.5, 3, 5]);
    const multiplied = await runLayer(new GaussianDropout(0.5), [x], { training: true, randoms });
    expect([...multiplied.output.data]).toEqual([2, 0, 3, 12]);
  });

  it("stochastic depth drops samples", async () => {
    const randoms = [float32([0.1, 0.9], [2, 1])];
    const { output } = await runLayer(new StochasticDepth(0.5), [x], { training: true, randoms });
    expect([...output.data]).toEqual([0, 0, 6, 8]);
  });
});

describe("streams of random numbers", () => {
  const streamOf = (layer: Dropout): string | undefined => {
    const context = new RecordingContext(true);
    layer.callNamed([input("x", "float32", ["N", 2])], context);
    return context.randoms[0]?.name;
  };

  it("belong to the kind of layer, not to its name, or to its seed", () => {
    expect(streamOf(new Dropout(0.5, { name: "drop" }))).toBe("dropout");
    expect(streamOf(new Dropout(0.5, { name: "one", seed: 3 }))).toBe(
      streamOf(new Dropout(0.5, { name: "two", seed: 3 })),
    );
  });
});

it("activity regularization adds its penalty, and nothing else", async () => {
  const layer = new ActivityRegularization({ l1: 0.5, l2: 0.25 });
  const { output, penalties } = await runLayer(layer, [x], { training: true });
  expect([...output.data]).toEqual([1, 2, 3, 4]);
  expect(penalties).toEqual([0.5 * 10 + 0.25 * 30]);
  expect(layer.getConfig()).toMatchObject({ l1: 0.5, l2: 0.25 });
});

it("refuses inputs that are not dense", () => {
  expect(() => new InputLayer({ shape: [2], sparse: true } as never)).toThrow(/"sparse"/);
});

it("refuses rates that are none", () => {
  expect(() => new Dropout(1.5)).toThrow(UsageError);
  expect(() => new Dropout(-0.1)).toThrow(/rate/);
});

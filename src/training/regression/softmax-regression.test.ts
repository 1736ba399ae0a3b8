import { describe, expect, it } from "vitest";
import { float32 } from "../../onnx/tensor-data.js";
import { Generator } from "../../random/generator.js";
import { createNodeRuntime } from "../../runtime/node/runtime.js";
import { type Samples, SoftmaxRegression } from "./softmax-regression.js";

const runtime = createNodeRuntime();

/** Points around the corners of a triangle. */
function threeClouds(count: number, spread: number): Samples {
  const random = new Generator(7);
  const corners = [
    [0, 2],
    [2, -1],
    [-2, -1],
  ] as const;
  const normal = (): number =>
    Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
  const labels = Array.from({ length: count }, (_, index) => index % 3);
  return {
    features: float32(
      labels.flatMap((label) => (corners[label] ?? [0, 0]).map((at) => at + spread * normal())),
      [count, 2],
    ),
    targets: float32(
      labels.flatMap((label) => [0, 1, 2].map((other) => (other === label ? 1 : 0))),
      [count, 3],
    ),
    weights: float32(
      labels.map(() => 1),
      [count],
    ),
  };
}

describe("SoftmaxRegression", () => {
  it("ends where the gradient of its objective vanishes", async () => {
    const samples = threeClouds(90, 1);
    const regression = await SoftmaxRegression.create(runtime, 2, 3);
    const penalty = 0.01;
    const { kernel, bias } = await regression.fit(samples, penalty);
    // d/dkernel = featuresᵀ (probabilities − targets) / N + penalty · kernel, by hand.
    const { data } = await regression.logits(samples.features, { kernel, bias });
    const byKernel = new Float64Array(6);
    const byBias = new Float64Array(3);
    for (let sample = 0; sample < 90; sample++) {
      const exps = [0, 1, 2].map((label) => Math.exp(data[sample * 3 + label] ?? 0));
      const sum = exps.reduce((a, b) => a + b);
      for (const label of [0, 1, 2]) {
        const residual = ((exps[label] ?? 0) / sum - (samples.targets.data[sample * 3 + label] ?? 0)) / 90;
        byBias[label] = (byBias[label] ?? 0) + residual;
        for (const feature of [0, 1]) {
          const place = feature * 3 + label;
          byKernel[place] = (byKernel[place] ?? 0) + residual * (samples.features.data[sample * 2 + feature] ?? 0);
        }
      }
    }
    byKernel.forEach((value, place) => {
      // Half of float32's digits: the objective is flat at its minimum.
      expect(Math.abs(value + penalty * (kernel.data[place] ?? 0))).toBeLessThan(2e-4);
    });
    for (const value of byBias) expect(Math.abs(value)).toBeLessThan(2e-4);
    await regression.release();
  });

  it("learns nothing of samples that weigh nothing, and the same of a doubled weight as of a sample given twice", async () => {
    const samples = threeClouds(30, 1);
    const regression = await SoftmaxRegression.create(runtime, 2, 3);
    const weights = (of: (sample: number) => number): Samples => ({
      ...samples,
      weights: float32(
        Array.from({ length: 30 }, (_, sample) => of(sample)),
        [30],
      ),
    });
    const half = await regression.fit(
      weights((sample) => (sample < 15 ? 1 : 0)),
      0.05,
    );
    const first = (tensor: Samples["features"], width: number): Samples["features"] =>
      float32(tensor.data.slice(0, 15 * width), [15, width]);
    const alone = await regression.fit(
      { features: first(samples.features, 2), targets: first(samples.targets, 3), weights: first(samples.weights, 1) },
      0.05,
    );
    half.kernel.data.forEach((value, place) => {
      expect(value).toBeCloseTo(alone.kernel.data[place] ?? NaN, 3);
    });
    const doubled = await regression.fit(
      weights((sample) => (sample === 0 ? 2 : 1)),
      0.05,
    );
    const twice = (tensor: Samples["features"], width: number): Samples["features"] =>
      float32([...tensor.data, ...tensor.data.slice(0, width)], [31, width]);
    const given = await regression.fit(
      {
        features: twice(samples.features, 2),
        targets: twice(samples.targets, 3),
        weights: float32(Array<number>(31).fill(1), [31]),
      },
      0.05,
    );
    doubled.kernel.data.forEach((value, place) => {
      expect(value).toBeCloseTo(given.kernel.data[place] ?? NaN, 3);
    });
    await regression.release();
  });

  it("gives a smaller kernel for a larger penalty, and the shares of the classes for a huge one", async () => {
    const samples = threeClouds(30, 1);
    const regression = await SoftmaxRegression.create(runtime, 2, 3);
    const size = async (penalty: number): Promise<number> => {
      const { kernel } = await regression.fit(samples, penalty);
      return Math.sqrt(kernel.data.reduce((sum, value) => sum + value ** 2, 0));
    };
    const sizes = [await size(1e-3), await size(1e-1), await size(1e6)];
    expect(sizes[0]).toBeGreaterThan(2 * (sizes[1] ?? NaN));
    expect(sizes[2]).toBeLessThan(1e-4);
    await regression.release();
  });
});

import { describe, expect, it } from "vitest";
import { readGolden } from "../../../test/support/golden.js";
import { goldenTensor, type GoldenTensor, relativeError, runGraph } from "../../../test/support/nn-graph.js";
import { gradients } from "../../autodiff/gradients.js";
import { ShapeError, UsageError } from "../../errors/errors.js";
import { input, type Value } from "../../graph/value.js";
import { mul } from "../../ops/elementwise.js";
import { reduceMean } from "../../ops/reduction.js";
import { sigmoid } from "../activations/sigmoid.js";
import { softmax } from "../activations/softmax.js";
import { toChannelsFirst } from "../channels.js";
import { BinaryCrossentropy } from "./binary-crossentropy.js";
import { CategoricalCrossentropy } from "./categorical-crossentropy.js";
import { resolveLoss } from "./resolve-loss.js";

interface GoldenLoss {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly truth: GoldenTensor;
  readonly prediction: GoldenTensor;
  readonly loss: GoldenTensor;
  readonly gradient: GoldenTensor;
  readonly sample_weight: GoldenTensor;
  readonly weighted: GoldenTensor;
}

const { cases } = await readGolden<{ readonly cases: readonly GoldenLoss[] }>("nn-losses.json");

const mean = (x: Value): Value => reduceMean(x, undefined, { keepdims: 0 });

describe("losses have Keras's values and gradients", () => {
  it.each(cases.map((golden, index) => [`${index} ${golden.class_name}`, golden] as const))("%s", async (_, golden) => {
    const { truth, prediction, sample_weight: weight } = golden;
    const loss = resolveLoss(golden);
    const t = input("t", "float32", ["N", ...truth.shape.slice(1)]);
    const p = input("p", "float32", ["N", ...prediction.shape.slice(1)]);
    const w = input("w", "float32", ["N"]);
    const perSample = loss.perSample(t, toChannelsFirst(p));
    expect(perSample.shape).toEqual(["N"]);
    const total = mean(perSample);
    const [dp] = gradients(total, [p]);
    if (dp === undefined) throw new Error("no gradient");
    const results = await runGraph(
      { total, dp, weighted: mean(mul(loss.perSample(t, toChannelsFirst(p), w), w)) },
      { t: goldenTensor(truth), p: goldenTensor(prediction), w: goldenTensor(weight) },
    );
    for (const [name, expected] of [
      ["total", golden.loss],
      ["weighted", golden.weighted],
      ["dp", golden.gradient],
    ] as const) {
      const actual = results[name];
      if (actual === undefined) throw new Error(`no ${name}`);
      expect(relativeError(actual, expected), name).toBeLessThan(1e-5);
    }
    expect(JSON.parse(JSON.stringify(loss.getConfig()))).toMatchObject(golden.config);
  });
});

describe("crossentropies", () => {
  it("look behind a sigmoid or softmax at the end of the network, as Keras does on TensorFlow", async () => {
    const z = input("z", "float32", ["N", 2]);
    const t = input("t", "float32", ["N", 2]);
    const results = await runGraph(
      {
        binary: new BinaryCrossentropy().perSample(t, sigmoid(z)),
        categorical: new CategoricalCrossentropy().perSample(t, softmax(z)),
      },
      {
        z: goldenTensor({ shape: [1, 2], data: [40, -40] }),
        t: goldenTensor({ shape: [1, 2], data: [0, 1] }),
      },
    );
    // Of probabilities, clipped at 1e-7, it would be 16.1.
    expect(results["binary"]?.data[0]).toBeCloseTo(40, 4);
    expect(results["categorical"]?.data[0]).toBeCloseTo(80, 4);
  });

  it("refuse labels of another shape", () => {
    const t = input("t", "float32", ["N"]);
    const p = input("p", "float32", ["N", 3]);
    expect(() => new CategoricalCrossentropy().perSample(t, p)).toThrow(ShapeError);
  });
});

it("names near losses for a mistyped one, and unknown options", () => {
  expect(() => resolveLoss("binary_crosentropy")).toThrow(/"binary_crossentropy"/);
  expect(() => resolveLoss({ class_name: "Huber", config: { detla: 1 } })).toThrow(UsageError);
});

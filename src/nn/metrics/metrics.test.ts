import { describe, expect, it } from "vitest";
import { readGolden } from "../../../test/support/golden.js";
import { goldenTensor, type GoldenTensor, runGraph } from "../../../test/support/nn-graph.js";
import { input } from "../../graph/value.js";
import { toChannelsFirst } from "../channels.js";
import { float32 } from "../../onnx/tensor-data.js";
import { BinaryCrossentropy } from "../losses/binary-crossentropy.js";
import { CategoricalCrossentropy } from "../losses/categorical-crossentropy.js";
import { SparseCategoricalCrossentropy } from "../losses/sparse-categorical-crossentropy.js";
import { F1Score } from "./f1-score.js";
import type { Metric } from "./metric.js";
import { resolveMetric } from "./resolve-metric.js";

interface GoldenBatch {
  readonly truth: GoldenTensor;
  readonly prediction: GoldenTensor;
  readonly weight: GoldenTensor;
}

interface GoldenMetric {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly batches: readonly GoldenBatch[];
  readonly plain: GoldenTensor;
  readonly weighted: GoldenTensor;
}

/** The figure over all batches. */
async function follow(metric: Metric, batches: readonly GoldenBatch[], weighted: boolean): Promise<number> {
  const sums: Record<string, Float64Array> = {};
  for (const { truth, prediction, weight } of batches) {
    const typed = (name: string, { shape }: GoldenTensor) => input(name, "float32", ["N", ...shape.slice(1)]);
    const state = metric.state(
      typed("t", truth),
      toChannelsFirst(typed("p", prediction)),
      input("w", "float32", ["N"]),
    );
    const results = await runGraph(state, {
      t: goldenTensor(truth),
      p: goldenTensor(prediction),
      w: weighted ? goldenTensor(weight) : float32(new Float32Array(weight.data.length).fill(1), weight.shape),
    });
    for (const [name, { data }] of Object.entries(results)) {
      sums[name] = Float64Array.from(data as Float32Array, (value, index) => value + (sums[name]?.[index] ?? 0));
    }
  }
  return metric.figure(sums);
}

const { cases } = await readGolden<{ readonly cases: readonly GoldenMetric[] }>("nn-metrics.json");
const loss = new BinaryCrossentropy();

describe("metrics have Keras's figures over two batches", () => {
  it.each(cases.map((golden, index) => [`${index} ${golden.class_name}`, golden] as const))("%s", async (_, golden) => {
    const { config } = golden;
    const metric = resolveMetric({ class_name: golden.class_name, config }, loss, ["N", 1]);
    // Where Keras gives one figure a class, ours is their mean.
    const mean = ({ data }: GoldenTensor): number => data.reduce((sum, value) => sum + value, 0) / data.length;
    expect(await follow(metric, golden.batches, false)).toBeCloseTo(mean(golden.plain), 4);
    expect(await follow(metric, golden.batches, true)).toBeCloseTo(mean(golden.weighted), 4);
    expect(metric.name).toBe(config["name"]);
    const known = Object.fromEntries(Object.entries(config).filter(([key]) => key !== "dtype"));
    const ours: unknown = JSON.parse(JSON.stringify(metric.getConfig()));
    // F scores have another default, as a metric is one number.
    if (known["average"] !== null) expect(ours).toMatchObject(known);
  });
});

describe("names", () => {
  it.each<[string, Parameters<typeof resolveMetric>[1], number, string]>([
    ["acc", loss, 1, "BinaryAccuracy"],
    ["accuracy", new CategoricalCrossentropy(), 3, "CategoricalAccuracy"],
    ["acc", new SparseCategoricalCrossentropy(), 3, "SparseCategoricalAccuracy"],
    ["mae", loss, 1, "LossMetric"],
    ["auc", loss, 1, "AUC"],
    ["top_k_categorical_accuracy", loss, 9, "TopKCategoricalAccuracy"],
  ])("%s with %s for %i units", (name, trained, units, className) => {
    const metric = resolveMetric(name, trained, ["N", units]);
    expect(metric.className).toBe(className);
    expect(metric.name).toBe(name);
  });

  it("that are none are answered with near ones", () => {
    expect(() => resolveMetric("acuracy", loss, ["N", 1])).toThrow(/"accuracy"/);
    expect(() => new F1Score({ average: "mean" as "macro" })).toThrow(/average/);
  });
});

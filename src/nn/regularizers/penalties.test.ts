import { describe, expect, it } from "vitest";
import { readGolden } from "../../../test/support/golden.js";
import { goldenTensor, type GoldenTensor, relativeError, runGraph, runLayer } from "../../../test/support/nn-graph.js";
import { constant } from "../../graph/value.js";
import { float32 } from "../../onnx/tensor-data.js";
import { resolveConstraint } from "../constraints/resolve-constraint.js";
import { Dense } from "../layers/core/dense.js";
import { L2 } from "./l2.js";
import { resolveRegularizer } from "./resolve-regularizer.js";

interface GoldenRule {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly weight: GoldenTensor;
  readonly output: GoldenTensor;
}

const golden = await readGolden<Record<"regularizers" | "constraints", readonly GoldenRule[]>>(
  "nn-regularizers-and-constraints.json",
);
const named = (rules: readonly GoldenRule[]): [string, GoldenRule][] =>
  rules.map((rule, index) => [`${index} ${rule.class_name}`, rule]);

describe("regularizers have Keras's penalties", () => {
  it.each(named(golden.regularizers))("%s", async (_, rule) => {
    const regularizer = resolveRegularizer(rule);
    if (regularizer === undefined) throw new Error("none");
    const { y } = await runGraph({ y: regularizer.penalty(constant(goldenTensor(rule.weight))) });
    if (y === undefined) throw new Error("no output");
    expect(relativeError(y, rule.output)).toBeLessThan(1e-5);
    const config = regularizer.getConfig();
    for (const [key, value] of Object.entries(rule.config)) {
      if (typeof value === "number") expect(config[key]).toBeCloseTo(value, 6);
      else expect(config[key]).toEqual(value);
    }
  });
});

describe("constraints have Keras's weights", () => {
  it.each(named(golden.constraints))("%s", async (_, rule) => {
    const constraint = resolveConstraint(rule);
    if (constraint === undefined) throw new Error("none");
    const { y } = await runGraph({ y: constraint.project(constant(goldenTensor(rule.weight))) });
    if (y === undefined) throw new Error("no output");
    expect(relativeError(y, rule.output)).toBeLessThan(1e-5);
    expect(constraint.getConfig()).toEqual(rule.config);
  });
});

describe("penalties of layers", () => {
  const x = float32([1, 2], [1, 2]);
  const ones = [float32([1, 1, 1, 1], [2, 2]), float32([0, 0], [2])];

  it("are added for weights and outputs", async () => {
    const layer = new Dense(2, { kernelRegularizer: new L2(0.5), activityRegularizer: new L2(0.1) });
    layer.ensureBuilt([["N", 2]]);
    layer.setWeights(ones);
    const { penalties } = await runLayer(layer, [x]);
    // Outputs are 3 and 3; the kernel is four ones.
    expect(penalties[0]).toBeCloseTo(0.1 * 18, 5);
    expect(penalties[1]).toBeCloseTo(0.5 * 4, 5);
  });

  it("are not added for frozen weights", async () => {
    const layer = new Dense(2, { kernelRegularizer: "l2", trainable: false });
    expect((await runLayer(layer, [x])).penalties).toEqual([]);
  });
});

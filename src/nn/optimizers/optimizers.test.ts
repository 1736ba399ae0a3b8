import { describe, expect, it } from "vitest";
import { readGolden } from "../../../test/support/golden.js";
import { goldenTensor, type GoldenTensor, relativeError, runGraph } from "../../../test/support/nn-graph.js";
import { UsageError } from "../../errors/errors.js";
import { input } from "../../graph/value.js";
import { elementCount, float32, type TensorData } from "../../onnx/tensor-data.js";
import { Dense } from "../layers/core/dense.js";
import { NonNeg } from "../constraints/non-neg.js";
import { resolveOptimizer } from "./resolve-optimizer.js";
import { SGD } from "./sgd.js";
import { updateAll } from "./update-all.js";

interface GoldenOptimizer {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>> & { readonly learning_rate: number };
  readonly steps: readonly (readonly GoldenTensor[])[];
  readonly averages?: readonly GoldenTensor[];
}

interface Golden {
  readonly weights: readonly GoldenTensor[];
  readonly gradients: readonly (readonly GoldenTensor[])[];
  readonly optimizers: readonly GoldenOptimizer[];
}

const golden = await readGolden<Golden>("nn-optimizers.json");

describe("five steps of optimizers give Keras's weights", () => {
  it.each(golden.optimizers.map((one, index) => [`${index} ${one.class_name}`, one] as const))("%s", async (_, one) => {
    const optimizer = resolveOptimizer(one);
    const slotNames = Object.keys(optimizer.slots);
    const shapeOf = (slot: string, shape: readonly number[]): readonly number[] => optimizer.slotShape(slot, shape);
    const updates = updateAll(
      optimizer,
      golden.weights.map(({ shape }, index) => ({
        weight: input(`w${index}`, "float32", shape),
        gradient: input(`g${index}`, "float32", shape),
        slots: Object.fromEntries(
          slotNames.map((slot) => [slot, input(`s${index}/${slot}`, "float32", shapeOf(slot, shape))]),
        ),
      })),
      input("rate", "float32", []),
      input("step", "float32", []),
    );
    const outputs = Object.fromEntries(
      updates.flatMap(({ weight, slots }, index) => [
        [`w${index}`, weight] as const,
        ...Object.entries(slots).map(([slot, value]) => [`s${index}/${slot}`, value] as const),
      ]),
    );
    // Outputs need other names than inputs.
    const renamed = Object.fromEntries(Object.entries(outputs).map(([name, value]) => [`new ${name}`, value]));
    expect(Object.keys(outputs).length).toBe(golden.weights.length * (1 + slotNames.length));

    let state: Record<string, TensorData> = Object.fromEntries(
      golden.weights.flatMap((weight, index) => [
        [`w${index}`, goldenTensor(weight)] as const,
        ...Object.entries(optimizer.slots).map(([slot, initial]) => {
          const shape = shapeOf(slot, weight.shape);
          return [`s${index}/${slot}`, float32(new Float32Array(elementCount(shape)).fill(initial), shape)] as const;
        }),
      ]),
    );
    for (const [index, expected] of one.steps.entries()) {
      const results = await runGraph(renamed, {
        ...state,
        ...Object.fromEntries((golden.gradients[index] ?? []).map((gradient, i) => [`g${i}`, goldenTensor(gradient)])),
        rate: float32([one.config.learning_rate], []),
        step: float32([index + 1], []),
      });
      state = Object.fromEntries(Object.entries(results).map(([name, value]) => [name.slice(4), value]));
      expected.forEach((weight, i) => {
        const actual = state[`w${i}`];
        if (actual === undefined) throw new Error("no weight");
        expect(relativeError(actual, weight), `weight ${i} after step ${index + 1}`).toBeLessThan(1e-5);
      });
    }
    one.averages?.forEach((average, i) => {
      const actual = state[`s${i}/average`];
      if (actual === undefined) throw new Error("no average");
      expect(relativeError(actual, average)).toBeLessThan(1e-5);
    });
    const { learning_rate: rate, ...config } = JSON.parse(
      JSON.stringify(optimizer.getConfig()),
    ) as GoldenOptimizer["config"];
    const { learning_rate: expectedRate, ...expectedConfig } = one.config;
    expect(rate).toBeCloseTo(expectedRate, 6);
    expect(config).toEqual(expectedConfig);
  });
});

describe("optimizers", () => {
  it("are found by Keras's names", () => {
    expect(resolveOptimizer("rmsprop").getConfig()).toMatchObject({ rho: 0.9, epsilon: 1e-7, learning_rate: 0.001 });
    expect(() => resolveOptimizer("rmspop")).toThrow(/"rmsprop"/);
  });

  it("refuse what Keras refuses", () => {
    expect(() => new SGD({ learningRate: -1 })).toThrow(UsageError);
    expect(() => new SGD({ momentum: 2 })).toThrow(/momentum/);
    expect(() => new SGD({ clipnorm: 1, clipvalue: 1 })).toThrow(/one way/);
  });

  it("take a multiple of the learning rate for a weight", async () => {
    const layer = new Dense(1, { useBias: false });
    layer.learningRateMultiplier = 0.5;
    layer.ensureBuilt([["N", 1]]);
    const [kernel] = layer.weights;
    const [update] = updateAll(
      new SGD(1),
      [
        {
          weight: input("w", "float32", [1]),
          gradient: input("g", "float32", [1]),
          slots: {},
          learningRateMultiplier: kernel?.learningRateMultiplier ?? NaN,
        },
      ],
      input("rate", "float32", []),
      input("step", "float32", []),
    );
    if (update === undefined) throw new Error("no update");
    const feeds = { w: float32([1], [1]), g: float32([0.5], [1]), rate: float32([1], []), step: float32([1], []) };
    const { y } = await runGraph({ y: update.weight }, feeds);
    expect([...(y?.data ?? [])]).toEqual([0.75]);
    expect(() => {
      layer.learningRateMultiplier = 0;
    }).toThrow(/trainable/);
  });

  it("bring weights back to their constraints", async () => {
    const [update] = updateAll(
      new SGD(1),
      [
        {
          weight: input("w", "float32", [2]),
          gradient: input("g", "float32", [2]),
          slots: {},
          constraint: new NonNeg(),
        },
      ],
      input("rate", "float32", []),
      input("step", "float32", []),
    );
    if (update === undefined) throw new Error("no update");
    const { y } = await runGraph(
      { y: update.weight },
      { w: float32([1, 1], [2]), g: float32([3, 0.5], [2]), rate: float32([1], []), step: float32([1], []) },
    );
    expect([...(y?.data ?? [])]).toEqual([0, 0.5]);
  });
});

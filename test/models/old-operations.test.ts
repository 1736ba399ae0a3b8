import { describe, expect, it } from "vitest";
import { modelFromConfig } from "../../src/formats/keras/from-config.js";
import { layers, models, Tensor } from "../../src/index.js";
import { readGolden } from "../support/golden.js";
import type { GoldenTensor } from "../support/nn-graph.js";

interface GoldenCase {
  readonly name: string;
  readonly generation: 2 | 3;
  readonly config: unknown;
  readonly weights: readonly GoldenTensor[];
  readonly inputs: readonly GoldenTensor[];
  readonly outputs: readonly GoldenTensor[];
}

const { cases } = await readGolden<{ readonly cases: readonly GoldenCase[] }>("old-operations.json");

function arrayOf({ data, shape }: GoldenTensor): Tensor {
  return new Tensor("float32", data, shape);
}

function compare(found: readonly Tensor[], expected: readonly GoldenTensor[]): void {
  expect(found.map(({ dims }) => dims)).toEqual(expected.map(({ shape }) => shape));
  found.forEach(({ data }, output) => {
    Array.from(data as ArrayLike<number>, Number).forEach((value, index) => {
      expect(value).toBeCloseTo(expected[output]?.data[index] ?? Number.NaN, 4);
    });
  });
}

describe("functions of TensorFlow, and layers as activation functions, have Keras's values in files", () => {
  it.each(cases.map((golden) => [`${golden.name} of Keras ${golden.generation}`, golden] as const))(
    "%s",
    async (_, { generation, config, weights, inputs, outputs }) => {
      const model = modelFromConfig(config, "old.h5", generation);
      const given = inputs.map(arrayOf);
      // Saved by Graft, they are Keras 3's.
      for (const one of [model, models.modelFromJson(model.toJson())]) {
        one.setWeights(weights.map(arrayOf));
        const found: Tensor | readonly Tensor[] = await one.predictOnBatch(given);
        compare([found].flat(), outputs);
      }
    },
  );
});

describe("a layer as an activation function", () => {
  it("is what stands behind the layer, and is saved with it", async () => {
    const x = new Tensor("float32", [-2, -1, 1, 2], [2, 2]);
    const dense = new layers.Dense(3, { activation: new layers.LeakyReLU(0.1) });
    const inputs = layers.Input({ shape: [2] });
    const model = new models.Model({ inputs, outputs: dense.apply(inputs) });
    const plain = new layers.Dense(3);
    const behind = new models.Model({ inputs, outputs: new layers.LeakyReLU(0.1).apply(plain.apply(inputs)) });
    plain.setWeights(dense.getWeights());
    expect((await model.predictOnBatch(x)).data).toEqual((await behind.predictOnBatch(x)).data);
    expect(dense.getConfig()["activation"]).toMatchObject({
      module: "keras.layers",
      class_name: "LeakyReLU",
      config: { negative_slope: 0.1 },
      registered_name: null,
    });
  });

  it("has no weights", () => {
    expect(() => new layers.Dense(3, { activation: new layers.PReLU() })).toThrow(/PReLU.*without weights/s);
    expect(() => new layers.Dense(3, { activation: new layers.Dense(3) })).toThrow(/Dense.*without weights/s);
  });
});

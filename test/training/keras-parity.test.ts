import { layers, losses, models, optimizers, type Tensor } from "graft-ml";
import { describe, expect, it } from "vitest";
import { fromTensor, toTensor } from "../../src/runtime/runtime.js";
import { readGolden } from "../support/golden.js";
import { type GoldenTensor, relativeError } from "../support/nn-graph.js";
import { wave, waveLabels, waveWeights } from "../support/wave.js";

type Logs = Readonly<Record<string, number>>;

interface GoldenRun {
  readonly classes: number;
  readonly optimizer: "RMSprop" | "Adam" | "SGD";
  readonly loss: string;
  readonly logs: readonly Logs[];
  readonly evaluated: Logs;
  readonly predicted: GoldenTensor;
  readonly weights: readonly (GoldenTensor & { readonly path: string })[];
}

interface Golden {
  readonly runs: readonly GoldenRun[];
  readonly cases: Readonly<Record<string, { readonly logs: Logs; readonly weights: readonly GoldenTensor[] }>>;
  readonly fit: { readonly history: Readonly<Record<string, number[]>>; readonly weights: readonly GoldenTensor[] };
}

const golden = await readGolden<Golden>("model-training.json");

/** The network of `frozen_cnn` in scripts/golden/models.py. */
function frozenCnn(classes: number): models.Sequential {
  const model = new models.Sequential([
    layers.Input({ shape: [8, 8, 3] }),
    new layers.Conv2D(4, 3, { padding: "same", activation: "relu", name: "conv1", trainable: false }),
    new layers.BatchNormalization({ name: "bn1", trainable: false }),
    new layers.Conv2D(6, 3, { padding: "same", useBias: false, name: "conv2" }),
    new layers.BatchNormalization({ name: "bn2" }),
    new layers.Activation("relu", { name: "relu" }),
    new layers.MaxPooling2D(2, { name: "pool" }),
    new layers.Flatten({ name: "flatten" }),
    new layers.Dense(5, { activation: "relu", name: "dense" }),
    classes === 1
      ? new layers.Dense(1, { activation: "sigmoid", name: "out" })
      : new layers.Dense(classes, { activation: "softmax", name: "out" }),
  ]);
  waveWeights(model);
  return model;
}

const makeOptimizer = {
  RMSprop: () => new optimizers.RMSprop({ learningRate: 0.005 }),
  Adam: () => new optimizers.Adam({ learningRate: 0.01 }),
  SGD: () => new optimizers.SGD({ learningRate: 0.05, momentum: 0.9, nesterov: true }),
} as const;

function expectClose(actual: Logs, expected: Logs, digits = 4): void {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, value] of Object.entries(expected)) expect(actual[name], name).toBeCloseTo(value, digits);
}

function expectWeights(model: models.Sequential, expected: readonly GoldenTensor[], tolerance: number): void {
  expect(model.weights).toHaveLength(expected.length);
  model.getWeights().forEach((weight, index) => {
    const wanted = expected[index] ?? { shape: [], data: [] };
    expect(relativeError(weight, wanted), model.weights[index]?.path).toBeLessThan(tolerance);
  });
}

describe("a small network with frozen layers and normalization", () => {
  it.each(golden.runs.map((run) => [`${run.optimizer}, ${run.loss}`, run] as const))(
    "has Keras's figures and weights after five steps of %s",
    async (_, run) => {
      const model = frozenCnn(run.classes);
      model.compile({ optimizer: makeOptimizer[run.optimizer](), loss: run.loss, metrics: ["acc"] });
      expect(model.weights.map(({ path }) => path)).toEqual(run.weights.map(({ path }) => path));
      for (const [step, expected] of run.logs.entries()) {
        const x = toTensor(wave([6, 8, 8, 3], 100 + step));
        expectClose(await model.trainOnBatch(x, toTensor(waveLabels(6, step, run.classes))), expected);
      }
      expectWeights(model, run.weights, 1e-3);
      const x = toTensor(wave([6, 8, 8, 3], 200));
      expectClose(await model.testOnBatch(x, toTensor(waveLabels(6, 0, run.classes))), run.evaluated);
      expect(relativeError(fromTensor(await model.predictOnBatch(x)), run.predicted)).toBeLessThan(1e-3);
    },
  );
});

/** The network of `dense_model` in scripts/golden/models.py. */
function denseModel(loss: string, metrics: string[]): models.Sequential {
  const model = new models.Sequential([
    layers.Input({ shape: [4] }),
    new layers.Dense(5, { activation: "relu", kernelRegularizer: "l2", name: "hidden" }),
    new layers.Dense(3, { activation: "softmax", name: "out" }),
  ]);
  waveWeights(model);
  model.compile({ optimizer: new optimizers.SGD(0.1), loss, metrics });
  return model;
}

describe("weights of samples and classes", () => {
  const x = toTensor(wave([7, 4], 300));
  const y = waveLabels(7, 0, 3);
  const sampleWeight = toTensor({
    type: "float32",
    dims: [7],
    data: Float32Array.of(0.5, 2, 0, 1, 3, 0.25, 1),
  });
  const classWeight = { 0: 0.5, 1: 2, 2: 3 };
  const goldenCase = (name: string): Golden["cases"][string] => {
    const found = golden.cases[name];
    if (found === undefined) throw new Error(`no case ${name}`);
    return found;
  };

  it.each([
    ["none", {}],
    ["sample", { sampleWeight }],
    ["class", { classWeight }],
  ] as const)("count in the loss as in Keras: %s", async (name, options) => {
    const model = denseModel("categorical_crossentropy", ["acc", "mse"]);
    const expected = goldenCase(name);
    expectClose(await model.trainOnBatch(x, toTensor(y), options), expected.logs, 5);
    expectWeights(model, expected.weights, 1e-5);
  });

  it("count in a test as in Keras", async () => {
    const model = denseModel("categorical_crossentropy", ["acc", "mse"]);
    expectClose(await model.testOnBatch(x, toTensor(y), { sampleWeight }), goldenCase("tested").logs, 5);
  });

  it("count for labels that are class numbers", async () => {
    const model = denseModel("sparse_categorical_crossentropy", ["acc"]);
    const numbers = Array.from({ length: 7 }, (_, row) => y.data.subarray(3 * row, 3 * row + 3).indexOf(1));
    const labels: Tensor = toTensor({ type: "int32", dims: [7], data: Int32Array.from(numbers) });
    const expected = goldenCase("sparse");
    expectClose(await model.trainOnBatch(x, labels, { classWeight }), expected.logs, 5);
    expectWeights(model, expected.weights, 1e-5);
  });

  it("give fit Keras's history, with penalties, a small last batch and validation", async () => {
    const model = denseModel("categorical_crossentropy", ["acc"]);
    const { history } = await model.fit(toTensor(wave([10, 4], 301)), {
      y: toTensor(waveLabels(10, 1, 3)),
      epochs: 3,
      batchSize: 4,
      shuffle: false,
      validationData: [toTensor(wave([5, 4], 302)), toTensor(waveLabels(5, 2, 3))],
      classWeight,
      verbose: 0,
    });
    expect(Object.keys(history).sort()).toEqual(Object.keys(golden.fit.history).sort());
    for (const [name, values] of Object.entries(golden.fit.history)) {
      values.forEach((value, epoch) => {
        expect(history[name]?.[epoch], `${name} of epoch ${epoch}`).toBeCloseTo(value, 5);
      });
    }
    expectWeights(model, golden.fit.weights, 1e-5);
  });
});

describe("compile", () => {
  it("takes losses and optimizers as objects too", async () => {
    const model = denseModel("categorical_crossentropy", []);
    model.compile({ optimizer: new optimizers.SGD(0.1), loss: new losses.CategoricalCrossentropy() });
    const logs = await model.trainOnBatch(toTensor(wave([7, 4], 300)), toTensor(waveLabels(7, 0, 3)));
    expect(logs["loss"]).toBeCloseTo(golden.cases["none"]?.logs["loss"] ?? NaN, 5);
  });
});

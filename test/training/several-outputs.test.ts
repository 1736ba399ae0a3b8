import { layers, models, optimizers, Tensor } from "graft-ml";
import { describe, expect, it } from "vitest";
import { platform } from "../../src/models/platform.js";
import { fromTensor, toTensor } from "../../src/runtime/runtime.js";
import { createNodeMachine } from "../../src/hosts/node/platform.js";
import { Programs } from "../../src/training/programs/programs.js";
import { type GoldenTensor, relativeError } from "../support/nn-graph.js";
import {
  batches,
  inputs,
  type Logs,
  type Samples,
  severalOutputs as golden,
  labelsByOutput,
  twoByTwo,
  weights,
} from "../support/two-by-two.js";
import { wave, waveWeights } from "../support/wave.js";

const losses = ["binary_crossentropy", "categorical_crossentropy"] as const;

const options: Readonly<Record<string, models.CompileOptions>> = {
  listed: {
    optimizer: new optimizers.Adam(0.01),
    loss: losses,
    lossWeights: [0.7, 1.6],
    metrics: [["acc"], ["acc", "mse"]],
    weightedMetrics: { kind: ["acc"] },
  },
  named: {
    optimizer: new optimizers.SGD(0.05, { momentum: 0.9 }),
    loss: { kind: losses[1], grade: losses[0] },
    lossWeights: { kind: 2, grade: 0.25 },
    metrics: { grade: "mae" },
    weightedMetrics: ["mse", "mse"],
  },
  oneLossForAll: { optimizer: new optimizers.RMSprop(0.005), loss: "mse" },
  kindAlone: {
    optimizer: new optimizers.SGD(0.05, { momentum: 0.9, weightDecay: 0.1 }),
    loss: [null, losses[1]],
  },
  gradeCompared: {
    optimizer: new optimizers.Adam(0.01),
    loss: { kind: losses[1], grade: null },
    metrics: ["acc", ["acc"]],
  },
};

function expectClose(actual: Logs, expected: Logs): void {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, value] of Object.entries(expected)) {
    expect(Math.abs((actual[name] ?? NaN) - value), name).toBeLessThan(1e-4 * Math.max(1, value));
  }
}

function expectWeights(model: models.BaseModel, expected: readonly GoldenTensor[]): void {
  expect(model.weights).toHaveLength(expected.length);
  model.getWeights().forEach((weight, index) => {
    const wanted = expected[index] ?? { shape: [], data: [] };
    expect(relativeError(weight, wanted), model.weights[index]?.path).toBeLessThan(1e-3);
  });
}

describe("a partly frozen model with two inputs and two outputs", () => {
  it.each(Object.entries(options))("has Keras's figures and weights after five steps: %s", async (name, compile) => {
    const [expected, batch] = [golden.cases[name], batches[name]];
    if (expected === undefined || batch === undefined) throw new Error(`There is no golden case "${name}".`);
    const model = twoByTwo();
    const frozen = model.weights.filter((variable) => !model.trainableWeights.includes(variable));
    const before = frozen.map(({ value }) => value.data.slice());
    model.compile(compile);
    for (const [step, logs] of expected.logs.entries()) {
      const { x, y, ...options } = batch(6, step);
      expectClose(await model.trainOnBatch(x, y, options), logs);
    }
    expectWeights(model, expected.weights);
    // Statistics of the normalization that is not frozen move.
    expect(frozen.map(({ value }) => value.data).slice(0, 6)).toEqual(before.slice(0, 6));

    const { x, y, sampleWeight } = batch(10, 50);
    const evaluated = await model.evaluate(x, {
      y,
      batchSize: 4,
      verbose: 0,
      ...(sampleWeight === undefined ? {} : { sampleWeight }),
    });
    expectClose(evaluated, expected.evaluated);
    Object.values(evaluated).forEach((value, index) => {
      expect(value, `figure ${index}`).toBeCloseTo(expected.listed[index] ?? NaN, 4);
    });
    const predicted = await model.predict<Tensor[]>(x, { batchSize: 4, verbose: 0 });
    expect(predicted).toHaveLength(2);
    predicted.forEach((output, index) => {
      const wanted = expected.predicted[index] ?? { shape: [], data: [] };
      expect(relativeError(fromTensor(output), wanted), `output ${index}`).toBeLessThan(1e-3);
    });
    const again = await model.predictOnBatch<Tensor[]>(x);
    expect(again.map(({ dims }) => dims)).toEqual(predicted.map(({ dims }) => dims));
  });

  it("is cut at several values", async () => {
    const model = twoByTwo();
    model.compile({ optimizer: "adam", loss: losses });
    const host = { runtime: platform().runtime, machine: createNodeMachine() };
    const { boundary } = await Programs.create(host, model, model.compiled, [[1], [3]]);
    // What the trained convolution takes, the frozen branch around it, and what is known of the facts.
    expect(boundary.map(({ dims }) => dims)).toEqual([[4, 4, 4], [4], [3]]);
  });

  it("gives fit Keras's history, with weights of samples and a part for validation", async () => {
    const model = twoByTwo();
    model.compile({
      optimizer: new optimizers.RMSprop(0.005),
      loss: losses,
      lossWeights: [2, 0.5],
      metrics: { kind: ["acc", "mse"] },
      weightedMetrics: [null, ["acc"]],
    });
    const { history } = await model.fit(inputs(10, 300), {
      y: labelsByOutput(10, 3),
      sampleWeight: weights(10),
      epochs: 3,
      batchSize: 3,
      shuffle: false,
      validationSplit: 0.35,
      verbose: 0,
    });
    expect(Object.keys(history)).toEqual(Object.keys(golden.fit.history));
    for (const [name, values] of Object.entries(golden.fit.history)) {
      values.forEach((value, epoch) => {
        expect(history[name]?.[epoch], `${name} of epoch ${epoch}`).toBeCloseTo(value, 4);
      });
    }
    expectWeights(model, golden.fit.weights);
  });

  it("validates on arrays by name", async () => {
    const model = twoByTwo();
    model.compile({ optimizer: new optimizers.Adam(0.001), loss: losses });
    const [picture, facts] = inputs(6, 1);
    const [grade, kind] = labelsByOutput(6, 1);
    const { history } = await model.fit(
      { picture, facts },
      {
        y: { grade, kind },
        validationData: [{ picture, facts }, { kind, grade }, weights(6)[0]],
        epochs: 2,
        batchSize: 4,
        verbose: 0,
      },
    );
    const { loss } = await model.evaluate([picture, facts], {
      y: [grade, kind],
      sampleWeight: weights(6)[0],
      batchSize: 4,
      verbose: 0,
    });
    expect(history["val_loss"]?.[1]).toBeCloseTo(loss ?? NaN, 6);
  });
});

describe("outputs of one layer", () => {
  it("share its name, and their metrics are numbered as in Keras", async () => {
    const [left, right] = ["left", "right"].map((name) => layers.Input({ shape: [3], name }));
    if (left === undefined || right === undefined) throw new Error("There are no inputs.");
    const shared = new layers.Dense(1, { name: "shared" });
    const model = new models.Model({ inputs: [left, right], outputs: [shared.apply(left), shared.apply(right)] });
    waveWeights(model);
    expect(model.outputNames).toEqual(golden.twice.names);
    model.compile({
      optimizer: new optimizers.SGD(0.1),
      loss: "mse",
      metrics: [["mae", "mae"], ["mae"]],
      weightedMetrics: [["mae"], ["mae", "mse"]],
    });
    const [x, y] = [
      [toTensor(wave([4, 3], 1)), toTensor(wave([4, 3], 2))],
      [toTensor(wave([4, 1], 3)), toTensor(wave([4, 1], 4))],
    ];
    const sampleWeight = [toTensor(wave([4], 5, 0.5, 1)), toTensor(wave([4], 6, 0.5, 1))];
    expectClose(await model.trainOnBatch(x, y, { sampleWeight }), golden.twice.logs);
  });
});

describe("an output without a loss", () => {
  it("needs no labels, and its own layers stay as they are", async () => {
    const model = twoByTwo();
    model.compile({ optimizer: "adam", loss: { grade: "binary_crossentropy", kind: null } });
    const [x, [grade, kind]] = [inputs(6, 1), labelsByOutput(6, 1)];
    const before = model.getLayer("kind").weights.map(({ value }) => value.data.slice());
    const losses: (number | undefined)[] = [];
    for (const y of [[grade, null], [grade], grade, { grade }, [grade, kind]]) {
      waveWeights(model);
      losses.push((await model.testOnBatch(x, y))["loss"]);
      await model.trainOnBatch(x, y);
    }
    expect(new Set(losses).size).toBe(1);
    expect(model.getLayer("kind").weights.map(({ value }) => value.data)).toEqual(before);
  });

  it("can have an accuracy, of which the labels' shape says the kind", async () => {
    const model = twoByTwo();
    model.compile({ optimizer: "adam", loss: ["binary_crossentropy", null], metrics: [null, ["acc"]] });
    const [x, [grade, kind]] = [inputs(6, 1), labelsByOutput(6, 1)];
    const numbers = Float32Array.from({ length: 6 }, (_, row) => Array.from(kind.data, Number).indexOf(1, 3 * row) % 3);
    const logs = await model.testOnBatch(x, [grade, kind]);
    expect(await model.testOnBatch(x, [grade, new Tensor("float32", numbers, [6])])).toEqual(logs);
    expect(await model.testOnBatch(x, [grade, new Tensor("float32", numbers, [6, 1])])).toEqual(logs);
  });
});

describe("mistakes are explained", () => {
  const [x, [grade, kind]] = [inputs(6, 1), labelsByOutput(6, 1)];
  const [picture, facts] = x;

  it.each<[string, models.CompileOptions, RegExp]>([
    [
      "a loss for some outputs",
      { optimizer: "sgd", loss: { grade: "mse" } },
      /loss.*"grade", "kind".*none for "kind".*null/s,
    ],
    ["too few losses", { optimizer: "sgd", loss: ["mse"] }, /loss.*"grade", "kind".*Received: 1.*null/s],
    ["a loss for another output", { optimizer: "sgd", loss: { grade: "mse", kid: "mse" } }, /no output "kid".*"kind"/s],
    ["one weight for several losses", { optimizer: "sgd", loss: "mse", lossWeights: 2 }, /lossWeights.*Received: 1/s],
    ["a weight that is no number", { optimizer: "sgd", loss: "mse", lossWeights: [1, NaN] }, /numbers.*NaN/s],
    [
      "metrics for nobody knows which",
      { optimizer: "sgd", loss: "mse", metrics: ["acc"] },
      /which outputs.*a list of 1/s,
    ],
    [
      "metrics of another output",
      { optimizer: "sgd", loss: "mse", metrics: { kid: "acc" } },
      /no output "kid".*"kind"/s,
    ],
  ])("%s", (_, options, message) => {
    expect(() => {
      twoByTwo().compile(options);
    }).toThrow(message);
  });

  it.each<[string, () => Samples, RegExp]>([
    ["an input that is missing", () => ({ x: { picture }, y: [grade, kind] }), /no samples for the input "facts"/],
    ["one array for two inputs", () => ({ x: picture, y: [grade, kind] }), /"picture", "facts".*samples for 1/s],
    [
      "inputs in another order",
      () => ({ x: [facts, picture], y: [grade, kind] }),
      /\[6, 6, 3\] for the input "picture"/,
    ],
    ["labels of one output", () => ({ x, y: grade }), /as many labels as outputs.*"grade", "kind".*Received: 1/s],
    ["labels that are missing", () => ({ x, y: { grade } }), /no labels for the output "kind"/],
    ["labels of another output", () => ({ x, y: { grade, kid: kind } }), /no output "kid".*"kind"/s],
    ["no labels", () => ({ x, y: [] }), /as many labels as outputs/],
    [
      "samples that are not equally many",
      () => ({ x, y: [grade, labelsByOutput(5, 1)[1]] }),
      /as many samples on both sides.*6 labels/s,
    ],
    [
      "weights of classes",
      () => ({ x, y: [grade, kind], classWeight: { 0: 2 } }),
      /classes are for models with one output.*sampleWeight/s,
    ],
    [
      "weights of another shape",
      () => ({ x, y: [grade, kind], sampleWeight: toTensor(wave([6, 2], 1)) }),
      /one weight for each sample.*\[6\].*\[6, 2\]/s,
    ],
  ])("%s", async (_, samples, message) => {
    const model = twoByTwo();
    model.compile({ optimizer: "sgd", loss: losses });
    const { x: given, y, ...options } = samples();
    await expect(model.trainOnBatch(given, y, options)).rejects.toThrow(message);
  });

  it("no loss at all", async () => {
    const model = new models.Sequential([layers.Input({ shape: [2] }), new layers.Dense(1)]);
    model.compile({ optimizer: "sgd" });
    await expect(model.trainOnBatch(toTensor(wave([2, 2], 1)))).rejects.toThrow(/no loss to compute/);
  });
});

describe("a model with one output", () => {
  it("takes lists and names too, and vectors for inputs of one number", async () => {
    const results: Logs[] = [];
    const x = new Tensor("float32", Float32Array.of(1, 2, 3), [3]);
    const y = new Tensor("float32", Float32Array.of(0, 1, 0), [3, 1]);
    const forms: [models.CompileOptions, models.InputArrays, models.OutputArrays][] = [
      [{ optimizer: "sgd", loss: "mse", metrics: ["mae", "acc"] }, x, y],
      [{ optimizer: "sgd", loss: ["mse"], lossWeights: 1, metrics: [["mae"], "acc"] }, [x], [y]],
      [
        { optimizer: "sgd", loss: { out: "mse" }, lossWeights: [1], metrics: { out: ["mae", "acc"] } },
        { number: x },
        { out: y },
      ],
    ];
    for (const [options, given, labels] of forms) {
      const number = layers.Input({ shape: [1], name: "number" });
      const model = new models.Model({ inputs: number, outputs: new layers.Dense(1, { name: "out" }).apply(number) });
      waveWeights(model);
      model.compile(options);
      results.push(await model.trainOnBatch(given, labels));
    }
    expect(Object.keys(results[0] ?? {})).toEqual(["loss", "mae", "acc"]);
    expect(results.slice(1)).toEqual([results[0], results[0]]);
  });

  it("shows its loss with the weight that it has", async () => {
    const make = (options: models.CompileOptions): models.Sequential => {
      const model = new models.Sequential([layers.Input({ shape: [2] }), new layers.Dense(1)]);
      waveWeights(model);
      model.compile(options);
      return model;
    };
    const [x, y] = [toTensor(wave([3, 2], 1)), toTensor(wave([3, 1], 2))];
    const plain = await make({ optimizer: "sgd", loss: "mse" }).testOnBatch(x, y);
    const weighted = await make({ optimizer: "sgd", loss: "mse", lossWeights: 0.5 }).testOnBatch(x, y);
    expect(weighted["loss"]).toBeCloseTo((plain["loss"] ?? NaN) / 2, 6);
  });
});

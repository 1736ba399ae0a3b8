import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { callbacks, layers, metrics, models, optimizers, schedules, Tensor, UsageError } from "graft-ml";
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { BaseModel } from "../../src/models/base-model.js";
import type { Callback, CallbackContext, FitOptions, Logs } from "../../src/models/training-types.js";
import type { Value } from "../../src/graph/value.js";
import { float32 } from "../../src/onnx/tensor-data.js";
import { toTensor } from "../../src/runtime/runtime.js";
import { readGolden } from "../support/golden.js";
import { type GoldenTensor, relativeError } from "../support/nn-graph.js";
import { wave, waveLabels, waveWeights } from "../support/wave.js";

interface GoldenSequence {
  readonly callback: "EarlyStopping" | "ReduceLROnPlateau";
  readonly options: Readonly<Record<string, unknown>>;
  readonly title: string;
  readonly key: string;
  readonly values: readonly string[];
  readonly rows: readonly {
    readonly stop: boolean;
    readonly wait: number;
    readonly best: string | null;
    readonly rate: number;
  }[];
  readonly weight: number | null;
}

interface Golden {
  readonly sequences: readonly GoldenSequence[];
  readonly checkpoints: readonly {
    readonly path: string;
    readonly options: Readonly<Record<string, unknown>>;
    readonly values: readonly number[];
    readonly saved: readonly string[];
  }[];
  readonly csv: readonly {
    readonly options: { readonly separator?: string };
    readonly logs: readonly Logs[];
    readonly text: string;
  }[];
  readonly fits: Readonly<
    Record<
      string,
      {
        readonly keys: readonly string[];
        readonly history: Readonly<Record<string, number[]>>;
        readonly iterations: number;
        readonly weights: readonly GoldenTensor[];
      }
    >
  >;
}

const golden = await readGolden<Golden>("callbacks.json");

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-callbacks-"));
});
afterAll(() => rm(folder, { recursive: true }));

const said: string[] = [];
beforeEach(() => {
  said.length = 0;
  vi.spyOn(console, "error").mockImplementation((line: string) => void said.push(line));
});

/** One weight, which says the epoch. */
function countingModel(metric: metrics.Metric | string = "acc"): models.Sequential {
  const model = new models.Sequential([layers.Input({ shape: [1] }), new layers.Dense(1, { useBias: false })]);
  model.compile({
    optimizer: new optimizers.SGD(0.1),
    loss: "mse",
    metrics: [metric],
  });
  return model;
}

function contextOf(model: BaseModel): CallbackContext {
  return { model, epochs: 99, steps: 3, stopTraining: () => (model.stopTraining = true) };
}

/** NaN is "nan" in Python's words. */
function parse(text: string): number {
  return text === "nan" ? NaN : Number(text);
}

/** Python 2.5e-05 and JavaScript 0.000025. */
function expectSameText(actual: string, expected: string): void {
  const cells = (text: string): (string | number)[] =>
    text.split(/([,;\r\n]+)/).map((cell) => (/^[\d.e-]+$/.test(cell) ? Number(cell) : cell));
  expect(cells(actual)).toEqual(cells(expected));
}

describe("sequences of figures are judged as by Keras", () => {
  const title = ({ callback, options, title: list }: GoldenSequence): string =>
    `${callback} ${JSON.stringify(options)}: ${list}`;
  it.each(golden.sequences.map((one) => [title(one), one] as const))("%s", (_, one) => {
    const callback =
      one.callback === "EarlyStopping"
        ? new callbacks.EarlyStopping(one.options)
        : new callbacks.ReduceLROnPlateau(one.options);
    const model = countingModel();
    const context = contextOf(model);
    callback.onTrainBegin();
    const rows: GoldenSequence["rows"][number][] = [];
    for (const [epoch, value] of one.values.entries()) {
      model.setWeights([float32([epoch], [1, 1])]);
      callback.onEpochEnd(epoch, { [one.key]: parse(value) }, context);
      rows.push({
        stop: model.stopTraining,
        wait: callback.wait,
        best: callback.best === undefined ? null : String(callback.best),
        rate: model.optimizer.learningRate,
      });
      if (model.stopTraining) break;
    }
    if (callback instanceof callbacks.EarlyStopping) callback.onTrainEnd({}, context);
    expect(rows.map(({ stop, wait }) => ({ stop, wait }))).toEqual(one.rows.map(({ stop, wait }) => ({ stop, wait })));
    rows.forEach(({ best, rate }, epoch) => {
      const expected = one.rows[epoch];
      expect(parse(best ?? "")).toBe(parse(expected?.best ?? ""));
      expect(rate / (expected?.rate ?? NaN)).toBeCloseTo(1, 5);
    });
    if (one.weight !== null) expect(model.getWeights()[0]?.data[0]).toBe(one.weight);
  });

  it("and a direction that nobody knows must be said", () => {
    const callback = new callbacks.EarlyStopping({ monitor: "val_something" });
    expect(() => {
      callback.onEpochEnd(0, { val_something: 1 }, contextOf(countingModel()));
    }).toThrow(/"val_something" should rise or fall.*mode/s);
  });

  it("and so must that of a metric which says none", () => {
    class Strange extends metrics.MeanMetric {
      override readonly direction = undefined;
      protected perElement(labels: Value): Value {
        return labels;
      }
    }
    const callback = new callbacks.EarlyStopping({ monitor: "strange" });
    expect(() => {
      callback.onEpochEnd(0, { strange: 1 }, contextOf(countingModel(new Strange("strange"))));
    }).toThrow(/"strange" should rise or fall/);
  });

  it("and a figure that is missing is told of once", () => {
    const callback = new callbacks.EarlyStopping();
    for (const epoch of [0, 1]) callback.onEpochEnd(epoch, { loss: 1, acc: 2 }, contextOf(countingModel()));
    expect(said).toEqual([expect.stringMatching(/"val_loss", which is not there.*loss, acc/)]);
  });
});

describe("the direction of a metric is the metric's own: with MeanIoU", () => {
  const figures = [0.2, 0.8, 0.5, 0.4];
  const monitor = "val_mean_io_u";
  const model = (): models.Sequential => countingModel(new metrics.MeanIoU(2));

  it("EarlyStopping puts the best epoch back", () => {
    const trained = model();
    const context = contextOf(trained);
    const callback = new callbacks.EarlyStopping({ monitor, patience: 2, restoreBestWeights: true });
    callback.onTrainBegin();
    figures.forEach((figure, epoch) => {
      trained.setWeights([float32([epoch], [1, 1])]);
      callback.onEpochEnd(epoch, { [monitor]: figure }, context);
    });
    callback.onTrainEnd({}, context);
    expect([callback.bestEpoch, callback.best, callback.stoppedEpoch]).toEqual([1, 0.8, 3]);
    expect(trained.getWeights()[0]?.data[0]).toBe(1);
  });

  it("ModelCheckpoint saves when it rises", async () => {
    const trained = model();
    const saved: string[] = [];
    trained.save = (path: string): Promise<void> => {
      saved.push(path);
      return Promise.resolve();
    };
    const callback = new callbacks.ModelCheckpoint("{epoch}.keras", { monitor, saveBestOnly: true });
    for (const [epoch, figure] of figures.entries()) {
      callback.onEpochBegin(epoch);
      await callback.onEpochEnd(epoch, { [monitor]: figure }, contextOf(trained));
    }
    expect(saved).toEqual(["1.keras", "2.keras"]);
  });

  it("EarlyStopping asks anew in the next fit, whose metric of that name may go the other way", () => {
    const bestOf = (figure: InstanceType<typeof metrics.MeanIoU>, callback: callbacks.EarlyStopping): unknown => {
      callback.onTrainBegin();
      figures.forEach((value, epoch) => {
        callback.onEpochEnd(epoch, { val_figure: value }, contextOf(countingModel(figure)));
      });
      return callback.best;
    };
    class Falling extends metrics.MeanIoU {
      override readonly direction = "down" as never;
    }
    const callback = new callbacks.EarlyStopping({ monitor: "val_figure", patience: 9 });
    expect(bestOf(new Falling(2, { name: "figure" }), callback)).toBe(0.2);
    expect(bestOf(new metrics.MeanIoU(2, { name: "figure" }), callback)).toBe(0.8);
  });

  it("a metric's own name may begin with val_", () => {
    const callback = new callbacks.EarlyStopping({ monitor: "val_iou", patience: 9 });
    callback.onTrainBegin();
    figures.forEach((value, epoch) => {
      callback.onEpochEnd(
        epoch,
        { val_iou: value },
        contextOf(countingModel(new metrics.MeanIoU(2, { name: "val_iou" }))),
      );
    });
    expect(callback.best).toBe(0.8);
  });

  it("ReduceLROnPlateau learns on while it rises", () => {
    const trained = model();
    const callback = new callbacks.ReduceLROnPlateau({ monitor, patience: 1, factor: 0.5 });
    callback.onTrainBegin();
    const rates = [0.2, 0.5, 0.8, 0.7].map((figure, epoch) => {
      callback.onEpochEnd(epoch, { [monitor]: figure }, contextOf(trained));
      return trained.optimizer.learningRate;
    });
    expect(rates).toEqual([0.1, 0.1, 0.1, 0.05]);
  });
});

describe("a callback", () => {
  it("refuses figures and events that are none, before anything is learned", async () => {
    expect(() => new callbacks.EarlyStopping({ baseline: "0.1" as unknown as number })).toThrow(/baseline.*a number/s);
    expect(() => new callbacks.EarlyStopping({ minDelta: NaN })).toThrow(/minDelta.*a number/s);
    expect(() => new callbacks.ModelCheckpoint("x.keras", { initialValueThreshold: NaN })).toThrow(/a number/);
    const x = new Tensor("float32", [1, 2], [2, 1]);
    const model = new models.Sequential([layers.Input({ shape: [1] }), new layers.Dense(1)]);
    model.compile({ optimizer: "sgd", loss: "mse" });
    const wrong = { onEpochEnd: 3 } as object;
    for (const callback of [wrong, new callbacks.LambdaCallback(wrong)]) {
      await expect(model.fit(x, x, { verbose: 0, callbacks: [callback] })).rejects.toThrow(
        /The event "onEpochEnd" of a callback is no function.*Received: 3/s,
      );
    }
  });

  it("finds figures in their order, also where metrics are named by numbers", async () => {
    const x = new Tensor("float32", [1, 2], [2, 1]);
    const model = new models.Sequential([layers.Input({ shape: [1] }), new layers.Dense(1)]);
    const named = ["10", "2", "__proto__"].map((name) => new metrics.MeanAbsoluteError({ name }));
    model.compile({ optimizer: "sgd", loss: "mse", metrics: named });
    const { history } = await model.fit(x, x, { verbose: 0, epochs: 2 });
    expect(Object.keys(history)).toEqual(["10", "2", "__proto__", "loss"]);
    expect(Object.values(history).map((figures) => figures.length)).toEqual([2, 2, 2, 2]);
  });
});

describe("ModelCheckpoint", () => {
  it.each(golden.checkpoints.map((one) => [one.path, one] as const))("saves when Keras does: %s", async (_, one) => {
    const model = countingModel();
    const saved: string[] = [];
    const save = (path: string): Promise<void> => {
      saved.push(path);
      return Promise.resolve();
    };
    model.save = save;
    model.saveWeights = save;
    const callback = new callbacks.ModelCheckpoint(one.path, one.options);
    const context = contextOf(model);
    for (const [epoch, value] of one.values.entries()) {
      callback.onEpochBegin(epoch);
      for (let step = 0; step < 3; step++) {
        await callback.onTrainBatchEnd(step, { loss: value + 0.01 * step }, context);
      }
      await callback.onEpochEnd(epoch, { loss: value, val_loss: value }, context);
    }
    expect(saved).toEqual(one.saved);
  });

  it("refuses names that no model can be saved under, and placeholders without a figure", async () => {
    expect(() => new callbacks.ModelCheckpoint("model.txt")).toThrow(/ends in \.keras/);
    expect(() => new callbacks.ModelCheckpoint("x.weights.h5")).toThrow(/saveWeightsOnly/);
    // What no figure could fill in is said at once, not after the first epoch.
    expect(() => new callbacks.ModelCheckpoint("{epoch:>4}.keras")).toThrow(/cannot be filled in/);
    const callback = new callbacks.ModelCheckpoint("{val_acc}.keras");
    await expect(callback.onEpochEnd(0, { loss: 1 }, contextOf(countingModel()))).rejects.toThrow(
      /asks for something.*epoch, loss.*\{val_acc\}/s,
    );
    expect(() => new callbacks.ModelCheckpoint("{epoch}.keras", { saveBestsOnly: true } as object)).toThrow(
      /Did you mean "?saveBestOnly/,
    );
  });
});

describe("CSVLogger", () => {
  it.each(golden.csv.map((one, index) => [index, one] as const))("writes Keras's file: %i", async (index, one) => {
    const path = join(folder, `log-${index}.csv`);
    const context = contextOf(new models.Sequential());
    for (let again = 0; again < 2; again++) {
      const callback = new callbacks.CSVLogger(path, one.options);
      await callback.onTrainBegin(context);
      for (const [epoch, logs] of one.logs.entries()) await callback.onEpochEnd(epoch, logs, context);
      expectSameText(await readFile(path, "utf8"), one.text);
    }
    const more = new callbacks.CSVLogger(path, { ...one.options, append: true });
    await more.onTrainBegin(context);
    for (const [epoch, logs] of one.logs.entries()) await more.onEpochEnd(epoch, logs, context);
    const rows = one.text.slice(one.text.indexOf("\n") + 1);
    expectSameText(await readFile(path, "utf8"), one.text + rows);
  });

  it.each(["=1+1", "@SUM(1)", "+1", "-1", "\t=1", " =1"])("writes a metric called %j as no formula", async (name) => {
    const path = join(folder, "formula.csv");
    const callback = new callbacks.CSVLogger(path);
    const context = contextOf(new models.Sequential());
    await callback.onTrainBegin(context);
    await callback.onEpochEnd(0, { [name]: -0.25, val_loss: -1e-7 }, context);
    expect(await readFile(path, "utf8")).toBe(`epoch,'${name},val_loss\r\n0,-0.25,-1e-7\r\n`);
  });

  it("begins a new line behind what a process that was killed has left of a row", async () => {
    const path = join(folder, "half.csv");
    await writeFile(path, "epoch,loss\r\n0,0.5\r\n1,0.");
    const callback = new callbacks.CSVLogger(path, { append: true });
    const context = contextOf(new models.Sequential());
    await callback.onTrainBegin(context);
    await callback.onEpochEnd(1, { loss: 0.25 }, context);
    expect(await readFile(path, "utf8")).toBe("epoch,loss\r\n0,0.5\r\n1,0.\r\n1,0.25,NA\r\n");
  });
});

function denseModel(): models.Sequential {
  const model = new models.Sequential([
    layers.Input({ shape: [4] }),
    new layers.Dense(5, { activation: "tanh", name: "hidden" }),
    new layers.Dense(3, { activation: "softmax", name: "out" }),
  ]);
  waveWeights(model);
  return model;
}

const x = toTensor(wave([10, 4], 301));
const y = toTensor(waveLabels(10, 1, 3));
const [valX, valY] = [toTensor(wave([5, 4], 302)), toTensor(waveLabels(5, 2, 3))] as const;
const validationData = [valX, valY] as const;
const weigh = (values: readonly number[]) => toTensor(float32(values, [values.length]));

const averaging = (): optimizers.SGD => new optimizers.SGD(0.2, { useEma: true, emaMomentum: 0.8 });

/** A number that tells which weights a model has. */
const sizeOf = (model: BaseModel): number =>
  model.getWeights().reduce((sum, { data }) => sum + data.reduce((total, value) => total + Math.abs(value), 0), 0);

/** Puts that number into the logs. */
const seen: Callback = {
  onEpochEnd(_epoch, logs, { model }) {
    logs["seen"] = sizeOf(model);
  },
};

describe("fit has Keras's figures, keys and weights", () => {
  const sgd = (): optimizers.SGD => new optimizers.SGD(0.2);
  const cases: Record<
    string,
    { optimizer?: () => optimizers.SGD | optimizers.Adam; weightedMetrics?: string[]; fit?: FitOptions }
  > = {
    "exponential schedule": { optimizer: () => new optimizers.SGD(new schedules.ExponentialDecay(0.2, 2, 0.5)) },
    "piecewise schedule and Adam": {
      optimizer: () => new optimizers.Adam(new schedules.PiecewiseConstantDecay([2, 5], [0.05, 0.01, 0.002])),
    },
    "averaged weights": { optimizer: () => new optimizers.SGD(0.2, { useEma: true, emaMomentum: 0.8 }) },
    "averaged weights, overwritten": {
      optimizer: () => new optimizers.SGD(0.2, { useEma: true, emaMomentum: 0.8, emaOverwriteFrequency: 4 }),
    },
    "accumulated gradients": { optimizer: () => new optimizers.Adam(0.05, { gradientAccumulationSteps: 2 }) },
    "class weights": { weightedMetrics: ["acc", "mse"], fit: { classWeight: { 0: 0.5, 1: 2, 2: 3 } } },
    "sample weights": {
      weightedMetrics: ["acc"],
      fit: {
        sampleWeight: weigh([1, 2, 0, 0.5, 1, 3, 1, 0.25, 1, 2]),
        validationData: [...validationData, weigh([1, 0, 2, 0.5, 1])],
      },
    },
    "validation every second epoch": { fit: { validationFreq: 2 } },
    "validation of some epochs": { fit: { validationFreq: [1, 4] } },
    "validation in small batches": { fit: { validationBatchSize: 2 } },
    "lower rate on plateau": {
      fit: { callbacks: [new callbacks.ReduceLROnPlateau({ patience: 1, factor: 0.5, minDelta: 0.05 })] },
    },
    "rate by epoch": {
      fit: { callbacks: [new callbacks.LearningRateScheduler((epoch, rate) => (epoch > 0 ? rate * 0.5 : rate))] },
    },
    "initial epoch": { fit: { initialEpoch: 2 } },
    "averaged weights of accumulated gradients": {
      optimizer: () => new optimizers.SGD(0.2, { useEma: true, emaMomentum: 0.8, gradientAccumulationSteps: 2 }),
    },
    "averaged weights of accumulated gradients, overwritten": {
      optimizer: () =>
        new optimizers.SGD(0.2, {
          useEma: true,
          emaMomentum: 0.8,
          emaOverwriteFrequency: 2,
          gradientAccumulationSteps: 3,
        }),
    },
    "averages in validation": { optimizer: averaging, fit: { callbacks: [new callbacks.SwapEMAWeights(), seen] } },
    "averages between epochs": {
      optimizer: averaging,
      fit: { callbacks: [new callbacks.SwapEMAWeights({ swapOnEpoch: true }), seen] },
    },
  };

  async function check(name: string, fit: FitOptions, { optimizer = sgd, weightedMetrics }: (typeof cases)[string]) {
    const expected = golden.fits[name];
    if (expected === undefined) throw new Error(`no case ${name}`);
    const model = denseModel();
    model.compile({
      optimizer: optimizer(),
      loss: "categorical_crossentropy",
      metrics: ["acc"],
      ...(weightedMetrics === undefined ? {} : { weightedMetrics }),
    });
    const { history } = await model.fit(x, { y, epochs: 4, batchSize: 4, shuffle: false, verbose: 0, ...fit });
    expect(Object.keys(history)).toEqual(expected.keys);
    for (const [key, values] of Object.entries(expected.history)) {
      expect(history[key], key).toHaveLength(values.length);
      values.forEach((value, epoch) => {
        expect(history[key]?.[epoch], `${key} of epoch ${epoch}`).toBeCloseTo(value, 5);
      });
    }
    expect(model.optimizer.iterations).toBe(expected.iterations);
    model.getWeights().forEach((weight, index) => {
      expect(relativeError(weight, expected.weights[index] ?? { shape: [], data: [] })).toBeLessThan(1e-5);
    });
  }

  it.each(Object.entries(cases))("%s", async (name, one) => {
    await check(name, { validationData, ...one.fit }, one);
  });

  it("validation split", async () => {
    await check("validation split", { validationSplit: 0.35 }, {});
  });
});

describe("events", () => {
  const names = [
    "onTrainBegin",
    "onTrainEnd",
    "onEpochBegin",
    "onEpochEnd",
    "onTrainBatchBegin",
    "onTrainBatchEnd",
    "onTestBegin",
    "onTestEnd",
    "onTestBatchBegin",
    "onTestBatchEnd",
    "onPredictBegin",
    "onPredictEnd",
    "onPredictBatchBegin",
    "onPredictBatchEnd",
  ] as const;

  function recorder(): { callback: Callback; events: string[] } {
    const events: string[] = [];
    const note = (name: string) => (first: unknown) =>
      void events.push(typeof first === "number" ? `${name} ${first}` : name);
    const callback = new callbacks.LambdaCallback(Object.fromEntries(names.map((name) => [name, note(name)])));
    return { callback, events };
  }

  it("come in Keras's order", async () => {
    const { callback, events } = recorder();
    const model = denseModel();
    model.compile({ optimizer: "sgd", loss: "categorical_crossentropy" });
    await model.fit(x, { y, batchSize: 5, epochs: 1, validationData, verbose: 0, callbacks: [callback] });
    expect(events).toEqual([
      "onTrainBegin",
      "onEpochBegin 0",
      "onTrainBatchBegin 0",
      "onTrainBatchEnd 0",
      "onTrainBatchBegin 1",
      "onTrainBatchEnd 1",
      "onTestBegin",
      "onTestBatchBegin 0",
      "onTestBatchEnd 0",
      "onTestEnd",
      "onEpochEnd 0",
      "onTrainEnd",
    ]);
    events.length = 0;
    await model.evaluate(x, { y, batchSize: 8, verbose: 0, callbacks: [callback] });
    await model.predict(x, { batchSize: 10, verbose: 0, callbacks: [callback] });
    expect(events).toEqual([
      "onTestBegin",
      "onTestBatchBegin 0",
      "onTestBatchEnd 0",
      "onTestBatchBegin 1",
      "onTestBatchEnd 1",
      "onTestEnd",
      "onPredictBegin",
      "onPredictBatchBegin 0",
      "onPredictBatchEnd 0",
      "onPredictEnd",
    ]);
  });

  it("can end the training, by the context and by the model", async () => {
    for (const stop of [
      (context: CallbackContext) => {
        context.stopTraining();
      },
      ({ model }: CallbackContext) => {
        model.stopTraining = true;
      },
    ]) {
      const model = denseModel();
      model.compile({ optimizer: "sgd", loss: "categorical_crossentropy" });
      const callback: Callback = {
        onTrainBatchEnd(step, _logs, context) {
          if (step === 1) stop(context);
        },
      };
      const history = await model.fit(x, {
        y,
        batchSize: 2,
        epochs: 3,
        validationData,
        verbose: 0,
        callbacks: [callback],
      });
      expect(history.epoch).toEqual([0]);
      expect(history.history["val_loss"]).toHaveLength(1);
      expect(model.optimizer.iterations).toBe(2);
    }
  });

  it("reach classes that people write, which know the model", async () => {
    class Watcher extends callbacks.Callback {
      readonly seen: string[] = [];
      override onEpochEnd(epoch: number): void {
        this.seen.push(`${epoch} of ${this.params.epochs}, ${this.model.weights.length} weights`);
      }
    }
    const watcher = new Watcher();
    expect(() => watcher.model).toThrow(UsageError);
    const model = denseModel();
    model.compile({ optimizer: "sgd", loss: "categorical_crossentropy" });
    await model.fit(x, { y, epochs: 2, verbose: 0, callbacks: [watcher] });
    expect(watcher.seen).toEqual(["0 of 2, 4 weights", "1 of 2, 4 weights"]);
  });

  it("are refused when they do not exist", () => {
    expect(() => new callbacks.LambdaCallback({ onEpochFinish: () => undefined } as object)).toThrow(/onEpoch/);
  });
});

describe("TerminateOnNaN", () => {
  const spoiled = toTensor(float32(new Float32Array(40).fill(NaN), [10, 4]));

  it("ends a training that has gone wrong", async () => {
    const model = denseModel();
    model.compile({ optimizer: "sgd", loss: "categorical_crossentropy" });
    const options = { y, epochs: 5, batchSize: 5, verbose: 0 } as const;
    const history = await model.fit(spoiled, { ...options, callbacks: [new callbacks.TerminateOnNaN()] });
    expect(history.epoch).toEqual([0]);
    expect(model.optimizer.iterations).toBe(1);
    expect(said).toEqual([
      expect.stringMatching(/^The loss is NaN in epoch 1, step 1: the sample \d holds values that are not finite\.$/),
      "Batch 0: the loss is NaN, so training ends.",
    ]);
    const raising = new callbacks.TerminateOnNaN({ raiseError: true });
    await expect(model.fit(spoiled, { ...options, callbacks: [raising] })).rejects.toThrow(/no number any more/);
  });
});

describe("a change of trainable", () => {
  it("takes effect at the next fit, which says so once", async () => {
    const model = denseModel();
    model.compile({ optimizer: "sgd", loss: "categorical_crossentropy" });
    const fit = () => model.fit(x, { y, verbose: 0 });
    await fit();
    const hidden = model.getLayer("hidden");
    for (const trainable of [false, true, false]) {
      hidden.trainable = trainable;
      const before = hidden.getWeights();
      await fit();
      expect(hidden.getWeights()).toEqual(trainable ? expect.not.arrayContaining(before) : before);
    }
    expect(said).toEqual([expect.stringMatching(/"trainable" has changed.*2 weights learn now, 4 did before.*Keras/)]);
    model.compile({ optimizer: "sgd", loss: "categorical_crossentropy" });
    hidden.trainable = true;
    said.length = 0;
    await fit();
    expect(said).toEqual([]);
  });
});

describe("fit refuses", () => {
  const refused: [string, FitOptions, RegExp][] = [
    ["half epochs", { epochs: 1.5 }, /epochs.*whole number from 0.*1\.5/s],
    ["no steps", { stepsPerEpoch: 0 }, /stepsPerEpoch.*whole number from 1/s],
    ["a split of everything", { validationSplit: 1 }, /validationSplit.*leaves samples on both sides/s],
    ["validation after every zeroth epoch", { validationFreq: 0, validationData }, /validationFreq/],
  ];
  it.each(refused)("%s", async (_, options, message) => {
    const model = denseModel();
    model.compile({ optimizer: "sgd", loss: "categorical_crossentropy" });
    await expect(model.fit(x, { y, verbose: 0, ...options })).rejects.toThrow(message);
  });
});

describe("values for frozen layers", () => {
  // The losses are Keras's: 4 ones through 3 units of ones and one of ones are 12; through 3 units of bias 1 alone, 3.
  it.each([
    { event: "onEpochEnd", loss: [144, 9, 9], validation: [144, 9, 9] },
    { event: "onTrainBatchEnd", loss: [144, 9, 9], validation: [9, 9, 9] },
    { event: "onTrainBatchBegin", loss: [9, 9, 9], validation: [9, 9, 9] },
  ])("hold from $event on", async ({ event, loss, validation }) => {
    const frozen = new layers.Dense(3, { kernelInitializer: "ones" });
    const model = new models.Sequential([
      layers.Input({ shape: [4] }),
      frozen,
      new layers.Dense(1, { kernelInitializer: "ones" }),
    ]);
    frozen.trainable = false;
    model.compile({ optimizer: new optimizers.SGD(0), loss: "mse" });
    const x = toTensor(float32([1, 1, 1, 1], [1, 4]));
    const y = toTensor(float32([0], [1, 1]));
    const setWeights = (): void => {
      frozen.setWeights([toTensor(float32(new Float32Array(12), [4, 3])), toTensor(float32([1, 1, 1], [3]))]);
    };
    const { history } = await model.fit(x, y, {
      epochs: 3,
      verbose: 0,
      validationData: [x, y],
      callbacks: [new callbacks.LambdaCallback({ [event]: setWeights })],
    });
    expect(history["loss"]).toEqual(loss);
    expect(history["val_loss"]).toEqual(validation);
  });
});

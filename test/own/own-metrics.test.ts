import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  GradientTape,
  layers,
  metrics,
  models,
  ops,
  saving,
  type StepData,
  type StepLogs,
  type SymbolicTensor,
  Tensor,
  UsageError,
  type Variable,
} from "graft-ml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-own-metrics-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const array = (numbers: readonly number[], dims: readonly number[]): Tensor => new Tensor("float32", numbers, dims);

type Numbers = SymbolicTensor | Tensor;

/** F1 in the form of Keras's guides. */
class F1 extends metrics.Metric {
  static readonly className: string = "OwnF1";
  private readonly tp: Variable;
  private readonly fp: Variable;
  private readonly fn: Variable;

  constructor({ name = "f1" }: metrics.MetricOptions = {}) {
    super({ name });
    this.tp = this.addWeight({ name: "tp", initializer: "zeros" });
    this.fp = this.addWeight({ name: "fp", initializer: "zeros" });
    this.fn = this.addWeight({ name: "fn", initializer: "zeros" });
  }

  override updateState(yTrue: Numbers, yPred: Numbers, sampleWeight?: Numbers): metrics.MetricUpdate {
    const found = ops.cast(ops.greater(yPred, 0.5), "float32");
    const counted = (x: SymbolicTensor): SymbolicTensor =>
      ops.sum(sampleWeight === undefined ? x : ops.multiply(x, ops.expandDims(sampleWeight, -1)));
    this.tp.assignAdd(counted(ops.multiply(yTrue, found)));
    this.fp.assignAdd(counted(ops.multiply(ops.subtract(1, yTrue), found)));
    // The other way in which scripts write it.
    this.fn.assign(ops.add(this.fn, counted(ops.multiply(yTrue, ops.subtract(1, found)))));
  }

  override result(): metrics.MetricResult {
    const twice = ops.multiply(2, this.tp);
    return ops.divide(twice, ops.add(ops.add(twice, this.fp), ops.add(this.fn, 1e-7)));
  }
}

const x = array([-2, -1, 1, 2, 3, -3, 0.5], [7, 1]);
const y = array([0, 1, 1, 1, 0, 0, 1], [7, 1]);
// Predicted 1 where x > 0: right thrice, once too often, once missed.
const f1 = 6 / 8;

function model(own: metrics.Metric): models.Sequential {
  const made = new models.Sequential([
    layers.Input({ shape: [1] }),
    new layers.Dense(1, { activation: "sigmoid", kernelInitializer: "ones", useBias: false }),
  ]);
  made.compile({ optimizer: "sgd", loss: "binary_crossentropy", metrics: [own] });
  made.optimizer.learningRate = 0;
  return made;
}

describe("a metric of one's own, in Keras's form", () => {
  it("is followed in fit, validation, evaluate and trainOnBatch, over batches of different sizes", async () => {
    const own = model(new F1());
    const history = await own.fit(x, y, { batchSize: 3, validationData: [x, y], verbose: 0 });
    expect(history.history["f1"]?.[0]).toBeCloseTo(f1, 6);
    expect(history.history["val_f1"]?.[0]).toBeCloseTo(f1, 6);
    expect((await own.evaluate(x, y, { batchSize: 2, verbose: 0 }))["f1"]).toBeCloseTo(f1, 6);
    expect((await own.trainOnBatch(x, y))["f1"]).toBeCloseTo(f1, 6);
  });

  it("is called on arrays, and begins again", async () => {
    const metric = new F1();
    const prediction = array([0, 0, 1, 1, 1, 0, 1], [7, 1]);
    await metric.updateState(y, prediction);
    expect(await metrics.resultOf(metric)).toBeCloseTo(f1, 6);
    await metric.updateState(y, prediction);
    expect(metric.variables.map(({ value }) => value.data[0])).toEqual([6, 2, 2]);
    metric.resetState();
    expect(metric.variables.map(({ value }) => value.data[0])).toEqual([0, 0, 0]);
    await metric.updateState(y, prediction, array([0, 0, 0, 0, 1, 0, 1], [7]));
    expect(await metrics.resultOf(metric)).toBeCloseTo(2 / 3, 6);
  });

  it("counts samples by their weights only among weightedMetrics, as in Keras", async () => {
    const own = model(new F1());
    own.compile({
      optimizer: "sgd",
      loss: "binary_crossentropy",
      metrics: [new F1()],
      weightedMetrics: [new F1({ name: "weighted" })],
    });
    const sampleWeight = array([0, 0, 0, 0, 1, 0, 1], [7]);
    const logs = await own.evaluate(x, y, { sampleWeight, verbose: 0 });
    expect(logs["f1"]).toBeCloseTo(f1, 6);
    expect(logs["weighted"]).toBeCloseTo(2 / 3, 6);
  });

  it("is part of a trainStep", async () => {
    const own = new F1();
    class Stepping extends models.Sequential {
      override trainStep([samples, labels]: StepData): StepLogs {
        const predictions = this.apply(samples);
        const loss = this.computeLoss({ y: labels, yPred: predictions });
        void this.optimizer.apply(
          this.trainableWeights.map((weight) => ops.multiply(weight, 0)),
          this.trainableWeights,
        );
        void own.updateState(labels, predictions);
        return { loss, f1: own.result() };
      }
    }
    const stepping = new Stepping([
      layers.Input({ shape: [1] }),
      new layers.Dense(1, { activation: "sigmoid", kernelInitializer: "ones", useBias: false }),
    ]);
    stepping.compile({ optimizer: "sgd", loss: "binary_crossentropy" });
    const { history } = await stepping.fit(x, y, { batchSize: 3, verbose: 0 });
    expect(history["f1"]?.[0]).toBeCloseTo(f1, 6);
  });

  it("takes what was computed on a tape, as in a loop of one's own", async () => {
    const [own, accuracy] = [new F1(), new metrics.BinaryAccuracy()];
    const tape = new GradientTape();
    const prediction = ops.sigmoid(tape.watch(x));
    await own.updateState(y, prediction);
    await accuracy.updateState(y, prediction);
    expect(await metrics.resultOf(own)).toBeCloseTo(f1, 6);
    expect(accuracy.result()).toBeCloseTo(5 / 7, 6);
  });

  it("may be made of other metrics, and of what it extends", async () => {
    class OfTwo extends metrics.Metric {
      private readonly precision = new metrics.Precision();
      private readonly recall = new metrics.Recall();
      override updateState(yTrue: SymbolicTensor, yPred: SymbolicTensor): void {
        void this.precision.updateState(yTrue, yPred);
        void this.recall.updateState(yTrue, yPred);
      }
      override result(): number {
        const [p, r] = [this.precision.result(), this.recall.result()];
        return (2 * p * r) / (p + r + 1e-7);
      }
    }
    class Reversed extends metrics.BinaryAccuracy {
      override updateState(yTrue: SymbolicTensor, yPred: SymbolicTensor): Promise<void> {
        return super.updateState(yTrue, ops.subtract(1, yPred));
      }
    }
    const own = model(new OfTwo());
    own.compile({ loss: "binary_crossentropy", metrics: [new OfTwo(), new Reversed({ name: "reversed" })] });
    const logs = await own.evaluate(x, y, { batchSize: 3, verbose: 0 });
    expect(logs["of_two"]).toBeCloseTo(f1, 6);
    expect(logs["reversed"]).toBeCloseTo(2 / 7, 6);
  });

  it("is saved and loaded once it is registered", async () => {
    saving.registerKerasSerializable({ package: "own-metrics" })(F1);
    const path = join(folder, "own.keras");
    await model(new F1()).save(path);
    const loaded = await models.loadModel(path);
    expect((await loaded.evaluate(x, y, { verbose: 0 }))["f1"]).toBeCloseTo(f1, 6);
  });

  it("refuses what is no sum, by name", async () => {
    class Largest extends metrics.Metric {
      private readonly most = this.addWeight({ name: "most" });
      override updateState(_: SymbolicTensor, yPred: SymbolicTensor): void {
        this.most.assign(ops.maximum(this.most, ops.max(yPred)));
      }
      override result(): metrics.MetricResult {
        return ops.add(this.most, 0);
      }
    }
    const largest = model(new Largest());
    await expect(largest.evaluate(x, y, { verbose: 0 })).rejects.toThrow(/"largest" cannot follow/);
    class Nothing extends metrics.Metric {}
    await expect(model(new Nothing()).evaluate(x, y, { verbose: 0 })).rejects.toThrow(UsageError);
    expect(() => {
      new models.Sequential([layers.Input({ shape: [1] }), new layers.Dense(1)]).compile({
        loss: "mse",
        metrics: [F1 as never],
      });
    }).not.toThrow(TypeError);
  });

  it("does not give a result while a batch is being computed", async () => {
    const metric = new F1();
    const computing = metric.updateState(y, y);
    expect(() => metric.result()).toThrow(/still computing/);
    await computing;
    expect(await metrics.resultOf(metric)).toBeCloseTo(1, 6);
  });
});

describe("assignAdd, assignSub and assign of a weight", () => {
  it("take arrays, numbers and other weights", () => {
    const dense = new layers.Dense(2, { kernelInitializer: "ones" });
    dense.apply(layers.Input({ shape: [3] }));
    const [kernel, bias] = dense.weights as [Variable, Variable];
    kernel.assignAdd(array([1, 2], [2]));
    expect([...kernel.value.data]).toEqual([2, 3, 2, 3, 2, 3]);
    kernel.assignAdd(array([1, 2, 3], [3, 1]));
    expect([...kernel.value.data]).toEqual([3, 4, 4, 5, 5, 6]);
    kernel.assignSub(1);
    expect([...kernel.value.data]).toEqual([2, 3, 3, 4, 4, 5]);
    bias.assign(7);
    expect([...bias.value.data]).toEqual([7, 7]);
    expect(() => {
      kernel.assignAdd(array([1, 2, 3], [3]));
    }).toThrow(/cannot take these values/);
  });
});

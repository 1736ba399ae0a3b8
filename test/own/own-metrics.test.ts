import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  GradientTape,
  layers,
  losses,
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

  it("begins each round with what Keras's resetState leaves, or one of its own", async () => {
    // Two weights that begin with 1; resetState makes them 0, but for one that sets others, or that goes on for ever.
    class FromOnes extends metrics.Metric {
      static readonly className: string = "FromOnes";
      readonly sums = this.addWeight({ name: "sums", shape: [2], initializer: "ones" });
      override updateState(yTrue: Numbers, yPred: Numbers): metrics.MetricUpdate {
        this.sums.assignAdd(ops.stack([ops.sum(yTrue), ops.sum(ops.onesLike(yPred))]));
      }
      override result(): metrics.MetricResult {
        return ops.add(ops.getItem(this.sums, 0), ops.multiply(100, ops.getItem(this.sums, 1)));
      }
    }
    class FromOthers extends FromOnes {
      static override readonly className: string = "FromOthers";
      override resetState(): void {
        this.sums.assign(array([5, 7], [2]));
      }
    }
    class ForEver extends FromOnes {
      static override readonly className: string = "ForEver";
      override resetState(): void {
        // Goes on.
      }
    }
    const own = model(new FromOnes());
    own.compile({ optimizer: "sgd", loss: "mse", metrics: [new FromOnes(), new FromOthers(), new ForEver()] });
    const [samples, labels] = [array([1, 1, 1, 1], [4, 1]), array([1, 0, 1, 1], [4, 1])];
    const options = { epochs: 3, batchSize: 2, verbose: 0 } as const;
    const { history } = await own.fit(samples, labels, { ...options, validationData: [samples, labels] });
    expect(history).toMatchObject({
      from_ones: [504, 403, 403],
      val_from_ones: [403, 403, 403],
      from_others: [504, 1108, 1108],
      val_from_others: [1108, 1108, 1108],
      for_ever: [504, 1310, 2116],
      val_for_ever: [907, 1713, 2519],
    });
    expect(await own.evaluate(samples, labels, { verbose: 0 })).toMatchObject({ from_ones: 403, for_ever: 2922 });
  });

  it("is called on arrays, and begins again", async () => {
    const metric = new F1();
    const prediction = array([0, 0, 1, 1, 1, 0, 1], [7, 1]);
    await metric.updateState(y, prediction);
    expect(await metric.result()).toBeCloseTo(f1, 6);
    await metric.updateState(y, prediction);
    expect(metric.variables.map(({ value }) => value.data[0])).toEqual([6, 2, 2]);
    metric.resetState();
    expect(metric.variables.map(({ value }) => value.data[0])).toEqual([0, 0, 0]);
    await metric.updateState(y, prediction, array([0, 0, 0, 0, 1, 0, 1], [7]));
    expect(await metric.result()).toBeCloseTo(2 / 3, 6);
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
    expect(await own.result()).toBeCloseTo(f1, 6);
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
    expect(await metric.result()).toBeCloseTo(1, 6);
  });
});

describe("what extends a metric of the package", () => {
  it("counts as it says, in fit and on arrays, also where the method is a field", async () => {
    class Distance extends metrics.Mean {
      override updateState(yTrue: Numbers, yPred?: Numbers): Promise<void> {
        return super.updateState(ops.abs(ops.subtract(yTrue as SymbolicTensor, yPred ?? 0)));
      }
    }
    class OfField extends metrics.Mean {
      override updateState = (yTrue: unknown, yPred?: unknown): Promise<void> =>
        super.updateState(ops.abs(ops.subtract(yTrue as SymbolicTensor, yPred as SymbolicTensor)));
    }
    class Root extends metrics.MeanSquaredError {
      override result(): number {
        return Math.sqrt(super.result());
      }
    }
    const list = [new Distance({ name: "distance" }), new OfField({ name: "field" }), new Root({ name: "root" })];
    const made = model(new F1());
    made.compile({ loss: "mse", metrics: [...list, "mae", "mse"] });
    const logs = await made.evaluate(x, y, { batchSize: 3, verbose: 0 });
    expect(logs["distance"]).toBeCloseTo(logs["mae"] ?? 0, 6);
    expect(logs["field"]).toBeCloseTo(logs["mae"] ?? 0, 6);
    expect(logs["root"]).toBeCloseTo(Math.sqrt(logs["mse"] ?? 0), 6);
    const distance = new Distance();
    await distance.updateState(y, x);
    expect(distance.result()).toBeCloseTo(11.5 / 7, 6);
  });
});

describe("figures after a call", () => {
  it("are those of the last one, as in Keras, until they begin anew", async () => {
    const made = model(new F1());
    const logs = await made.evaluate(x, y, { batchSize: 3, verbose: 0 });
    const [loss, own] = made.metrics;
    expect(await loss?.result()).toBeCloseTo(logs["loss"] ?? 0, 6);
    expect(await own?.result()).toBeCloseTo(f1, 6);
    made.resetMetrics();
    expect(await loss?.result()).toBe(0);
    expect(await own?.result()).toBe(0);
  });
});

describe("Mean and Sum", () => {
  // Keras 3.15.1, each followed by update_state([1, 2]).
  it.each<[values: metrics.ToldNumbers, weights: metrics.ToldNumbers | undefined, mean: number, sum: number]>([
    [
      [
        [1, 2],
        [3, 4],
      ],
      undefined,
      2,
      13,
    ],
    [
      [
        [1, 2],
        [3, 4],
      ],
      [1, 3],
      2.5,
      27,
    ],
    [
      [
        [1, 2],
        [3, 4],
      ],
      [
        [1, 2],
        [3, 4],
      ],
      2.5714285373687744,
      33,
    ],
    [
      [
        [1, 2],
        [3, 4],
      ],
      [[1], [3]],
      2.5,
      27,
    ],
    [[1, 2, 3], 2, 1.75, 15],
    [5, 2, 3.25, 13],
    [[[1], [2]], [1, 3], 1.6666666269302368, 10],
    [
      [
        [
          [1, 2],
          [3, 4],
        ],
        [
          [5, 6],
          [7, 8],
        ],
      ],
      [
        [1, 2],
        [3, 4],
      ],
      4.357142925262451,
      113,
    ],
  ])("of %j with weights %j", async (values, weights, mean, sum) => {
    for (const [metric, expected] of [
      [new metrics.Mean(), mean],
      [new metrics.Sum(), sum],
    ] as const) {
      await metric.updateState(values, weights);
      await metric.updateState([1, 2]);
      expect(metric.result()).toBeCloseTo(expected, 5);
    }
  });

  it("refuse what are no numbers", async () => {
    await expect(async () => new metrics.Sum().updateState("3" as never)).rejects.toThrow(UsageError);
    await expect(async () => new metrics.Mean().updateState(ops.mean(x) as never)).rejects.toThrow(/a Promise/);
  });

  it("take a tensor of a tape", async () => {
    const sum = new metrics.Sum();
    await sum.updateState(ops.square(new GradientTape().watch(array([1, 2], [2]))));
    expect(sum.result()).toBe(5);
  });
});

describe("arguments of updateState", () => {
  it("may be lists, as in Keras", async () => {
    const metric = new metrics.BinaryAccuracy();
    await metric.updateState([[1], [1], [0], [0]], [[0.98], [1], [0], [0.6]]);
    expect(metric.result()).toBe(0.75);
    await metric.updateState([[1], [0]], [[0], [0]], [0, 2]);
    expect(metric.result()).toBeCloseTo(5 / 6, 6);
    const own = new F1();
    await own.updateState([[1], [1]] as never, [[0.9], [0.2]] as never);
    expect(await own.result()).toBeCloseTo(2 / 3, 6);
    await expect(metric.updateState([[1], [1]])).rejects.toThrow(/labels and predictions/);
  });
});

describe("a model that calls another one in its step", () => {
  const network = (): models.Sequential =>
    new models.Sequential([layers.Input({ shape: [1] }), new layers.Dense(2, { activation: "softmax" })]);

  class Distiller extends models.Model {
    constructor(
      private readonly student: models.Sequential,
      private readonly teacher: models.Sequential,
      private readonly tells: "each" | "all",
    ) {
      super();
    }

    override trainStep([samples, labels]: StepData): StepLogs {
      const taught = this.teacher.apply(samples, { training: false });
      const tape = new GradientTape();
      const learned = this.student.apply(samples, { training: true });
      const loss = new losses.KLDivergence().apply(taught, learned);
      const weights = this.student.trainableWeights;
      void this.optimizer.apply(tape.gradient(loss, weights), weights);
      return this.figures(labels, learned, loss);
    }

    override testStep([samples, labels]: StepData): StepLogs {
      return this.figures(labels, this.student.apply(samples), undefined);
    }

    private figures(labels: SymbolicTensor, predictions: SymbolicTensor, loss: SymbolicTensor | undefined): StepLogs {
      if (this.tells === "all") this.computeMetrics({ y: labels, yPred: predictions });
      else {
        for (const metric of this.metrics) {
          if (metric.name !== "loss") void metric.updateState(labels, predictions);
          else if (loss !== undefined) void metric.updateState(loss);
        }
      }
      return Object.fromEntries(this.metrics.map((metric) => [metric.name, metric.result()]));
    }
  }

  it.each([
    ["each", ["accuracy"]],
    ["all", ["accuracy"]],
    ["each", [new metrics.SparseCategoricalAccuracy({ name: "accuracy" })]],
    ["all", [new metrics.SparseCategoricalAccuracy({ name: "accuracy" })]],
  ] as const)("has its metrics though nobody calls it: %s of %j", async (tells, given) => {
    const student = network();
    const distiller = new Distiller(student, network(), tells);
    distiller.compile({ optimizer: "sgd", metrics: given });
    const classes = array([0, 1, 1, 1, 0, 0, 1], [7]);
    const { history } = await distiller.fit(x, classes, { batchSize: 3, epochs: 2, verbose: 0 });
    expect(history["accuracy"]).toHaveLength(2);
    // What no step tells the loss is 0, as in Keras.
    expect((history["loss"]?.[0] ?? 0) > 0).toBe(tells === "each");
    student.compile({ loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
    const expected = (await student.evaluate(x, classes, { verbose: 0 }))["accuracy"];
    expect((await distiller.evaluate(x, classes, { verbose: 0 }))["accuracy"]).toBeCloseTo(expected ?? -1, 6);
  });
});

describe("a weight that a layer assigns in its call", () => {
  class Counting extends layers.Layer {
    static readonly className: string = "CountingOfTest";
    private count: Variable | undefined;

    override build(): void {
      this.count = this.addWeight({ name: "count", shape: [1], initializer: "zeros", trainable: false });
    }

    override call(inputs: SymbolicTensor, { training }: { readonly training?: boolean } = {}): SymbolicTensor {
      if (this.count === undefined) return inputs;
      if (training !== false) this.count.assignAdd(1);
      return ops.add(inputs, this.count);
    }
  }
  /** Keras's guide to layers: it adds up whenever it is called. */
  class Summing extends layers.Layer {
    static readonly className: string = "SummingOfTest";
    private readonly total = this.addWeight({ name: "total", shape: [2], initializer: "zeros", trainable: false });

    override call(inputs: SymbolicTensor): SymbolicTensor {
      this.total.assignAdd(ops.sum(inputs, 0));
      return ops.add(this.total, 0);
    }
  }

  it.each(["before", "behind"])("is read as it is then, %s what learns", async (place) => {
    const dense = new layers.Dense(1, { kernelInitializer: "ones" });
    const row = place === "before" ? [new Counting(), dense] : [dense, new Counting()];
    const made = new models.Sequential([layers.Input({ shape: [1] }), ...row]);
    made.compile({ optimizer: "sgd", loss: "mse" });
    made.optimizer.learningRate = 0;
    const zeros = array([0, 0, 0, 0], [4, 1]);
    const { history } = await made.fit(zeros, zeros, {
      batchSize: 2,
      epochs: 2,
      verbose: 0,
      validationData: [zeros, zeros],
    });
    // Keras 3.15.1: 1, 2 and 3, 4 in the steps, then the last one.
    expect(history).toEqual({ loss: [2.5, 12.5], val_loss: [4, 16] });
  });

  it("is changed by calls on arrays, one after the other", async () => {
    const summing = new Summing();
    const ones = array([1, 1, 1, 1], [2, 2]);
    const both = await Promise.all([summing.apply(ones), summing.apply(ones)]);
    expect(both.map(({ data }) => [...(data as Float32Array)])).toEqual([
      [2, 2],
      [4, 4],
    ]);
  });

  it("has the statistics of both calls of a shared normalization", async () => {
    const shared = new layers.BatchNormalization({ momentum: 0.5 });
    const input = layers.Input({ shape: [1] });
    const made = new models.Model({
      inputs: input,
      outputs: shared.apply(ops.add(ops.multiply(shared.apply(input), 2), 3)),
    });
    made.compile({ optimizer: "sgd", loss: "mse" });
    await made.trainOnBatch(x, y);
    // Keras 3.15.1.
    [0.9831516, 0.01142857, 1.5178572, 3.2571568].forEach((expected, index) => {
      expect(made.weights[index]?.value.data[0]).toBeCloseTo(expected, 5);
    });
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

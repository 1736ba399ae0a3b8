import * as engine from "onnxruntime-node";
import { beforeEach, describe, expect, test } from "vitest";
import {
  callbacks,
  Dataset,
  GradientTape,
  layers,
  losses,
  metrics,
  models,
  ops,
  optimizers,
  setRandomSeed,
  type StepData,
  type StepLogs,
  type SymbolicTensor,
  Tensor,
} from "graft-ml";

/* What public scripts do and unit tests of one part alone do not. */

beforeEach(() => {
  setRandomSeed(5);
});

function numbers(...dims: number[]): Tensor {
  const size = dims.reduce((product, extent) => product * extent, 1);
  return new Tensor(
    "float32",
    Array.from({ length: size }, (_, index) => Math.sin(index)),
    dims,
  );
}

describe("arrays", () => {
  test("that ops, layers and models gave go into ops, layers, tapes and metrics", async () => {
    const dense = new layers.Dense(2, { kernelInitializer: "ones" });
    const summed = await dense.apply(await ops.square(await ops.stack([numbers(3), numbers(3)])));
    expect(summed).toBeInstanceOf(Tensor);
    const tape = new GradientTape();
    const watched = tape.watch(summed);
    expect([...(await tape.gradient(ops.sum(watched), watched).numpy()).data]).toEqual([1, 1, 1, 1]);
    const mean = new metrics.MeanSquaredError();
    await mean.updateState(summed, await ops.add(summed, 2));
    expect(mean.result()).toBeCloseTo(4, 5);
  });

  test("of the engine's own class do, too", async () => {
    const given = new engine.Tensor("float32", Float32Array.of(1, 2), [1, 2]);
    expect([...(await ops.multiply(given, 2)).data]).toEqual([2, 4]);
    expect([...(await new layers.Rescaling(3).apply(given)).data]).toEqual([3, 6]);
  });

  test("taken at places in a list are arrays, for the compiler as well", async () => {
    const taken: Tensor = await ops.take(numbers(4, 2), [1, 3], 0);
    expect(taken.dims).toEqual([2, 2]);
  });
});

describe("a layer of a user's own in a functional model", () => {
  class Distance extends layers.Layer {
    override call([a, b]: readonly SymbolicTensor[]): SymbolicTensor {
      if (a === undefined || b === undefined) throw new Error("Two inputs.");
      return ops.sum(ops.square(ops.subtract(a, b)), { axis: -1, keepdims: true });
    }
  }

  test("has no weights of its own, and the model those of the others", async () => {
    const [left, right] = [layers.Input({ shape: [4] }), layers.Input({ shape: [4] })];
    const tower = new models.Sequential([layers.Input({ shape: [4] }), new layers.Dense(3)]);
    const distance = new Distance();
    const outputs = distance.apply([tower.apply(left), tower.apply(right)]);
    expect(distance.weights).toEqual([]);
    const model = new models.Model({ inputs: [left, right], outputs });
    expect(model.trainableVariables.map(({ shape }) => shape)).toEqual([[4, 3], [3]]);
    model.compile({ optimizer: "adam", loss: "mse" });
    const { history } = await model.fit([numbers(8, 4), numbers(8, 4)], numbers(8, 1), { epochs: 2, verbose: 0 });
    expect(history["loss"]?.every(Number.isFinite)).toBe(true);
  });
});

describe("a model of a user's own", () => {
  const student = (): models.Sequential =>
    new models.Sequential([layers.Input({ shape: [4] }), new layers.Dense(1, { kernelInitializer: "ones" })]);

  test("that says its loss alone learns by it, and is judged by it", async () => {
    class Twice extends models.Model {
      override computeLoss({ y, yPred }: { y?: unknown; yPred: unknown }): SymbolicTensor {
        const loss = new losses.MeanSquaredError();
        return ops.multiply(loss.apply(y as SymbolicTensor, yPred as SymbolicTensor), 2);
      }
    }
    const inner = student();
    const own = new Twice(inner.inputs, inner.outputs);
    own.compile({ optimizer: "sgd", loss: "mse" });
    const plain = student();
    plain.compile({ optimizer: "sgd", loss: "mse" });
    const [x, y] = [numbers(6, 4), numbers(6, 1)];
    const expected = (await plain.evaluate(x, y, { verbose: 0 }))["loss"] ?? Number.NaN;
    expect((await own.evaluate(x, y, { verbose: 0 }))["loss"]).toBeCloseTo(2 * expected, 5);
    const { history } = await own.fit(x, y, { epochs: 1, verbose: 0 });
    expect(history["loss"]?.[0]).toBeCloseTo(2 * expected, 5);
  });

  test("whose step calls another model needs no outputs of its own", async () => {
    class Triplets extends models.Model {
      private readonly tracker = new metrics.Mean({ name: "loss" });

      constructor(private readonly siamese: models.BaseModel) {
        super();
      }

      override get metrics(): readonly metrics.Mean[] {
        return [this.tracker];
      }

      override trainStep([anchor, positive, negative]: StepData): StepLogs {
        if (negative === undefined) throw new Error("Three inputs.");
        const tape = new GradientTape();
        const [a, p, n] = [this.siamese.apply(anchor), this.siamese.apply(positive), this.siamese.apply(negative)];
        const near = ops.sum(ops.square(ops.subtract(a, p)), -1);
        const far = ops.sum(ops.square(ops.subtract(a, n)), -1);
        const loss = ops.maximum(ops.add(ops.subtract(near, far), 0.5), 0);
        const weights = this.siamese.trainableWeights;
        void this.optimizer.apply(tape.gradient(loss, weights), weights);
        void this.tracker.updateState(loss);
        return { loss: this.tracker.result() };
      }
    }
    const model = new Triplets(student());
    model.compile({ optimizer: new optimizers.Adam(0.01) });
    const rows = (shift: number): Dataset<Tensor> =>
      Dataset.fromTensorSlices(numbers(8, 4)).map((x) => ops.add(x, shift));
    const triplets = Dataset.zip(rows(0), rows(0.1), rows(0.2)).batch(4);
    const { history } = await model.fit(triplets, { epochs: 3, verbose: 0 });
    const [first = 0, , last = 0] = history["loss"] ?? [];
    expect(last).toBeLessThan(first);
  });
});

describe("a model that knows no outputs, for its step calls others", () => {
  class Distiller extends models.Model {
    constructor(
      readonly student: models.BaseModel,
      readonly factor = 1,
    ) {
      super();
    }

    override trainStep([x, y]: StepData): StepLogs {
      const tape = new GradientTape();
      const yPred = this.student.apply(x, { training: true });
      const studentLoss = ops.multiply(ops.mean(ops.square(ops.subtract(y, yPred))), this.factor);
      const weights = this.student.trainableWeights;
      void this.optimizer.apply(tape.gradient(studentLoss, weights), weights);
      return { ...this.computeMetrics({ x, y, yPred }), student_loss: studentLoss };
    }

    override testStep([x, y]: StepData): StepLogs {
      return this.computeMetrics({ x, y, yPred: this.student.apply(x) });
    }
  }

  const student = (): models.Sequential =>
    new models.Sequential([layers.Input({ shape: [4] }), new layers.Dense(1, { kernelInitializer: "ones" })]);
  const [x, y] = [numbers(6, 4), numbers(6, 1)];

  test("counts the metrics of compile, by name or as objects, and callbacks look at them", async () => {
    const plain = student();
    plain.compile({ optimizer: "sgd", loss: "mse", metrics: ["mae"] });
    const expected = await plain.evaluate(x, y, { verbose: 0 });
    for (const metric of ["mae", new metrics.MeanAbsoluteError({ name: "mae" })]) {
      const model = new Distiller(student());
      model.compile({ optimizer: new optimizers.SGD(0.01), metrics: [metric] });
      const stopping = new callbacks.EarlyStopping({ monitor: "val_mae", mode: "min", patience: 1 });
      const { history } = await model.fit(x, y, {
        epochs: 2,
        validationData: [x, y],
        callbacks: [stopping],
        verbose: 0,
      });
      expect(Object.keys(history)).toEqual(expect.arrayContaining(["mae", "student_loss", "val_mae"]));
      expect(history["mae"]?.[0]).toBeCloseTo(expected["mean_absolute_error"] ?? expected["mae"] ?? Number.NaN, 5);
      expect(await model.evaluate(x, y, { verbose: 0 })).toMatchObject({ mae: history["val_mae"]?.[1] });
    }
  });

  test("says today's names of what Keras 2 called compiled_metrics", () => {
    const model = new Distiller(student());
    model.compile({ optimizer: "sgd" });
    expect(() => Reflect.get(model, "compiledMetrics") as unknown).toThrow(/computeMetrics\(\{ y, yPred/u);
    expect(() => Reflect.get(model, "compiled_loss") as unknown).toThrow(/computeLoss\(\{ y, yPred/u);
  });
});

describe("a schedule of a user's own", () => {
  class Steps extends optimizers.schedules.LearningRateSchedule {
    override at(step: number): number {
      return step < 1 ? 0.5 : 0;
    }
  }

  test("says the rate of each step, and that it cannot be written to a file", async () => {
    const model = new models.Sequential([layers.Input({ shape: [1] }), new layers.Dense(1, { useBias: false })]);
    model.compile({ optimizer: new optimizers.SGD(new Steps()), loss: "mse" });
    const [x, y] = [new Tensor("float32", [1], [1, 1]), new Tensor("float32", [7], [1, 1])];
    await model.fit(x, y, { epochs: 2, verbose: 0 });
    expect(model.getWeights()[0]?.data[0]).toBeCloseTo(7, 5);
    expect(() => new Steps().getConfig()).toThrow("cannot be written to a file");
  });
});

test("how many predictions count may be said by position", () => {
  expect(new metrics.SparseTopKCategoricalAccuracy(3, { name: "top-3" }).getConfig()["k"]).toBe(3);
  expect(new metrics.TopKCategoricalAccuracy(2).getConfig()["k"]).toBe(2);
});

test("a tracker of losses of a user's own, figures as a record, names of figures, an Input by its shape alone", async () => {
  class Tracked extends models.Model {
    readonly lossTracker = new metrics.Mean({ name: "tracked" });
    override get metrics(): readonly metrics.Metric[] {
      return [this.lossTracker];
    }
    override trainStep([x, y]: StepData): StepLogs {
      const tape = new GradientTape();
      const loss = ops.mean(ops.square(ops.subtract(y, this.apply(x, { training: true }))));
      void this.optimizer.apply(tape.gradient(loss, this.trainableWeights), this.trainableWeights);
      void this.lossTracker.updateState(loss);
      return { loss: this.lossTracker.result() };
    }
  }
  const inputs = layers.Input([1]);
  const outputs = new layers.Dense(1, { kernelInitializer: "zeros" }).apply(inputs);
  const model = new Tracked({ inputs, outputs });
  model.compile({ optimizer: new optimizers.SGD(0.1), loss: "mse", metrics: ["mae"] });
  const x = new Tensor("float32", [1, 1], [2, 1]);
  const { history } = await model.fit(x, x, { batchSize: 1, shuffle: false, verbose: 0 });
  // The mean of 1 and of (1 − 0.4)².
  expect(history["loss"]?.[0]).toBeCloseTo(0.68, 5);
  expect(model.metricsNames).toEqual(["loss", "mae"]);
  const figures = await model.evaluate(x, x, { returnDict: true, verbose: 0 });
  expect(Object.keys(figures)).toEqual(["loss", "mae"]);
});

test("metrics that are told tensors of a tape count them", async () => {
  const tape = new GradientTape();
  const yTrue = new Tensor("float32", [1, 0, 1, 1], [4, 1]);
  const yPred = ops.multiply(tape.watch(new Tensor("float32", [0.9, 0.8, 0.7, 0.2], [4, 1])), 1);
  const accuracy = new metrics.BinaryAccuracy();
  await accuracy.updateState(yTrue, yPred);
  expect(accuracy.result()).toBe(0.5);
  const mean = new metrics.Mean();
  await mean.updateState(ops.sum(yPred));
  await mean.updateState(ops.sum(yPred));
  expect(mean.result()).toBeCloseTo(2.6, 5);
});

test("validation of a model with a trainStep loses no batch of samples that come only once", async () => {
  class Own extends models.Model {
    override trainStep(data: StepData): StepLogs {
      return super.trainStep(data);
    }
  }
  const inputs = layers.Input([1]);
  const model = new Own({ inputs, outputs: new layers.Dense(1, { kernelInitializer: "zeros" }).apply(inputs) });
  model.compile({ optimizer: new optimizers.SGD(0), loss: "mse" });
  function* once(): Generator<readonly [Tensor, Tensor]> {
    for (const value of [1, 3]) yield [new Tensor("float32", [1], [1, 1]), new Tensor("float32", [value], [1, 1])];
  }
  const x = new Tensor("float32", [1], [1, 1]);
  const { history } = await model.fit(x, x, { validationData: once(), verbose: 0 });
  expect(history["val_loss"]).toEqual([5]);
});

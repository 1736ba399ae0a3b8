import { beforeEach, describe, expect, test } from "vitest";
import {
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
  Tensor,
} from "../../src/index.js";

beforeEach(() => {
  setRandomSeed(3);
});

function numbers(...dims: number[]): Tensor {
  const size = dims.reduce((product, extent) => product * extent, 1);
  return new Tensor(
    "float32",
    Array.from({ length: size }, (_, index) => Math.sin(index * 1.3) + 0.2),
    dims,
  );
}

/** Keras's own step, written by hand. */
class ByHand extends models.Model {
  override trainStep([x, y]: StepData): StepLogs {
    const tape = new GradientTape();
    const yPred = this.apply(x, { training: true });
    const loss = this.computeLoss({ y, yPred });
    const trainable = this.trainableWeights;
    const gradients = tape.gradient(loss, trainable);
    void this.optimizer.apply(gradients, trainable);
    for (const metric of this.metrics) {
      if (metric instanceof metrics.Mean) void metric.updateState(loss);
      else void metric.updateState(y, yPred);
    }
    return Object.fromEntries(this.metrics.map((m) => [m.name, m.result()]));
  }
}

/** Nothing of its own but that it is there: Keras's default step by the same means. */
class Default extends models.Model {
  override trainStep(data: StepData): StepLogs {
    return super.trainStep(data);
  }

  override testStep(data: StepData): StepLogs {
    return super.testStep(data);
  }
}

type ModelClass = new (options: models.ModelOptions) => models.Model;

function build(Class: ModelClass): models.Model {
  setRandomSeed(5);
  const inputs = layers.Input({ shape: [6, 6, 2] });
  let x = new layers.Conv2D(4, 3, { activation: "relu", kernelRegularizer: "l2" }).apply(inputs);
  x = new layers.BatchNormalization().apply(x);
  x = new layers.Flatten().apply(x);
  x = new layers.Dropout(0.3).apply(x);
  const model = new Class({ inputs, outputs: new layers.Dense(3, { activation: "softmax" }).apply(x) });
  model.compile({
    optimizer: new optimizers.Adam({ learningRate: 0.01 }),
    loss: "sparse_categorical_crossentropy",
    metrics: ["accuracy"],
  });
  return model;
}

const x = numbers(10, 6, 6, 2);
const y = new Tensor("float32", [0, 1, 2, 0, 1, 2, 0, 1, 2, 0], [10]);

describe("a trainStep of one's own", () => {
  test("that does what Keras's does gives the figures and weights of fit", async () => {
    const options = { batchSize: 4, epochs: 3, shuffle: false, verbose: 0 } as const;
    const noDropout = (Class: ModelClass): models.Model => {
      setRandomSeed(5);
      const inputs = layers.Input({ shape: [6, 6, 2] });
      let h = new layers.Conv2D(4, 3, { activation: "relu", kernelRegularizer: "l2" }).apply(inputs);
      h = new layers.BatchNormalization().apply(h);
      h = new layers.Flatten().apply(h);
      const model = new Class({ inputs, outputs: new layers.Dense(3, { activation: "softmax" }).apply(h) });
      model.compile({ optimizer: "adam", loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] });
      return model;
    };
    const expected = noDropout(models.Model);
    const { history } = await expected.fit(x, y, { ...options, validationData: [x, y] });
    for (const Class of [ByHand, Default]) {
      const own = noDropout(Class);
      const { history: found } = await own.fit(x, y, { ...options, validationData: [x, y] });
      expect(Object.keys(found).sort()).toEqual(Object.keys(history).sort());
      for (const name of ["accuracy", "val_loss", "val_accuracy"]) {
        found[name]?.forEach((value, epoch) => {
          expect(value, name).toBeCloseTo(history[name]?.[epoch] ?? Number.NaN, 4);
        });
      }
      own.weights.forEach((weight, index) => {
        const right = expected.weights[index]?.value.data ?? [];
        weight.value.data.forEach((value, at) => {
          expect(value).toBeCloseTo(right[at] ?? Number.NaN, 4);
        });
      });
      expect(own.optimizer.iterations).toBe(9);
    }
  });

  test("draws dropout anew in each step, and the same after the same seed", async () => {
    const run = async (): Promise<readonly number[] | undefined> => {
      const model = build(ByHand);
      return (await model.fit(x, y, { epochs: 2, shuffle: false, verbose: 0 })).history["loss"];
    };
    const first = await run();
    expect(await run()).toEqual(first);
    expect(new Set(first).size).toBe(2);
  });

  test("takes batches of any form, such as pairs of photos", async () => {
    class Pairs extends models.Model {
      override trainStep([pairs]: StepData): StepLogs {
        const tape = new GradientTape();
        const [one, other] = ops.unstack(pairs).map((photos) => this.apply(photos, { training: true }));
        if (one === undefined || other === undefined) throw new Error("There are no pairs.");
        const similarities = ops.divide(ops.matmul(one, ops.transpose(other)), 0.2);
        const loss = this.computeLoss({ y: new Tensor("int32", [0, 1, 2], [3]), yPred: similarities });
        void this.optimizer.apply(tape.gradient(loss, this.trainableWeights), this.trainableWeights);
        return { loss };
      }
    }
    const inputs = layers.Input({ shape: [4, 4, 1] });
    const flat = new layers.Flatten().apply(inputs);
    const model = new Pairs({ inputs, outputs: new layers.UnitNormalization().apply(new layers.Dense(8).apply(flat)) });
    model.compile({
      optimizer: new optimizers.Adam(0.01),
      loss: new losses.SparseCategoricalCrossentropy({ fromLogits: true }),
    });
    function* pairs(): Generator<Tensor> {
      for (;;) yield numbers(2, 3, 4, 4, 1);
    }
    const { history } = await model.fit(pairs(), { epochs: 4, stepsPerEpoch: 3, verbose: 0 });
    expect(history["loss"]?.at(-1)).toBeLessThan(history["loss"]?.[0] ?? 0);
  });

  test("has testStep for evaluate, validation and testOnBatch", async () => {
    class Halves extends models.Model {
      readonly half = new metrics.Mean({ name: "half" });
      override testStep([samples]: StepData): StepLogs {
        void this.half.updateState(ops.multiply(ops.mean(this.apply(samples)), 0.5));
        return { half: this.half.result() };
      }
    }
    const inputs = layers.Input({ shape: [1] });
    const model = new Halves({ inputs, outputs: new layers.Dense(1, { kernelInitializer: "ones" }).apply(inputs) });
    model.compile({ optimizer: "sgd", loss: "mse" });
    const samples = new Tensor("float32", [2, 4, 6], [3, 1]);
    expect(await model.evaluate(samples, samples, { verbose: 0 })).toEqual({ half: 2 });
    expect(await model.testOnBatch(samples, samples)).toEqual({ half: 2 });
    const { history } = await model.fit(samples, samples, { validationData: [samples, samples], verbose: 0 });
    expect(Object.keys(history)).toContain("val_half");
  });

  test("says what is wrong with a step", async () => {
    const withStep = (step: (model: models.Model, data: StepData) => unknown): models.Model => {
      class Own extends models.Model {
        override trainStep(data: StepData): StepLogs {
          return step(this, data) as StepLogs;
        }
      }
      return build(Own);
    };
    const fails = async (step: Parameters<typeof withStep>[0]): Promise<string> => {
      const error: unknown = await withStep(step)
        .fit(x, y, { verbose: 0 })
        .catch((cause: unknown) => cause);
      return error instanceof Error ? `${error.name}: ${error.message}` : "nothing";
    };
    expect(await fails(() => Promise.resolve({}))).toContain("does not give figures");
    expect(await fails(() => undefined)).toContain("does not give figures");
    expect(await fails((model, [samples]) => ({ loss: ops.mean(model.apply(samples)) }))).toContain(
      "changes no weight",
    );
    expect(await fails((_, [samples]) => ({ loss: ops.add(samples, layers.Input({ shape: [1] })) }))).toMatch(
      /UsageError|ShapeError/,
    );
    expect(await fails((model) => ({ loss: Number(model.metrics[0]?.result()) + 1 }))).toContain("has no value");
  });
});

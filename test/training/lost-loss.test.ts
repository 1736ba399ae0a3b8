import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { callbacks, layers, models, optimizers, schedules, Tensor } from "graft-ml";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const warned: string[] = [];
beforeEach(() => {
  warned.length = 0;
  vi.spyOn(console, "error").mockImplementation((line: string) => void warned.push(line));
});
afterEach(() => {
  vi.restoreAllMocks();
});

const x = new Tensor(
  "float32",
  Float32Array.from({ length: 16 }, (_, index) => 1 + index),
  [4, 4],
);
const y = new Tensor("float32", [1, 2, 3, 4], [4]);

function regression(learningRate = 0.01): models.Sequential {
  const model = new models.Sequential([
    layers.Input({ shape: [4] }),
    new layers.Dense(2, { name: "inner", kernelInitializer: "ones" }),
    new layers.Dense(1, { name: "outer", kernelInitializer: "ones" }),
  ]);
  model.compile({ optimizer: new optimizers.SGD({ learningRate }), loss: "mse" });
  return model;
}

/** The same values with one of them lost. */
function spoiled(tensor: Tensor, index: number, value = NaN): Tensor {
  const data = Float32Array.from(tensor.data as Float32Array);
  data[index] = value;
  return new Tensor("float32", data, tensor.dims);
}

const options = { batchSize: 1, shuffle: false, epochs: 3, verbose: 0 } as const;

describe("a loss that is no number is warned of once, with its place and its likely cause", () => {
  it("a rate that is too high", async () => {
    await regression(1e12).fit(x, { y, ...options });
    expect(warned).toHaveLength(1);
    expect(warned[0]).toMatch(
      /^The loss is (NaN|Infinity) in epoch 1, step \d: .*learning rate of 1000000000000 is too high\.$/,
    );
  });

  it("a label", async () => {
    await regression().fit(x, { y: spoiled(y, 2), ...options });
    expect(warned).toEqual(["The loss is NaN in epoch 1, step 3: the label of the sample 2 is not a finite number."]);
  });

  it("a sample", async () => {
    await regression().fit(spoiled(x, 13, Infinity), { y, ...options });
    expect(warned).toEqual(["The loss is Infinity in epoch 1, step 4: the sample 3 holds values that are not finite."]);
  });

  it.each([true, false])("a weight, with frozen layers: %s", async (frozen) => {
    const model = regression();
    const inner = model.getLayer("inner");
    inner.setWeights(inner.getWeights().map((weight) => ({ ...weight, data: weight.data.map(() => NaN) })));
    inner.trainable = !frozen;
    await model.fit(x, { y, ...options });
    expect(warned).toEqual([
      `The loss is NaN in epoch 1, step 1: the weight "inner/kernel" ` +
        (frozen ? "is not finite." : "was not finite before the training."),
    ]);
  });

  it("a validation", async () => {
    await regression().fit(x, { y, ...options, validationData: [x, spoiled(y, 0)] });
    expect(warned).toEqual([
      expect.stringMatching(/^The loss is NaN in the validation of epoch 1: .*unless they or their/),
    ]);
  });

  it("in each fit anew, and a callback hears of it in place of the warning", async () => {
    const model = regression();
    const heard: unknown[] = [];
    await model.fit(x, { y: spoiled(y, 2), ...options });
    await model.fit(x, { y, ...options, callbacks: [{ onLossLost: (lost) => void heard.push(lost) }] });
    expect(warned).toHaveLength(1);
    expect(heard).toEqual([expect.objectContaining({ epoch: 0, step: 0, loss: NaN })]);
  });

  it("and TerminateOnNaN ends the training as in Keras", async () => {
    const model = regression();
    const { history } = await model.fit(x, {
      y: spoiled(y, 2),
      ...options,
      callbacks: [new callbacks.TerminateOnNaN()],
    });
    expect(model.optimizer.iterations).toBe(3);
    expect(history["loss"]).toEqual([NaN]);
  });
});

describe("weights that are no numbers", () => {
  it("are loaded as in Keras, with a warning", async () => {
    const folder = await mkdtemp(join(tmpdir(), "graft-lost-"));
    const model = regression();
    const outer = model.getLayer("outer");
    outer.setWeights(outer.getWeights().map((weight) => ({ ...weight, data: weight.data.map(() => Infinity) })));
    const [whole, weights] = [join(folder, "m.keras"), join(folder, "m.weights.h5")];
    await model.save(whole);
    await model.saveWeights(weights);
    await models.loadModel(whole);
    await regression().loadWeights(weights);
    expect(warned).toEqual([whole, weights].map((path) => `${path}: the weight "outer/kernel" holds Infinity.`));
    await rm(folder, { recursive: true });
  });
});

describe("a learning rate of 0", () => {
  it("is one: nothing is learned", async () => {
    for (const optimizer of [new optimizers.SGD(0), new optimizers.Adam({ learningRate: 0 })]) {
      const model = regression();
      model.compile({ optimizer, loss: "mse" });
      const before = model.getWeights().map(({ data }) => [...data]);
      await model.fit(x, { y, ...options });
      expect(model.getWeights().map(({ data }) => [...data])).toEqual(before);
    }
  });

  it("may be set by callbacks and be reached by schedules", async () => {
    const model = regression();
    const toZero = new callbacks.LearningRateScheduler((epoch) => (epoch === 0 ? 0.01 : 0));
    const { history } = await model.fit(x, { y, ...options, callbacks: [toZero] });
    expect(history["learning_rate"]).toEqual([0.01, 0, 0]);
    const plateau = new callbacks.ReduceLROnPlateau({ monitor: "loss", factor: 0, patience: 0 });
    const stays = await model.fit(x, { y, ...options, callbacks: [plateau] });
    expect(stays.history["learning_rate"]?.at(-1)).toBe(0);
    const decay = regression();
    decay.compile({ optimizer: new optimizers.SGD({ learningRate: new schedules.CosineDecay(0, 10) }), loss: "mse" });
    await expect(decay.fit(x, { y, ...options })).resolves.toBeDefined();
  });

  it.each([-1, NaN, Infinity])("is not %d", (learningRate) => {
    expect(() => new optimizers.SGD({ learningRate })).toThrow(/a finite number from 0/);
  });
});

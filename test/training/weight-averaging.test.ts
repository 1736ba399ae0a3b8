import { callbacks, layers, models, optimizers } from "graft-ml";
import { describe, expect, it } from "vitest";
import type { BaseModel } from "../../src/models/base-model.js";
import type { Callback } from "../../src/models/training-types.js";
import { toTensor } from "../../src/runtime/runtime.js";
import { wave, waveLabels, waveWeights } from "../support/wave.js";

const x = toTensor(wave([10, 4], 301));
const y = toTensor(waveLabels(10, 1, 3));
const options = { y, batchSize: 4, shuffle: false, verbose: 0 } as const;

function network(optimizer: optimizers.Optimizer): models.Sequential {
  const model = new models.Sequential([
    layers.Input({ shape: [4] }),
    new layers.Dense(5, { activation: "tanh", name: "hidden" }),
    new layers.BatchNormalization({ name: "bn", momentum: 0.5 }),
    new layers.Dense(3, { activation: "softmax", name: "out" }),
  ]);
  waveWeights(model);
  model.compile({ optimizer, loss: "categorical_crossentropy" });
  return model;
}

const averaging = (): optimizers.SGD => new optimizers.SGD(0.2, { useEma: true, emaMomentum: 0.8 });

const values = (model: BaseModel): number[][] => model.weights.map(({ value: { data } }) => [...data]);

/** Keeps the weights as they are at the ends of epochs. */
function keeper(): Callback & { readonly epochs: number[][][] } {
  const epochs: number[][][] = [];
  return {
    epochs,
    onEpochEnd(_epoch, _logs, { model }) {
      epochs.push(values(model));
    },
  };
}

/** Ends a training after an epoch. */
const stopAfter = (last: number): Callback => ({
  onEpochEnd(epoch, _logs, context) {
    if (epoch === last) context.stopTraining();
  },
});

function expectClose(actual: readonly number[][], expected: readonly number[][], digits = 6): void {
  expected.forEach((weight, index) => {
    weight.forEach((value, place) => {
      expect(actual[index]?.[place]).toBeCloseTo(value, digits);
    });
  });
}

describe("SwapEMAWeights", () => {
  it("keeps the averages where training ends early, between epochs or not", async () => {
    const [plain, swapped] = [network(averaging()), network(averaging())];
    await plain.fit(x, { ...options, epochs: 4, callbacks: [stopAfter(1)] });
    const swap = new callbacks.SwapEMAWeights({ swapOnEpoch: true });
    await swapped.fit(x, { ...options, epochs: 4, callbacks: [swap, stopAfter(1)] });
    expect(values(swapped)).toEqual(values(plain));
    // So do files, whose optimizer has the averages.
    await swapped.fit(x, { ...options, epochs: 2, callbacks: [swap] });
    await plain.fit(x, { ...options, epochs: 2 });
    expect(values(swapped)).toEqual(values(plain));
  });

  it("measures and asks with the averages, and puts the weights back", async () => {
    const model = network(averaging());
    for (let step = 0; step < 3; step++) await model.trainOnBatch(x, y);
    const before = values(model);
    const swap = new callbacks.SwapEMAWeights();
    const loss = await model.evaluate(x, { y, verbose: 0, callbacks: [swap] });
    const asked = await model.predict(x, { verbose: 0, callbacks: [swap] });
    expect(values(model)).toEqual(before);
    expect(await model.evaluate(x, { y, verbose: 0 })).not.toEqual(loss);
    model.weights.forEach((weight) => {
      const average = model.optimizer.state.slots.get(weight)?.get("average");
      if (average !== undefined) weight.assign(average);
    });
    expect(await model.evaluate(x, { y, verbose: 0 })).toEqual(loss);
    expect(await model.predict(x, { verbose: 0 })).toEqual(asked);
  });

  it("has nothing to swap before the first step, and says when there are no averages", async () => {
    const swap = new callbacks.SwapEMAWeights();
    const model = network(averaging());
    const loss = await model.evaluate(x, { y, verbose: 0 });
    expect(await model.evaluate(x, { y, verbose: 0, callbacks: [swap] })).toEqual(loss);
    const plain = network(new optimizers.SGD(0.1));
    await expect(plain.fit(x, { ...options, callbacks: [swap] })).rejects.toThrow(/useEma: true/);
  });
});

describe("averages of the optimizer", () => {
  it("of a weight that is unfrozen late begin with the weight", async () => {
    const model = network(new optimizers.SGD(1e-6, { useEma: true, emaMomentum: 0.99 }));
    const hidden = model.getLayer("hidden");
    hidden.trainable = false;
    await model.fit(x, { ...options, epochs: 2 });
    const before = values(model);
    hidden.trainable = true;
    await model.fit(x, { ...options, epochs: 1 });
    expectClose(values(model).slice(0, 2), before.slice(0, 2), 4);
  });
});

describe("StochasticWeightAveraging", () => {
  it("leaves the mean of the weights of the last epochs, statistics included", async () => {
    const model = network(new optimizers.SGD(0.2));
    const kept = keeper();
    const average = new callbacks.StochasticWeightAveraging({ startFromEpoch: 2 });
    await model.fit(x, { ...options, epochs: 5, callbacks: [average, kept] });
    expect(average.epochs).toBe(3);
    const last = kept.epochs.slice(2);
    const mean = values(model).map((weight, index) =>
      weight.map((_, place) => last.reduce((sum, epoch) => sum + (epoch[index]?.[place] ?? NaN), 0) / 3),
    );
    expectClose(values(model), mean);
    expect(values(model)).not.toEqual(kept.epochs.at(-1));
  });

  it("begins after three quarters of the epochs, and changes nothing where training ends before", async () => {
    const average = new callbacks.StochasticWeightAveraging();
    await network(new optimizers.SGD(0.2)).fit(x, { ...options, epochs: 8, callbacks: [average] });
    expect(average.epochs).toBe(2);
    const kept = keeper();
    const model = network(new optimizers.SGD(0.2));
    await model.fit(x, { ...options, epochs: 8, callbacks: [average, stopAfter(1), kept] });
    expect(average.epochs).toBe(0);
    expect(values(model)).toEqual(kept.epochs.at(-1));
  });

  it("refuses an epoch that is none", () => {
    expect(() => new callbacks.StochasticWeightAveraging({ startFromEpoch: -1 })).toThrow(/startFromEpoch/);
  });
});

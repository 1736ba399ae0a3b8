import {
  callbacks,
  GradientTape,
  layers,
  models,
  optimizers,
  setRandomSeed,
  type StepData,
  type StepLogs,
} from "graft-ml";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { BaseModel } from "../../src/models/base-model.js";
import type { Callback, FitOptions } from "../../src/models/training-types.js";
import { toTensor } from "../../src/runtime/runtime.js";
import { wave, waveLabels, waveWeights } from "../support/wave.js";

beforeEach(() => {
  setRandomSeed(7);
});

const x = toTensor(wave([12, 8, 8, 3], 1));
const y = toTensor(waveLabels(12, 0, 1));
const validationData = [toTensor(wave([6, 8, 8, 3], 2)), toTensor(waveLabels(6, 1, 1))] as const;
const options = { y, batchSize: 4, validationData, verbose: 0 } satisfies FitOptions;

/** A frozen inner network, and a head behind it. */
function network(Class: typeof models.Sequential = models.Sequential): models.Sequential {
  const base = new models.Sequential(
    [
      layers.Input({ shape: [8, 8, 3] }),
      new layers.Conv2D(4, 3, { padding: "same", activation: "relu", name: "conv1" }),
      new layers.BatchNormalization({ name: "bn1", momentum: 0.5 }),
      new layers.Conv2D(4, 3, { padding: "same", activation: "relu", name: "conv2" }),
      new layers.BatchNormalization({ name: "bn2", momentum: 0.5 }),
    ],
    { name: "base" },
  );
  const model = new Class([
    layers.Input({ shape: [8, 8, 3] }),
    base,
    new layers.Flatten(),
    new layers.Dropout(0.25, { name: "dropout" }),
    new layers.Dense(1, { activation: "sigmoid", name: "head" }),
  ]);
  waveWeights(model);
  base.trainable = false;
  model.compile({ optimizer: new optimizers.Adam(0.01), loss: "binary_crossentropy", metrics: ["acc"] });
  return model;
}

const values = (model: BaseModel): number[][] => model.weights.map(({ value: { data } }) => [...data]);

function named(model: BaseModel, names: readonly string[]): ReturnType<BaseModel["getLayer"]>[] {
  const base = model.getLayer("base");
  if (!(base instanceof models.Sequential)) throw new Error("there is a base");
  return names.map((name) => base.getLayer(name));
}

/** Paths of the weights that differ. */
function changed(model: BaseModel, before: readonly number[][]): string[] {
  const after = values(model);
  return model.weights.flatMap(({ path }, index) =>
    String(after[index]) === String(before[index]) ? [] : [path.split("/").slice(-2).join("/")],
  );
}

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

describe("UnfreezeByStages", () => {
  it("has the numbers of fits one after the other, and keeps the optimizer's state", async () => {
    const warn = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const [staged, apart] = [network(), network()];
    setRandomSeed(7);
    const stages = new callbacks.UnfreezeByStages({ 1: "conv2", 3: "conv1" });
    const { history } = await staged.fit(x, { ...options, epochs: 5, callbacks: [stages] });
    expect(warn).not.toHaveBeenCalled();
    setRandomSeed(7);
    const rows: Record<string, number[]>[] = [];
    const fit = async (initialEpoch: number, epochs: number): Promise<void> => {
      rows.push((await apart.fit(x, { ...options, initialEpoch, epochs })).history);
    };
    await fit(0, 1);
    for (const layer of named(apart, ["conv2", "bn2"])) layer.trainable = true;
    await fit(1, 3);
    for (const layer of named(apart, ["conv1", "bn1"])) layer.trainable = true;
    await fit(3, 5);
    warn.mockRestore();
    expect(values(staged)).toEqual(values(apart));
    for (const [name, figures] of Object.entries(history)) {
      expect(figures).toEqual(rows.flatMap((row) => row[name] ?? []));
    }
    expect(staged.optimizer.iterations).toBe(15);
  });

  it("trains what is unfrozen and nothing before, statistics included", async () => {
    const model = network();
    const kept = keeper();
    const start = values(model);
    const stages = new callbacks.UnfreezeByStages({ stages: { 1: "base/conv2", 2: "conv1" } });
    await model.fit(x, { ...options, epochs: 3, callbacks: [stages, kept] });
    const changes = (from: readonly number[][] | undefined, to: readonly number[][] | undefined): string[] => {
      model.setWeights(
        model.weights.map(({ shape }, index) =>
          toTensor({ type: "float32", dims: shape, data: Float32Array.from(to?.[index] ?? []) }),
        ),
      );
      return changed(model, from ?? []);
    };
    const head = ["head/kernel", "head/bias"];
    const second = ["conv2/kernel", "conv2/bias", "bn2/gamma", "bn2/beta", "bn2/moving_mean", "bn2/moving_variance"];
    const first = second.map((path) => path.replace("2/", "1/"));
    expect(changes(start, kept.epochs[0])).toEqual(head);
    expect(changes(kept.epochs[0], kept.epochs[1])).toEqual([...second, ...head]);
    expect(changes(kept.epochs[1], kept.epochs[2])).toEqual([...first, ...second, ...head]);
  });

  it("catches up where a training begins later, and says what it does", async () => {
    const model = network();
    const warn = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const stages = new callbacks.UnfreezeByStages({ 1: "bn2", 2: "conv2" }, { verbose: 1 });
    await model.fit(x, { ...options, initialEpoch: 4, epochs: 5, callbacks: [stages] });
    const lines = warn.mock.calls.map(([line]) => String(line));
    warn.mockRestore();
    expect(named(model, ["conv1", "bn1", "conv2", "bn2"]).map(({ trainable }) => trainable)).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect(lines.filter((line) => line.includes("learn now"))).toHaveLength(2);
  });

  it("works for steps of a user's own", async () => {
    class Own extends models.Sequential {
      static override readonly className: string = "Own";
      override trainStep([images, labels]: StepData): StepLogs {
        const tape = new GradientTape();
        const loss = this.computeLoss({ y: labels, yPred: this.apply(images, { training: true }) });
        void this.optimizer.apply(tape.gradient(loss, this.trainableWeights), this.trainableWeights);
        return { loss };
      }
    }
    const model = network(Own);
    const before = values(model);
    await model.fit(x, { ...options, epochs: 1, callbacks: [new callbacks.UnfreezeByStages({ 1: "conv2" })] });
    expect(changed(model, before)).toEqual(["head/kernel", "head/bias"]);
    await model.fit(x, { ...options, epochs: 2, callbacks: [new callbacks.UnfreezeByStages({ 1: "bn2" })] });
    expect(changed(model, before)).toContain("bn2/gamma");
    expect(changed(model, before)).not.toContain("conv2/kernel");
  });

  it("refuses layers that do not exist before anything is learned, and stages that are none", async () => {
    const model = network();
    const before = values(model);
    const fit = (from: string): Promise<unknown> =>
      model.fit(x, { ...options, epochs: 2, callbacks: [new callbacks.UnfreezeByStages({ 1: from })] });
    await expect(fit("conv3")).rejects.toThrow(/no layer "conv3"[^]*conv/);
    expect(values(model)).toEqual(before);
    const twice = new models.Sequential([
      layers.Input({ shape: [4] }),
      ...["a", "b"].map((name) => {
        const inner = [layers.Input({ shape: [4] }), new layers.Dense(4, { name: "dense" })];
        return new models.Sequential(inner, { name });
      }),
    ]);
    twice.compile({ optimizer: "sgd", loss: "mse" });
    const [samples, labels] = [toTensor(wave([4, 4], 1)), toTensor(wave([4, 4], 2))];
    const ambiguous = new callbacks.UnfreezeByStages({ 0: "dense" });
    await expect(twice.fit(samples, { y: labels, verbose: 0, callbacks: [ambiguous] })).rejects.toThrow(/"b\/dense"/);
    expect(() => new callbacks.UnfreezeByStages({})).toThrow(/stages/);
    expect(() => new callbacks.UnfreezeByStages({ 0.5: "conv1" })).toThrow(/whole numbers/);
    expect(() => new callbacks.UnfreezeByStages({ 1: 3 as unknown as string })).toThrow(/stages/);
  });
});

describe("a callback of one's own that changes what learns", () => {
  const unfreezing = (applies: boolean, layer: (model: BaseModel) => void): Callback => ({
    onEpochBegin(epoch, { model, applyTrainable }) {
      if (epoch !== 1) return;
      layer(model);
      if (applies) applyTrainable?.();
    },
  });

  it("takes effect at once by applyTrainable, else with the next fit", async () => {
    const unfreeze = (model: BaseModel): void => {
      for (const layer of named(model, ["bn2"])) layer.trainable = true;
    };
    for (const applies of [true, false]) {
      const model = network();
      const before = values(model);
      await model.fit(x, { ...options, epochs: 2, callbacks: [unfreezing(applies, unfreeze)] });
      expect(changed(model, before).includes("bn2/gamma")).toBe(applies);
    }
  });

  it("may change factors of the learning rate", async () => {
    const slow = (model: BaseModel): void => {
      model.getLayer("head").learningRateMultiplier = 1e-9;
    };
    for (const applies of [true, false]) {
      const model = network();
      const kept = keeper();
      await model.fit(x, { ...options, epochs: 2, callbacks: [unfreezing(applies, slow), kept] });
      const [first, second] = kept.epochs.map((epoch) => epoch.at(-1)?.[0] ?? NaN);
      expect(Math.abs((second ?? NaN) - (first ?? NaN)) < 1e-6).toBe(applies);
    }
  });
});

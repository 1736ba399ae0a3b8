import { layers, models, ShapeError, Tensor, UsageError } from "graft-ml";
import { describe, expect, it } from "vitest";
import { readGolden } from "../../test/support/golden.js";
import { wave, waveWeights } from "../../test/support/wave.js";
import { fromTensor, toTensor } from "../runtime/runtime.js";

interface ListedWeight {
  readonly path: string;
  readonly shape: readonly number[];
}

const { order } = await readGolden<{
  readonly order: Readonly<Record<"weights" | "trainable" | "nonTrainable", readonly ListedWeight[]>>;
}>("model-training.json");

function nested(): models.Sequential {
  const inner = new models.Sequential(
    [
      layers.Input({ shape: [6, 6, 3] }),
      new layers.Conv2D(2, 3, { name: "conv" }),
      new layers.BatchNormalization({ name: "bn" }),
      new layers.SeparableConv2D(4, 3, { name: "separable" }),
    ],
    { name: "inner" },
  );
  return new models.Sequential(
    [inner, new layers.GlobalAveragePooling2D(), new layers.Dense(2, { name: "dense", useBias: false })],
    { name: "outer" },
  );
}

const batch = (size: number, key = 1) => toTensor(wave([size, 6, 6, 3], key));

describe("weights of a model", () => {
  it("come in Keras's order and shapes, whether they are trainable or not", () => {
    const model = nested();
    const inner = model.getLayer("inner");
    if (!(inner instanceof models.Sequential)) throw new Error("inner is a model");
    inner.getLayer("conv").trainable = false;
    const listed = (list: readonly { readonly path: string; readonly shape: readonly number[] }[]): ListedWeight[] =>
      list.map(({ path, shape }) => ({ path, shape }));
    expect(listed(model.weights)).toEqual(order.weights);
    expect(listed(model.trainableWeights)).toEqual(order.trainable);
    expect(listed(model.nonTrainableWeights)).toEqual(order.nonTrainable);
  });

  it("are copied both ways", () => {
    const model = nested();
    waveWeights(model);
    const copies = model.getWeights();
    copies[0]?.data.fill(7);
    expect(model.getWeights()[0]?.data[0]).not.toBe(7);
    model.setWeights(copies);
    copies[0]?.data.fill(8);
    expect(model.getWeights()[0]?.data[0]).toBe(7);
  });

  it("are taken all or not at all", () => {
    const model = nested();
    waveWeights(model);
    const before = model.getWeights();
    const wrong = model.getWeights().map(
      ({ dims, data }) =>
        new Tensor(
          "float32",
          data.map(() => 9),
          dims,
        ),
    );
    expect(() => {
      model.setWeights(wrong.slice(1));
    }).toThrow(ShapeError);
    wrong[wrong.length - 1] = new Tensor("float32", new Float32Array(8), [2, 4]);
    expect(() => {
      model.setWeights(wrong);
    }).toThrow(/Expected: .*\[4, 2\].*Received: .*\[2, 4\]/s);
    expect(model.getWeights()).toEqual(before);
  });

  it("are frozen and unfrozen with the model that holds them", () => {
    const model = nested();
    model.trainable = false;
    expect(model.trainableWeights).toEqual([]);
    expect(model.getLayer("inner").trainable).toBe(false);
    model.trainable = true;
    expect(model.trainableWeights).toHaveLength(8);
    model.getLayer("inner").trainable = false;
    expect(model.trainableWeights.map(({ path }) => path)).toEqual(["dense/kernel"]);
  });
});

describe("a functional model", () => {
  it("computes branches, shared layers and models inside it as the layers say", async () => {
    const inputs = layers.Input({ shape: [6, 6, 3] });
    const shared = new layers.Conv2D(3, 3, { padding: "same", name: "shared" });
    const once = shared.apply(inputs);
    const twice = shared.apply(once);
    const inner = new models.Sequential([layers.Input({ shape: [6, 6, 3] }), new layers.Activation("relu")]);
    const sum = new layers.Add().apply([inner.apply(once), twice]);
    const model = new models.Model({ inputs, outputs: sum });
    waveWeights(model);
    expect(model.weights).toHaveLength(2);

    const step = new models.Model({ inputs, outputs: once });
    const x = batch(2);
    const first = await step.predictOnBatch(x);
    const second = fromTensor(await step.predictOnBatch(first)).data as Float32Array;
    const expected = second.map((value, index) => value + Math.max(Number(first.data[index]), 0));
    const actual = fromTensor(await model.predictOnBatch(x)).data as Float32Array;
    actual.forEach((value, index) => {
      expect(value).toBeCloseTo(expected[index] ?? NaN, 5);
    });
  });

  it("reaches into the middle of another model", async () => {
    const whole = new models.Sequential([
      layers.Input({ shape: [6, 6, 3] }),
      new layers.Conv2D(2, 3, { name: "conv" }),
      new layers.Activation("relu", { name: "relu" }),
      new layers.Flatten(),
    ]);
    const inputs = layers.Input({ shape: [6, 6, 3] });
    const features = new models.Model({ inputs, outputs: whole.getLayer("conv").apply(inputs) });
    expect(features.outputShape.slice(1)).toEqual([4, 4, 2]);
    expect((await features.predictOnBatch(batch(1))).dims).toEqual([1, 4, 4, 2]);
    expect(features.weights).toEqual(whole.weights);
  });

  it("refuses outputs that need an input which it does not list", () => {
    const [x, y] = [layers.Input({ shape: [4] }), layers.Input({ shape: [4], name: "forgotten" })];
    const outputs = new layers.Add().apply([x, y]);
    expect(() => new models.Model({ inputs: x, outputs })).toThrow(/forgotten|input that the model does not list/);
  });

  it("refuses two layers of the same name", () => {
    const inputs = layers.Input({ shape: [4] });
    const hidden = new layers.Dense(3, { name: "twin" }).apply(inputs);
    expect(() => new models.Model({ inputs, outputs: new layers.Dense(3, { name: "twin" }).apply(hidden) })).toThrow(
      /"twin"/,
    );
    const model = new models.Sequential([new layers.Dense(3, { name: "twin" })]);
    expect(() => {
      model.add(new layers.Dense(3, { name: "twin" }));
    }).toThrow(UsageError);
  });
});

describe("getLayer", () => {
  it("offers the nearest names for a wrong one", () => {
    expect(() => nested().getLayer("dens")).toThrow(/"outer" has no layer "dens".*Did you mean "dense"/s);
  });
});

describe("a Sequential without an input", () => {
  it("is built by the samples that it is fitted to", async () => {
    const model = new models.Sequential([
      new layers.Conv2D(2, 3, { activation: "relu" }),
      new layers.Flatten(),
      new layers.Dense(1, { activation: "sigmoid" }),
    ]);
    expect(model.built).toBe(false);
    expect(() => model.outputShape).toThrow(/not known yet.*layers\.Input/s);
    expect(() => {
      model.setWeights([wave([3, 3, 3, 2], 1)]);
    }).toThrow(/no weights yet|cannot take these weights/);
    model.compile({ optimizer: "sgd", loss: "binary_crossentropy", metrics: ["acc"] });
    const { history } = await model.fit(batch(4), { y: toTensor(wave([4], 2, 0.5, 0.5)), verbose: 0 });
    expect(Object.keys(history)).toEqual(["acc", "loss"]);
    expect(model.outputShape.slice(1)).toEqual([1]);
    expect(model.weights).toHaveLength(4);
  });

  it("refuses samples of another shape than it was built for", async () => {
    const model = nested();
    model.compile({ optimizer: "sgd", loss: "mse" });
    await expect(model.predict(toTensor(wave([2, 5, 6, 3], 1)))).rejects.toThrow(/\[6, 6, 3\].*\[5, 6, 3\]/s);
  });
});

describe("compile", () => {
  it("must come before fit and evaluate", async () => {
    const y = toTensor(wave([2, 2], 1));
    await expect(nested().fit(batch(2), { y })).rejects.toThrow(/"outer" is not compiled.*model\.compile/s);
    await expect(nested().evaluate(batch(2), { y })).rejects.toThrow(/not compiled/);
    // Prediction needs none.
    expect((await nested().predict(batch(2), { verbose: 0 })).dims).toEqual([2, 2]);
  });

  it.each([
    [{ optimizer: "rmsprob", loss: "mse" }, /"rmsprob".*"rmsprop"/s],
    [{ optimizer: "sgd", loss: "binary_crossentrop" }, /"binary_crossentrop".*"binary_crossentropy"/s],
    [{ optimizer: "sgd", loss: "mse", metrics: ["acuracy"] }, /"acuracy".*"accuracy"/s],
  ])("offers the nearest names for wrong ones: %o", (options, message) => {
    expect(() => {
      nested().compile(options);
    }).toThrow(message);
  });

  it("refuses labels that do not fit the output", async () => {
    const model = nested();
    model.compile({ optimizer: "sgd", loss: "categorical_crossentropy" });
    await expect(model.trainOnBatch(batch(2), toTensor(wave([2, 3], 1)))).rejects.toThrow(UsageError);
    await expect(model.trainOnBatch(batch(2), toTensor(wave([3, 2], 1)))).rejects.toThrow(/samples on both sides/);
    await expect(model.fit(batch(2))).rejects.toThrow(/no labels/);
  });
});

describe("evaluate and predict", () => {
  it("give the same whatever the batch size", async () => {
    const model = nested();
    waveWeights(model);
    model.compile({ optimizer: "sgd", loss: "categorical_crossentropy", metrics: ["acc", "mse"] });
    const x = batch(7);
    const y = toTensor(wave([7, 2], 3, 0.5, 0.5));
    const [whole, parts] = [
      await model.evaluate(x, { y, verbose: 0 }),
      await model.evaluate(x, { y, batchSize: 3, verbose: 0 }),
    ];
    expect(Object.keys(whole)).toEqual(["loss", "acc", "mse"]);
    for (const [name, value] of Object.entries(whole)) {
      // Float32 sums in another order: some units in the last place.
      expect(Math.abs((parts[name] ?? Number.NaN) - value)).toBeLessThan(1e-6 * Math.max(1, Math.abs(value)));
    }

    const [all, pieces] = [
      await model.predict(x, { verbose: 0 }),
      await model.predict(x, { batchSize: 2, verbose: 0 }),
    ];
    expect(pieces.dims).toEqual([7, 2]);
    all.data.forEach((value, index) => {
      expect(Number(pieces.data[index])).toBeCloseTo(Number(value), 6);
    });
  });
});

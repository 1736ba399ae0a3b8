import { layers, losses, metrics, models, ops, optimizers, saving, type SymbolicTensor, Tensor } from "graft-ml";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

/* Configurations, JSON and copies of models: what Keras 3.15.1 does, as measured. */

function branched(): models.Model {
  const inputs = layers.Input({ shape: [4], name: "x" });
  const dense = new layers.Dense(3, { name: "d", kernelRegularizer: "l2" });
  const twice = ops.add(dense.apply(inputs), ops.multiply(dense.apply(ops.negative(inputs)), 2));
  const inner = new models.Sequential([layers.Input({ shape: [3] }), new layers.Dense(2, { name: "q" })], {
    name: "inner",
  });
  const outputs = inner.apply(new layers.Dropout(0.5, { name: "drop" }).apply(twice, { training: false }));
  return new models.Model({ inputs, outputs, name: "m" });
}

const x = new Tensor("float32", [1, 2, 3, 4, -1, 0, 1, 2], [2, 4]);

async function same(a: models.BaseModel, b: models.BaseModel): Promise<void> {
  expect((await b.predict(x, { verbose: 0 })).data).toEqual((await a.predict(x, { verbose: 0 })).data);
}

describe("cloneModel", () => {
  it("has layers of its own with new weights, and the same calls", async () => {
    const model = branched();
    const copy = models.cloneModel(model);
    expect(copy.name).toBe("m");
    expect(copy.layers.map(({ name }) => name)).toEqual(model.layers.map(({ name }) => name));
    expect(copy.getLayer("d")).not.toBe(model.getLayer("d"));
    expect(copy.getWeights()[0]?.data).not.toEqual(model.getWeights()[0]?.data);
    copy.setWeights(model.getWeights());
    await same(model, copy);
    expect(copy.toJson()).toBe(model.toJson());
  });

  it("takes other inputs, and layers that a function gives", () => {
    const model = branched();
    const inputTensors = layers.Input({ shape: [4], name: "zz" });
    const copy = models.cloneModel(model, {
      inputTensors,
      cloneFunction: (layer) =>
        layer.name === "d" ? layer : (layer.constructor as typeof layers.Layer).fromConfig(layer.getConfig()),
    });
    expect(copy.inputNames).toEqual(["zz"]);
    expect(copy.getLayer("d")).toBe(model.getLayer("d"));
    const row = new models.Sequential([layers.Input({ shape: [4] }), new layers.Dense(2)]);
    const shared = models.cloneModel(row, { cloneFunction: (layer) => layer });
    expect(shared.layers[0]).toBe(row.layers[0]);
    expect(models.cloneModel(new models.Sequential([new layers.Dense(2)])).built).toBe(false);
    const called: string[] = [];
    models.cloneModel(model, {
      callFunction: (layer, inputs, options) => {
        called.push(layer.name);
        return layer.applyAll(inputs, options);
      },
    });
    expect(called).toEqual(["d", "d", "drop", "inner"]);
  });

  it("keeps what is frozen, and is compiled with an optimizer of its own", () => {
    const model = branched();
    model.getLayer("inner").trainable = false;
    const metric = new metrics.MeanAbsoluteError();
    model.compile({ optimizer: new optimizers.SGD(0.5), loss: losses.Huber, metrics: [metric, "mse"] });
    const copy = models.cloneModel(model);
    expect(copy.trainableWeights.map(({ path }) => path)).toEqual(["d/kernel", "d/bias"]);
    expect(copy.optimizer).not.toBe(model.optimizer);
    expect(copy.optimizer.getConfig()).toEqual(model.optimizer.getConfig());
    expect(copy.metricsNames).toEqual(model.metricsNames);
    expect(copy.compiled.metrics[0]?.metric).not.toBe(metric);
  });

  it("makes models of one's own by their class", async () => {
    class Twice extends models.Model {
      readonly dense: layers.Dense;
      readonly units: number;
      constructor({ units, ...options }: { readonly units: number; readonly name?: string }) {
        super(options);
        this.units = units;
        this.dense = new layers.Dense(units);
      }
      override call(inputs: SymbolicTensor): SymbolicTensor {
        return ops.multiply(this.dense.apply(inputs), 2);
      }
      override getConfig(): Record<string, unknown> {
        return { ...super.getConfig(), units: this.units };
      }
    }
    const model = new Twice({ units: 3 });
    await model.apply(x);
    const copy = models.cloneModel(model);
    expect(copy).toBeInstanceOf(Twice);
    await copy.apply(x);
    copy.setWeights(model.getWeights());
    await same(model, copy);
    expect(() => models.cloneModel(model, { cloneFunction: (layer) => layer })).toThrow("cloneFunction");
  });
});

describe("configurations", () => {
  it("make models and layers anew", async () => {
    const model = branched();
    const copy = models.Model.fromConfig(model.getConfig());
    copy.setWeights(model.getWeights());
    await same(model, copy);
    const row = new models.Sequential([layers.Input({ shape: [4] }), new layers.Dense(2)], { name: "s" });
    expect(models.Sequential.fromConfig(row.getConfig()).getConfig()).toEqual(row.getConfig());
    const dense = new layers.Dense(3, { name: "d", activation: "relu", kernelRegularizer: "l1" });
    expect(layers.Dense.fromConfig(dense.getConfig()).getConfig()).toEqual(dense.getConfig());
    expect(layers.deserialize(layers.serialize(dense)).getConfig()).toEqual(dense.getConfig());
    const pipeline = new layers.Pipeline([new layers.RandomFlip()]);
    expect(layers.Pipeline.fromConfig(pipeline.getConfig()).getConfig()).toEqual(pipeline.getConfig());
    expect(losses.Huber.fromConfig({ delta: 2 }).getConfig()).toMatchObject({ delta: 2 });
    expect(() => layers.Dense.fromConfig({ units: 3, bogus: 1 })).toThrow('"bogus"');
    expect(() => layers.Dense.fromConfig(3 as never)).toThrow("what getConfig gives");
  });

  it("are JSON that makes models, compiled where they were", async () => {
    const model = branched();
    model.compile({ optimizer: "adam", loss: "mse", metrics: ["mae"] });
    expect(model.toJson({ indent: 2 }).split("\n").length).toBeGreaterThan(100);
    const copy = models.modelFromJson(model.toJson());
    expect(copy.optimizer.className).toBe("Adam");
    copy.setWeights(model.getWeights());
    await same(model, copy);
    expect(models.modelFromJson(new models.Sequential([new layers.Dense(2)]).toJson()).built).toBe(false);
    expect(() => models.modelFromJson("[")).toThrow("damaged");
  });

  it("of Keras drop in training, though Keras writes training=False for each call of Dropout", async () => {
    const history = (name: string, size: number) => ({
      class_name: "__keras_tensor__",
      config: { shape: [null, size], dtype: "float32", keras_history: [name, 0, 0] },
    });
    const layer = (name: string, className: string, config: object, inbound: readonly object[]) => ({
      ...{ module: "keras.layers", class_name: className, registered_name: null, name },
      ...{ config: { name, ...config }, inbound_nodes: inbound },
    });
    const call = (from: string) => [{ args: [history(from, 64)], kwargs: { training: false } }];
    const file = (className: string, config: object) => ({
      ...{ module: "keras.src.models.functional", class_name: "Functional", registered_name: "Functional" },
      config: {
        ...{ name: "m", trainable: true, input_layers: ["x", 0, 0], output_layers: ["d", 0, 0] },
        layers: [
          layer("x", "InputLayer", { batch_shape: [null, 64] }, []),
          layer("r", className, config, call("x")),
          layer("d", "Dense", { units: 1, kernel_initializer: "ones" }, [{ args: [history("r", 64)], kwargs: {} }]),
        ],
      },
    });
    const [ones, sums] = [new Tensor("float32", Array(128).fill(1), [2, 64]), new Tensor("float32", [64, 64], [2, 1])];
    for (const [className, config] of [
      ["Dropout", { rate: 0.5 }],
      ["GaussianDropout", { rate: 0.5 }],
      ["AlphaDropout", { rate: 0.5 }],
      ["GaussianNoise", { stddev: 1 }],
    ] as const) {
      const model = models.modelFromJson(JSON.stringify(file(className, config)));
      model.compile({ optimizer: new optimizers.SGD(1e-9), loss: "mse" });
      const losses: number[] = [];
      for (let step = 0; step < 3; step++) losses.push((await model.trainOnBatch(ones, sums))["loss"] ?? 0);
      expect(Math.max(...losses), className).toBeGreaterThan(0.1);
      expect((await model.evaluate(ones, sums, { verbose: 0 }))["loss"], className).toBeLessThan(0.01);
    }
  });

  it("name classes and functions of one's own", () => {
    class Same extends layers.Layer {
      static readonly className: string = "Same";
      override call(inputs: SymbolicTensor): SymbolicTensor {
        return ops.multiply(inputs, 1);
      }
    }
    const model = new models.Sequential([layers.Input({ shape: [4] }), new Same()]);
    expect(() => models.modelFromJson(model.toJson())).toThrow("not known here");
    const copy = models.modelFromJson(model.toJson(), { customObjects: { Same } });
    expect(copy.layers[0]).toBeInstanceOf(Same);
    const bent = (value: SymbolicTensor): SymbolicTensor => ops.sin(value);
    Object.assign(saving.getCustomObjects(), { bent });
    expect(new layers.Dense(2, { activation: "bent" }).getConfig()["activation"]).toBeDefined();
  });
});

describe("saving", () => {
  it("has Keras's functions", async () => {
    const folder = await mkdtemp(join(tmpdir(), "graft-saving-"));
    const [whole, weights] = [join(folder, "saved.keras"), join(folder, "saved.weights.h5")];
    const model = branched();
    await saving.saveModel(model, whole);
    await same(model, await saving.loadModel(whole));
    await saving.saveWeights(model, weights);
    const copy = models.cloneModel(model);
    expect(await saving.loadWeights(copy, weights)).toEqual([]);
    await same(model, copy);
    await rm(folder, { recursive: true });
  });
});

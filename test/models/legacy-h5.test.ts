import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { callbacks, layers, models, optimizers, schedules } from "graft-ml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withHdf5 } from "../../src/formats/keras/hdf5.js";
import { writeHdf5 } from "../../src/formats/keras/write-hdf5.js";
import { float32 } from "../../src/onnx/tensor-data.js";
import { fromTensor, toTensor } from "../../src/runtime/runtime.js";
import { kerasPython, runPython } from "../support/keras-python.js";
import { type GoldenTensor, relativeError } from "../support/nn-graph.js";
import { wave } from "../support/wave.js";

const python = await kerasPython();

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-h5-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const x = toTensor(wave([4, 6, 6, 2], 100));
const y = toTensor(
  float32(
    new Float32Array(12).map((_, index) => Number(Math.floor(index / 3) % 3 === index % 3)),
    [4, 3],
  ),
);

/** A model in a model; the inner normalization is frozen, and learns more slowly. */
function network(): models.Model {
  const input = layers.Input({ shape: [6, 6, 2], name: "x" });
  const inner = layers.Input({ shape: [6, 6, 2], name: "inner_x" });
  const norm = new layers.BatchNormalization({ name: "norm", trainable: false });
  const base = new models.Model({
    inputs: inner,
    outputs: new layers.SeparableConv2D(3, 3, { name: "conv" }).apply(norm.apply(inner)),
    name: "base",
  });
  const pooled = new layers.GlobalAveragePooling2D({ name: "pool" }).apply(base.apply(input));
  const output = new layers.Dense(3, { name: "head", activation: "softmax" }).apply(pooled);
  const model = new models.Model({ inputs: input, outputs: output, name: "outer" });
  model.setWeights(
    model.weights.map(({ shape, name }, key) => wave(shape, key, 0.4, /gamma|variance/.test(name) ? 1 : 0)),
  );
  base.learningRateMultiplier = 0.5;
  return model;
}

const kinds: Readonly<Record<string, () => optimizers.Optimizer>> = {
  adam: () => new optimizers.Adam(0.01),
  "sgd-scheduled": () => new optimizers.SGD(new schedules.ExponentialDecay(0.05, 2, 0.9), { momentum: 0.9 }),
  rmsprop: () => new optimizers.RMSprop(0.01, { momentum: 0.5, centered: true }),
  nadam: () => new optimizers.Nadam(0.01),
  adafactor: () => new optimizers.Adafactor(0.01),
};

async function trained(kind: string): Promise<models.Model> {
  const model = network();
  const optimizer = kinds[kind]?.() ?? "sgd";
  model.compile({ optimizer, loss: "categorical_crossentropy", metrics: ["accuracy"], lossWeights: [0.5] });
  for (let step = 0; step < 2; step++) await model.trainOnBatch(x, y);
  return model;
}

describe("save as .h5", () => {
  it.each(Object.keys(kinds))("is read again, with the optimizer's state: %s", async (kind) => {
    const model = await trained(kind);
    const path = join(folder, `${kind}.h5`);
    await model.save(path);
    const again = await models.loadModel(path);
    expect(again.getLayer("base").learningRateMultiplier).toBe(0.5);
    for (let step = 0; step < 2; step++) {
      expect(await again.trainOnBatch(x, y)).toEqual(await model.trainOnBatch(x, y));
    }
    again.weights.forEach(({ value }, index) => {
      expect(value.data).toEqual(model.weights[index]?.value.data);
    });
  });

  it("holds more names than fit one attribute", async () => {
    const names = Array.from({ length: 5000 }, (_, index) => `w${index}`);
    const datasets = { w4999: float32([1], [1]) };
    const bytes = await writeHdf5([
      { path: "", attributes: { layer_names: names }, datasets: {} },
      { path: "empty", attributes: { names: [] }, datasets },
    ]);
    await withHdf5(bytes, "many.h5", (file) => {
      expect(file.strings("/", "layer_names0")).toHaveLength(4000);
      expect(file.strings("/", "layer_names1")).toEqual(names.slice(4000));
      expect(file.strings("/empty", "names")).toEqual([]);
    });
  });

  it("says that weights alone have a method of their own", async () => {
    await expect(network().save(join(folder, "a.weights.h5"))).rejects.toThrow(/\.keras, \.h5.*model\.saveWeights/s);
  });
});

describe("ModelCheckpoint", () => {
  const fit = async (model: models.BaseModel, path: string): Promise<unknown> => {
    const checkpoint = new callbacks.ModelCheckpoint(path, { monitor: "loss" });
    return model.fit(x, { y, epochs: 1, verbose: 0, callbacks: [checkpoint] });
  };

  it("saves .h5 into a folder that it makes", async () => {
    const model = await trained("adam");
    await fit(model, join(folder, "new/{epoch}.h5"));
    const again = await models.loadModel(join(folder, "new/1.h5"));
    const [mine, theirs] = [await model.predict(x), await again.predict(x)];
    expect(theirs.data).toEqual(mine.data);
  });

  it("says before the training what cannot be saved", async () => {
    const model = await trained("adam");
    const before = model.getWeights();
    await writeFile(join(folder, "file"), "");
    await mkdir(join(folder, "taken.keras"));
    await expect(fit(model, join(folder, "file/{epoch}/a.keras"))).rejects.toThrow(/a folder.*a file of this name/s);
    await expect(fit(model, join(folder, "taken.keras"))).rejects.toThrow(/is a folder/);
    expect(model.getWeights()).toEqual(before);
    // Keras's files cannot hold a layer of two inner models.
    const input = layers.Input({ shape: [6, 6, 2] });
    const shared = new layers.Dense(3, { name: "shared" });
    const inner = (name: string): models.Model => {
      const entrance = layers.Input({ shape: [6, 6, 2] });
      const outputs = shared.apply(new layers.GlobalAveragePooling2D().apply(entrance));
      return new models.Model({ inputs: entrance, outputs, name });
    };
    const sum = layers.add([inner("a").apply(input), inner("b").apply(input)]);
    const own = new models.Model({ inputs: input, outputs: sum });
    own.compile({ optimizer: "sgd", loss: "mse" });
    const untouched = own.getWeights();
    await expect(fit(own, join(folder, "own.keras"))).rejects.toThrow(/cannot be saved for Keras.*"shared"/s);
    expect(own.getWeights()).toEqual(untouched);
  });

  it("takes endings that save takes", () => {
    expect(() => new callbacks.ModelCheckpoint("a.h5", { saveWeightsOnly: true })).toThrow(/\.weights\.h5/);
    expect(() => new callbacks.ModelCheckpoint("a.weights.h5")).toThrow(/saveWeightsOnly/);
    expect(() => new callbacks.ModelCheckpoint("a.pb")).toThrow(/\.keras or \.h5/);
  });
});

describe.skipIf(python === undefined)("Keras loads what Graft saves as .h5", () => {
  // Keras 3.15.1 cannot go on training any such file, not its own either: it builds the optimizer for no weights.
  it("with equal predictions, and what it was compiled with", { timeout: 300_000 }, async () => {
    const script = `
import json, os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
import keras, numpy as np
def wave(shape, key):
    index = np.arange(int(np.prod(shape)), dtype=np.float64)
    return np.sin(12.9898 * index + 78.233 * key).reshape(shape).astype(np.float32)
folder, *names = sys.argv[1:]
results = {}
x = wave((4, 6, 6, 2), 100)
for name in names:
    model = keras.models.load_model(os.path.join(folder, name + ".h5"))
    output = model(x, training=False)
    results[name] = {
        "output": {"shape": list(output.shape), "data": np.asarray(output, dtype=float).ravel().tolist()},
        "optimizer": model.optimizer.get_config(),
        "loss": model.loss if isinstance(model.loss, str) else model.loss.name,
    }
print("RESULT" + json.dumps(results))
`;
    const saved: [string, models.Model][] = [];
    for (const kind of Object.keys(kinds)) {
      const model = await trained(kind);
      // Keras has no such factors.
      model.learningRateMultiplier = 1;
      await model.save(join(folder, `${kind}.h5`));
      saved.push([kind, model]);
    }
    const results = (await runPython(python, script, [folder, ...saved.map(([kind]) => kind)])) as Record<
      string,
      { readonly output: GoldenTensor; readonly optimizer: Record<string, unknown>; readonly loss: string }
    >;
    for (const [kind, model] of saved) {
      const result = results[kind];
      if (result === undefined) throw new Error(`Keras said nothing of ${kind}.`);
      expect(relativeError(fromTensor(await model.predictOnBatch(x)), result.output), kind).toBeLessThan(1e-5);
      expect(result.loss).toBe("categorical_crossentropy");
      expect(result.optimizer["name"]).toBe(model.compiled.optimizer.name);
    }
  });
});

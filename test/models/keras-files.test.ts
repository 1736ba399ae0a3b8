import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { strToU8, unzipSync, zipSync } from "fflate";
import { layers, losses, metrics, models, optimizers, schedules, type Tensor } from "graft-ml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { float32, type TensorData } from "../../src/onnx/tensor-data.js";
import { toTensor } from "../../src/runtime/runtime.js";
import { toChannelsFirst, toChannelsLast } from "../../src/nn/channels.js";
import { input } from "../../src/graph/value.js";
import { readGolden, readGoldenArchive } from "../support/golden.js";
import { type GoldenTensor, RecordingContext, relativeError, runGraph } from "../support/nn-graph.js";
import { wave } from "../support/wave.js";
import { kerasPython, runPython } from "../support/keras-python.js";
import { tinyNetwork } from "../cli/tiny-network.js";

interface Case {
  readonly outputs: readonly GoldenTensor[];
  readonly layers: readonly string[];
  readonly trainable: readonly string[];
  readonly after?: {
    readonly losses: readonly number[];
    readonly weights: readonly GoldenTensor[];
    readonly iterations: number;
  };
}

const { cases } = await readGolden<{ readonly cases: Readonly<Record<string, Case>> }>("keras-files.json");

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-keras-"));
  const archive = await readGoldenArchive("keras-files.zip");
  for (const [name, bytes] of Object.entries(archive)) await writeFile(join(folder, name), bytes);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

function golden(name: string): Case {
  const found = cases[name];
  if (found === undefined) throw new Error(`There is no golden case "${name}".`);
  return found;
}

/** Inputs as scripts/golden/keras_files.py makes them. */
function inputsOf(model: models.BaseModel, count = 3): TensorData<"float32">[] {
  return model.inputs.map(({ shape }, key) => wave([count, ...shape.slice(1).map(Number)], 100 + key));
}

/** All outputs for the golden inputs; several inputs and outputs go through the graph itself. */
async function outputsOf(model: models.BaseModel, count = 3): Promise<TensorData[]> {
  const tensors = inputsOf(model, count);
  const inputs = tensors.map(({ type, dims }, index) => input(`x${index}`, type, ["N", ...dims.slice(1)]));
  const outputs = model.callNamed(inputs.map(toChannelsFirst), new RecordingContext(false));
  const results = await runGraph(
    Object.fromEntries(outputs.map((value, index) => [`y${index}`, toChannelsLast(value)])),
    Object.fromEntries(tensors.map((data, index) => [`x${index}`, data])),
  );
  return outputs.map((_, index) => {
    const result = results[`y${index}`];
    if (result === undefined) throw new Error(`The graph gave no output ${index}.`);
    return result;
  });
}

async function expectOutputs(model: models.BaseModel, name: string): Promise<void> {
  const actual = await outputsOf(model);
  const expected = golden(name).outputs;
  expect(actual).toHaveLength(expected.length);
  expected.forEach((output, index) => {
    const tensor = actual[index];
    expect(tensor && relativeError(tensor, output), `output ${index}`).toBeLessThan(1e-4);
  });
}

function labels(count: number, classes: number): Tensor {
  const rows = new Float32Array(count * classes);
  for (let row = 0; row < count; row++) rows[row * classes + (row % classes)] = 1;
  return toTensor(float32(rows, [count, classes]));
}

/** Two more training steps, compared with Keras's. */
async function expectGoesOn(model: models.BaseModel, name: string): Promise<void> {
  const { after } = golden(name);
  if (after === undefined) throw new Error(`The case "${name}" does not go on.`);
  const [x] = inputsOf(model, 4);
  if (x === undefined) throw new Error("The model has no input.");
  for (const loss of after.losses) {
    const logs = await model.trainOnBatch(toTensor(x), labels(4, 3));
    expect(Math.abs((logs["loss"] ?? Number.NaN) - loss) / loss).toBeLessThan(1e-4);
  }
  model.weights.forEach(({ value, path }, index) => {
    const expected = after.weights[index];
    expect(expected && relativeError(value, expected), path).toBeLessThan(1e-3);
  });
}

async function load(name: string, options: models.LoadModelOptions = {}): Promise<models.BaseModel> {
  return models.loadModel(join(folder, name), options);
}

/** A `.keras` file with something changed in its configuration. */
async function edited(name: string, target: string, edit: (config: string) => string): Promise<string> {
  const members = unzipSync(await readFile(join(folder, name)));
  const config = edit(new TextDecoder().decode(members["config.json"]));
  await writeFile(join(folder, target), zipSync({ ...members, "config.json": strToU8(config) }));
  return target;
}

describe("loadModel", () => {
  it.each([
    ["sequential.keras", "sequential"],
    ["sequential.h5", "sequential"],
    ["keras2-sequential.h5", "sequential"],
    ["scheduled.keras", "scheduled"],
    ["functional.keras", "functional"],
    ["functional.h5", "functional"],
    ["keras2-functional.h5", "functional"],
    ["nested.keras", "nested"],
    ["nested.h5", "nested"],
    ["keras2-nested.h5", "nested"],
    ["ends-in-model.keras", "ends-in-model"],
    ["nested-sequential.keras", "nested-sequential"],
    ["operations.keras", "operations"],
    ["inference-call.keras", "inference-call"],
  ])("%s predicts as in Keras", async (file, name) => {
    const model = await load(file);
    // Operations are layers here, and none in Keras.
    const known = new Set(golden(name).layers);
    const names = model.layers.map((layer) => layer.name);
    expect(name === "operations" ? names.filter((entry) => known.has(entry)) : names).toEqual(golden(name).layers);
    await expectOutputs(model, name);
  });

  it("keeps what is frozen", async () => {
    for (const [file, name] of [
      ["scheduled.keras", "scheduled"],
      ["nested.keras", "nested"],
      ["nested.h5", "nested"],
    ] as const) {
      const model = await load(file);
      expect(model.trainableWeights).toHaveLength(golden(name).trainable.length);
    }
  });

  it.each([
    ["sequential.keras", "sequential"],
    ["sequential.h5", "sequential"],
    ["scheduled.keras", "scheduled"],
    ["nested.keras", "nested"],
    ["nested.h5", "nested"],
  ])("%s goes on training as in Keras", async (file, name) => {
    const model = await load(file);
    if (name === "scheduled") {
      // Its random numbers are others than Keras's.
      expect(model.getLayer("drop").getConfig()["rate"]).toBe(0);
    }
    await expectGoesOn(model, name);
  });

  it("keeps an inner model in inference mode that was called so, though it is trained", async () => {
    const model = await load("inference-call.keras");
    const [x] = inputsOf(model, 4);
    if (x === undefined) throw new Error("The model has no input.");
    const statistics = model.weights.filter(({ learnable }) => !learnable);
    const before = statistics.map(({ value }) => value.data.slice());
    const kernel = model.weights[0]?.value.data.slice();
    const tested = await model.testOnBatch(toTensor(x), labels(4, 3));
    const trained = await model.trainOnBatch(toTensor(x), labels(4, 3));
    // Neither dropout nor the statistics of the batch are in the loss.
    expect(trained["loss"]).toBeCloseTo(tested["loss"] ?? Number.NaN, 5);
    expect(statistics.map(({ value }) => value.data)).toEqual(before);
    expect(statistics).toHaveLength(2);
    expect(model.weights[0]?.value.data).not.toEqual(kernel);
  });

  it("restores optimizer, loss and metrics", async () => {
    const { optimizer, losses: compared, metrics: followed } = (await load("sequential.keras")).compiled;
    expect(optimizer).toBeInstanceOf(optimizers.Adam);
    expect(optimizer.getConfig()).toMatchObject({ beta_1: 0.9, epsilon: 1e-7 });
    expect(optimizer.learningRate).toBeCloseTo(0.01, 7);
    expect(compared[0]?.loss).toBeInstanceOf(losses.CategoricalCrossentropy);
    expect(compared[0]?.loss.getConfig()["label_smoothing"]).toBe(0.1);
    expect(followed.map(({ name }) => name)).toEqual(["acc", "top2"]);
    const { learning_rate: rate } = (await load("scheduled.keras")).compiled.optimizer.getConfig();
    expect(rate).toMatchObject({ class_name: "CosineDecay", config: { decay_steps: 10, alpha: 0.1 } });
  });

  it("reads the compile state of Keras 2", async () => {
    const { optimizer, metrics: followed } = (await load("keras2-sequential.h5")).compiled;
    expect(optimizer.learningRate).toBeCloseTo(0.01, 7);
    expect(followed.map(({ name, metric }) => [name, metric.className])).toEqual([["acc", "CategoricalAccuracy"]]);
  });

  it("leaves the compile state out when asked to", async () => {
    expect((await load("sequential.keras", { compile: false })).compilation).toBeUndefined();
  });

  it("says which layer it does not have", async () => {
    const file = await edited("sequential.keras", "lstm.keras", (config) =>
      config.replace('"class_name": "Flatten"', '"class_name": "LSTM"'),
    );
    await expect(load(file)).rejects.toThrow(/"flat" \(LSTM\).*no layer "LSTM"/);
  });

  it.each([
    ["an unknown option", '"filters": 4', '"filters": 4, "sparkle": 3', /"conv" \(Conv2D\).*"sparkle"/],
    [
      "an option that is not usable",
      '"renorm": false, "renorm_clipping": null',
      '"renorm": true, "renorm_clipping": {"rmin": 2, "rmax": 1}',
      /"norm" \(BatchNormalization\).*renormClipping/,
    ],
    ["an option that would be ignored", '"sparse": false', '"sparse": true', /InputLayer.*"sparse"/],
    ["another data format", '"channels_last"', '"channels_first"', /"conv".*channels_last/],
    ["a half-precision policy", '"name": "float32"', '"name": "float64"', /float32/],
    ["an unknown loss", '"CategoricalCrossentropy"', '"Wasserstein"', /compile state.*"Wasserstein".*compile: false/],
    [
      "loss weights that are no numbers",
      '"loss_weights": null',
      '"loss_weights": ["x"]',
      /weights of losses.*compile: false/s,
    ],
    [
      "a function in place of a layer",
      '"module": "keras.layers", "class_name": "Flatten"',
      '"module": "keras.src.ops.numpy", "class_name": "Flatten"',
      /keras\.src\.ops\.numpy\.Flatten/,
    ],
    [
      "somebody's own class",
      '"module": "keras.layers", "class_name": "Flatten"',
      '"module": "mine", "class_name": "Flatten"',
      /mine\.Flatten/,
    ],
  ])("refuses %s", async (what, from, to, message) => {
    const file = await edited("sequential.keras", `${what}.keras`, (config) => config.replaceAll(from, to));
    await expect(load(file)).rejects.toThrow(message);
  });

  it("says what a file is that it cannot read", async () => {
    await writeFile(join(folder, "empty.keras"), "");
    await writeFile(join(folder, "other.zip"), zipSync({ "a.txt": strToU8("a") }));
    await writeFile(join(folder, "cut.keras"), (await readFile(join(folder, "sequential.keras"))).subarray(0, 9000));
    await expect(load("empty.keras")).rejects.toThrow(/an empty file/);
    await expect(load("other.zip")).rejects.toThrow(/config\.json and model\.weights\.h5.*a\.txt/);
    await expect(load("cut.keras")).rejects.toThrow(/truncated or damaged/);
    await expect(load("keras2-weights.h5")).rejects.toThrow(/weights without the model.*loadWeights/);
    await expect(load("nowhere.keras")).rejects.toThrow(/nowhere\.keras cannot be read/);
  });

  it("reads ONNX networks, which Keras's files cannot hold", async () => {
    await writeFile(join(folder, "network.bin"), tinyNetwork());
    const model = await load("network.bin");
    expect(model.outputShape).toEqual(["N", 32, 32, 8]);
    await expect(model.save(join(folder, "network.keras"))).rejects.toThrow(/layers that Keras has.*onnx/);
  });

  it("reads a layers model of TensorFlow.js", async () => {
    const model = await load("sequential.keras");
    const { config } = JSON.parse(
      new TextDecoder().decode(unzipSync(await readFile(join(folder, "sequential.keras")))["config.json"]),
    ) as { config: unknown };
    const weights = model.weights.map(({ path, shape, value }) => ({ name: path, shape, dtype: "float32", value }));
    await writeFile(
      join(folder, "weights.bin"),
      Buffer.concat(weights.map(({ value: { data } }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength))),
    );
    await writeFile(
      join(folder, "model.json"),
      JSON.stringify({
        format: "layers-model",
        modelTopology: { keras_version: "3.15.1", model_config: { class_name: "Sequential", config } },
        weightsManifest: [
          { paths: ["weights.bin"], weights: weights.map(({ name, shape, dtype }) => ({ name, shape, dtype })) },
        ],
      }),
    );
    await expectOutputs(await load("model.json"), "sequential");
  });
});

describe("loadWeights", () => {
  /** The network of the golden case "sequential", with other weights. */
  function cnn(units = 3, name = "head"): models.Sequential {
    return new models.Sequential([
      layers.Input({ shape: [8, 8, 3] }),
      new layers.Conv2D(4, 3, { padding: "same", activation: "relu", name: "conv" }),
      new layers.BatchNormalization({ name: "norm" }),
      new layers.MaxPooling2D(2),
      new layers.Flatten(),
      new layers.Dense(units, { activation: "softmax", name }),
    ]);
  }

  it.each(["sequential.weights.h5", "sequential.h5", "sequential.keras", "keras2-weights.h5"])(
    "reads %s by order and by name",
    async (file) => {
      const byOrder = cnn(3, "another");
      expect(await byOrder.loadWeights(join(folder, file))).toEqual([]);
      await expectOutputs(byOrder, "sequential");
      const byName = cnn();
      await byName.loadWeights(join(folder, file), { byName: true });
      await expectOutputs(byName, "sequential");
    },
  );

  it("reads inner models and attention", async () => {
    for (const file of ["functional.weights.h5", "functional.h5"]) {
      const model = await load("functional.keras");
      model.setWeights(model.weights.map(({ shape }) => wave(shape, 3)));
      await model.loadWeights(join(folder, file));
      await expectOutputs(model, "functional");
    }
  });

  it.each(["sequential.weights.h5", "keras2-weights.h5"])(
    "skips what does not fit in %s, and says so",
    async (file) => {
      const model = cnn(5);
      const before = model.getLayer("head").getWeights();
      await expect(model.loadWeights(join(folder, file))).rejects.toThrow(/head/);
      // All or nothing.
      expect(
        model
          .getLayer("conv")
          .getWeights()[1]
          ?.data.every((value) => value === 0),
      ).toBe(true);
      const skipped = await model.loadWeights(join(folder, file), { skipMismatch: true });
      expect(skipped).toHaveLength(2);
      expect(skipped.join(" ")).toMatch(/head\/kernel.*\[64, 5\].*\[64, 3\]/);
      expect(model.getLayer("head").getWeights()).toEqual(before);
      expect(
        model
          .getLayer("conv")
          .getWeights()[1]
          ?.data.every((value) => value === 0),
      ).toBe(false);
    },
  );
});

describe("save", () => {
  it.each([
    "sequential.keras",
    "scheduled.keras",
    "functional.keras",
    "nested.keras",
    "operations.keras",
    "inference-call.keras",
    "ends-in-model.keras",
    "nested-sequential.keras",
  ])("%s survives", async (file) => {
    const model = await load(file);
    const path = join(folder, `again-${file}`);
    await model.save(path);
    const again = await models.loadModel(path);
    expect(again.getConfig()).toEqual(model.getConfig());
    expect(again.weights.map(({ value }) => value.data)).toEqual(model.weights.map(({ value }) => value.data));
    const name = file.replace(".keras", "");
    await expectOutputs(again, name);
    if (golden(name).after !== undefined) await expectGoesOn(again, name);
    // Nothing is left of the temporary file.
    expect((await readdir(folder)).filter((entry) => entry.endsWith(".tmp"))).toEqual([]);
  });

  it("saves weights alone, with the optimizer's state", async () => {
    const model = await load("sequential.keras");
    const path = join(folder, "again.weights.h5");
    await model.saveWeights(path);
    const again = await load("sequential.h5");
    again.setWeights(again.weights.map(({ shape }) => wave(shape, 3)));
    await again.loadWeights(path);
    await expectGoesOn(again, "sequential");
  });

  it("refuses a layer of two inner models, which Keras's files cannot hold", async () => {
    const shared = new layers.Dense(2, { name: "shared" });
    const model = new models.Sequential([
      layers.Input({ shape: [2] }),
      new models.Sequential([layers.Input({ shape: [2] }), shared], { name: "first" }),
      new models.Sequential([layers.Input({ shape: [2] }), shared], { name: "second" }),
    ]);
    await expect(model.save(join(folder, "shared.keras"))).rejects.toThrow(/"shared".*"first".*"second"/);
  });

  it("refuses what Keras could not read", async () => {
    const model = await load("sequential.keras");
    await expect(model.save(join(folder, "model.pb"))).rejects.toThrow(/ends in \.keras/);
    await expect(model.saveWeights(join(folder, "weights.h5"))).rejects.toThrow(/ends in \.weights\.h5/);
    await expect(new models.Sequential([new layers.Dense(2)]).save(join(folder, "a.keras"))).rejects.toThrow(
      /no weights yet/,
    );
  });
});

const python = await kerasPython();

describe.skipIf(python === undefined)("Keras loads what Graft saves", () => {
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
for name in names:
    model = keras.models.load_model(os.path.join(folder, name))
    xs = [wave((3, *x.shape[1:]), 100 + key) for key, x in enumerate(model.inputs)]
    ys = model(xs if len(xs) > 1 else xs[0], training=False)
    ys = ys if isinstance(ys, (list, tuple)) else [ys]
    result = {"outputs": [{"shape": list(y.shape), "data": np.asarray(y, dtype=float).ravel().tolist()} for y in ys]}
    if getattr(model, "optimizer", None) is not None:
        x, y = wave((4, *model.inputs[0].shape[1:]), 100), np.eye(3, dtype=np.float32)[np.arange(4) % 3]
        result["iterations"] = int(model.optimizer.iterations)
        result["metrics"] = model.get_compile_config()["metrics"] and len(model.get_compile_config()["metrics"])
        result["losses"] = [float(model.train_on_batch(x, y, return_dict=True)["loss"]) for _ in range(2)]
        result["weights"] = [{"shape": list(w.shape), "data": np.asarray(w, dtype=float).ravel().tolist()} for w in model.weights]
    results[name] = result
print("RESULT" + json.dumps(results))
`;

  it("with equal predictions, and goes on training alike", { timeout: 300_000 }, async () => {
    const saved: { readonly file: string; readonly model: models.BaseModel }[] = [];
    const save = async (file: string, model: models.BaseModel): Promise<void> => {
      await model.save(join(folder, file));
      saved.push({ file, model });
    };
    for (const name of [
      "sequential",
      "scheduled",
      "functional",
      "nested",
      "operations",
      "ends-in-model",
      "nested-sequential",
    ]) {
      await save(`graft-${name}.keras`, await load(`${name}.keras`));
    }
    const kinds: Readonly<Record<string, () => optimizers.Optimizer>> = {
      adamw: () => new optimizers.AdamW(0.01, { weightDecay: 0.01, clipnorm: 1 }),
      amsgrad: () => new optimizers.Adam(0.01, { amsgrad: true, useEma: true, emaMomentum: 0.9 }),
      adagrad: () => new optimizers.Adagrad(new schedules.ExponentialDecay(0.05, 2, 0.9)),
      adadelta: () => new optimizers.Adadelta(0.5),
      adamax: () => new optimizers.Adamax(0.01),
      nadam: () => new optimizers.Nadam(0.01),
      ftrl: () => new optimizers.Ftrl(0.05),
      lion: () => new optimizers.Lion(0.001),
      adafactor: () => new optimizers.Adafactor(0.01),
      rmsprop: () => new optimizers.RMSprop(0.01, { momentum: 0.5, centered: true }),
      sgd: () => new optimizers.SGD(0.05),
    };
    for (const [kind, make] of Object.entries(kinds)) {
      const model = new models.Sequential([
        layers.Input({ shape: [6, 6, 2] }),
        new layers.Conv2D(3, 3, { kernelRegularizer: "l2", kernelInitializer: "he_normal" }),
        new layers.LayerNormalization(),
        new layers.Activation("swish"),
        new layers.GlobalAveragePooling2D(),
        new layers.Dense(3, { activation: "softmax" }),
      ]);
      model.setWeights(model.weights.map(({ shape, name }, key) => wave(shape, key, 0.4, name === "gamma" ? 1 : 0)));
      model.compile({
        optimizer: make(),
        loss: new losses.CategoricalFocalCrossentropy(),
        metrics: ["accuracy", new metrics.Precision()],
      });
      const x = toTensor(wave([4, 6, 6, 2], 100));
      for (let step = 0; step < 2; step++) await model.trainOnBatch(x, labels(4, 3));
      await save(`graft-${kind}.keras`, model);
    }
    const results = (await runPython(python, script, [folder, ...saved.map(({ file }) => file)])) as Record<
      string,
      {
        outputs: GoldenTensor[];
        iterations?: number;
        losses?: number[];
        weights?: GoldenTensor[];
      }
    >;
    for (const { file, model } of saved) {
      const result = results[file];
      if (result === undefined) throw new Error(`Keras said nothing of ${file}.`);
      const outputs = await outputsOf(model);
      result.outputs.forEach((expected, index) => {
        const tensor = outputs[index];
        expect(tensor && relativeError(tensor, expected), file).toBeLessThan(1e-4);
      });
      if (result.losses === undefined) continue;
      expect(result.iterations, file).toBe(/graft-(sequential|scheduled|nested)\./.test(file) ? 3 : 2);
      const x = inputsOf(model, 4)[0];
      if (x === undefined) throw new Error("The model has no input.");
      for (const loss of result.losses) {
        const logs = await model.trainOnBatch(toTensor(x), labels(4, 3));
        expect(Math.abs((logs["loss"] ?? Number.NaN) - loss) / Math.abs(loss), file).toBeLessThan(1e-4);
      }
      model.weights.forEach(({ value, path }, index) => {
        const expected = result.weights?.[index];
        expect(expected && relativeError(value, expected), `${file}: ${path}`).toBeLessThan(1e-3);
      });
    }
  });
});

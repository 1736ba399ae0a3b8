import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { models, type Tensor } from "graft-ml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { modelFromConfig } from "../../src/formats/keras/from-config.js";
import { readKerasModel } from "../../src/formats/keras/model-file.js";
import { float32 } from "../../src/onnx/tensor-data.js";
import { fromTensor, toTensor } from "../../src/runtime/runtime.js";
import { kerasPython, runPython } from "../support/keras-python.js";
import { readGolden, readGoldenArchive } from "../support/golden.js";
import { type GoldenTensor, relativeError } from "../support/nn-graph.js";
import { wave } from "../support/wave.js";

const golden = await readGolden<{
  readonly functions: readonly GoldenTensor[];
  readonly keras1: GoldenTensor;
  readonly mixed: GoldenTensor;
  readonly operations: { readonly h5: readonly GoldenTensor[]; readonly archive: readonly GoldenTensor[] };
  readonly preprocessing: readonly GoldenTensor[];
  readonly trainings: Readonly<
    Record<string, { readonly losses: readonly number[]; readonly weights: readonly GoldenTensor[] }>
  >;
}>("generations.json");
const fixtures = join(import.meta.dirname, "../fixtures");
const python = await kerasPython();

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-generations-"));
  const archive = await readGoldenArchive("generations.zip");
  for (const [name, bytes] of Object.entries(archive)) await writeFile(join(folder, name), bytes);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function numbers(path: string): Promise<Float32Array> {
  return new Float32Array(new Uint8Array(await readFile(path)).buffer);
}

async function outputsOf(model: models.BaseModel): Promise<readonly Tensor[]> {
  const outputs = await model.predictOnBatch<Tensor | Tensor[]>(toTensor(wave([2, 8, 8, 3], 50, 2)));
  return Array.isArray(outputs) ? outputs : [outputs];
}

function expectEqual(outputs: readonly Tensor[], expected: readonly GoldenTensor[], names: readonly string[]): void {
  expect(outputs).toHaveLength(expected.length);
  outputs.forEach((output, index) => {
    const wanted = expected[index];
    expect(wanted && relativeError(fromTensor(output), wanted), names[index]).toBeLessThan(1e-5);
  });
}

/** A network of one unit whose activation is `hard_sigmoid`. */
function hardSigmoid(): unknown {
  const layers = [
    { class_name: "InputLayer", config: { batch_input_shape: [null, 1], name: "x" } },
    { class_name: "Activation", config: { activation: "hard_sigmoid", name: "out" } },
  ];
  return { class_name: "Sequential", config: { layers } };
}

describe("files of older Keras", () => {
  it.each(["functions.h5", "functions-v3.keras"])("have the functions of then: %s", async (name) => {
    const model = await models.loadModel(join(folder, name));
    expectEqual(await outputsOf(model), golden.functions, model.outputNames);
  });

  it.each(["keras1-tensorflow.h5", "keras1-theano.h5"])("of Keras 1 are read: %s", async (name) => {
    const model = await models.loadModel(join(folder, name));
    expectEqual(await outputsOf(model), [golden.keras1], model.outputNames);
    await model.loadWeights(join(folder, name));
    expectEqual(await outputsOf(model), [golden.keras1], model.outputNames);
  });

  it("say what the function hard_sigmoid is by the version that wrote them", async () => {
    const at = async (model: models.BaseModel): Promise<number> =>
      (await model.predictOnBatch(toTensor(float32([1], [1, 1])))).data[0] as number;
    expect(await at(modelFromConfig(hardSigmoid(), "old.h5", 2))).toBeCloseTo(0.7, 6);
    expect(await at(modelFromConfig(hardSigmoid(), "new.h5", 3))).toBeCloseTo(4 / 6, 6);
  });

  it("without the threshold of ThresholdedReLU have that of then", async () => {
    const layers = [
      { class_name: "InputLayer", config: { batch_input_shape: [null, 2], name: "x" } },
      { class_name: "ThresholdedReLU", config: { name: "out" } },
    ];
    const model = modelFromConfig({ class_name: "Sequential", config: { layers } }, "model.json", 2);
    const output = await model.predictOnBatch(toTensor(float32([0.5, 1.5], [1, 2])));
    expect(Array.from(output.data, Number)).toSatisfy(([low, high]: number[]) => (low ?? 1) === 0 && high === 1.5);
  });

  it("that normalize all samples together are refused", () => {
    const node = (inbound: readonly unknown[], className: string, name: string, config: object): unknown => ({
      class_name: className,
      name,
      config: { name, ...config },
      inbound_nodes: inbound,
    });
    const config = {
      name: "model",
      layers: [
        node([], "InputLayer", "x", { batch_input_shape: [null, 2] }),
        node([["x", 0, 0, { axis: null }]], "TFOpLambda", "norm", { function: "math.l2_normalize" }),
      ],
      input_layers: [["x", 0, 0]],
      output_layers: [["norm", 0, 0]],
    };
    expect(() => modelFromConfig({ class_name: "Functional", config }, "old.h5", 2)).toThrow(/"axis".*all samples/s);
  });

  it("do not predict as in training, unless Keras 2 wrote so", async () => {
    const history = { class_name: "__keras_tensor__", config: { shape: [null, 4, 4, 1], keras_history: ["x", 0, 0] } };
    const model = (calls: unknown): unknown => ({
      class_name: "Functional",
      config: {
        name: "model",
        layers: [
          {
            class_name: "InputLayer",
            name: "x",
            config: { batch_shape: [null, 4, 4, 1], name: "x" },
            inbound_nodes: [],
          },
          { class_name: "Resizing", name: "out", config: { name: "out", height: 2, width: 2 }, inbound_nodes: [calls] },
        ],
        input_layers: [["x", 0, 0]],
        output_layers: [["out", 0, 0]],
      },
    });
    const called = modelFromConfig(model({ args: [history], kwargs: { training: true } }), "new.keras", 3);
    const output = await called.predictOnBatch(toTensor(wave([1, 4, 4, 1], 50, 2)));
    expect(output.dims).toEqual([1, 2, 2, 1]);
    expect(() => modelFromConfig(model([["x", 0, 0, { training: true }]]), "old.h5", 2)).toThrow(/"training"/);
  });

  it("of Keras 3 in HDF5, which say no modules, hold operations with an element type", async () => {
    const history = { class_name: "__keras_tensor__", config: { shape: [null, 2], keras_history: ["x", 0, 0] } };
    const cast = { name: "out", dtype: "int32" };
    const layers = [
      { class_name: "InputLayer", name: "x", config: { batch_shape: [null, 2], dtype: "float32", name: "x" } },
      {
        class_name: "Cast",
        name: "out",
        config: cast,
        inbound_nodes: [{ args: [history], kwargs: { dtype: "int32" } }],
      },
    ];
    const config = { name: "model", layers, input_layers: [["x", 0, 0]], output_layers: [["out", 0, 0]] };
    const model = modelFromConfig({ class_name: "Functional", config }, "new.h5", 3);
    const output = await model.predictOnBatch(toTensor(float32([1.5, -2.5], [1, 2])));
    expect(Array.from(output.data, Number)).toEqual([1, -2]);
  });

  it("of Keras 1 with channels first, and with normalization of samples, are refused", () => {
    const model = (className: string, config: object): unknown => ({
      class_name: "Sequential",
      config: [{ class_name: className, config: { batch_input_shape: [null, 8, 8, 3], name: "it", ...config } }],
    });
    const first = model("Convolution2D", { nb_filter: 2, nb_row: 3, nb_col: 3, dim_ordering: "th" });
    expect(() => modelFromConfig(first, "old.h5", 1)).toThrow(/"it".*channels last.*"th"/s);
    const samples = model("BatchNormalization", { mode: 1 });
    expect(() => modelFromConfig(samples, "old.h5", 1)).toThrow(/"it".*by channels only/s);
  });
});

describe("operations on tensors", () => {
  it("of TensorFlow are read from .h5, and saved", async () => {
    const model = await models.loadModel(join(folder, "operations.h5"));
    const x = [toTensor(wave([2, 8, 8, 3], 50, 2)), toTensor(wave([2, 6], 51))];
    expectEqual(await model.predictOnBatch<Tensor[]>(x), golden.operations.h5, model.outputNames);
    for (const ending of ["keras", "h5"]) {
      const path = join(folder, `operations-again.${ending}`);
      await model.save(path);
      const again = await models.loadModel(path);
      expectEqual(await again.predictOnBatch<Tensor[]>(x), golden.operations.h5, again.outputNames);
    }
  });

  it("of TensorFlow are read from .keras of Keras 2", async () => {
    const model = await models.loadModel(join(folder, "operations-v3.keras"));
    expectEqual(await outputsOf(model), golden.operations.archive, model.outputNames);
  });

  it.each(["preprocessing.keras", "preprocessing.h5"])("of Keras 3's preprocessInput are read: %s", async (name) => {
    const model = await models.loadModel(join(folder, name));
    expectEqual(await outputsOf(model), golden.preprocessing, model.outputNames);
  });

  it.each([
    [{ function: "signal.fft" }, {}, /"f".*tf\.signal\.fft/s],
    [{ function: "math.reduce_mean" }, { other: 1 }, /"f".*an argument of tf\.math\.reduce_mean.*other: 1/s],
    [{ function: "split" }, { num_or_size_splits: [1, -1, 1], axis: -1 }, /"num_or_size_splits".*the last/s],
    [{ function: "nn.bias_add" }, { bias: [1, 2, 3], data_format: "NCHW" }, /data_format: "NCHW"/],
  ])("that Graft does not have are named: %j", (config, given, message) => {
    const serialized = {
      class_name: "Functional",
      config: {
        name: "m",
        layers: [
          { class_name: "InputLayer", name: "x", config: { batch_input_shape: [null, 4, 4, 3], name: "x" } },
          {
            class_name: "TFOpLambda",
            name: "f",
            config: { name: "f", ...config },
            inbound_nodes: [["x", 0, 0, given]],
          },
        ],
        input_layers: [["x", 0, 0]],
        output_layers: [["f", 0, 0]],
      },
    };
    expect(() => modelFromConfig(serialized, "old.h5", 2)).toThrow(message);
  });
});

describe("the optimizer in a file", () => {
  it.each(Object.entries(golden.trainings))("goes on where it stopped: %s", async (name, expected) => {
    const path = join(folder, name);
    const { model, warnings } = await readKerasModel(await readFile(path), path);
    expect(warnings).toEqual([]);
    const losses: (number | undefined)[] = [];
    for (const step of [3, 4]) {
      const labels = new Float32Array(12).map((_, index) => Number((Math.floor(index / 3) + step) % 3 === index % 3));
      const logs = await model.trainOnBatch(
        toTensor(wave([4, 8, 8, 3], 100 + step)),
        toTensor(float32(labels, [4, 3])),
      );
      losses.push(logs["loss"]);
    }
    losses.forEach((loss, index) => {
      expect(loss).toBeCloseTo(expected.losses[index] ?? Number.NaN, 4);
    });
    model.weights.forEach(({ value, path: weight }, index) => {
      const wanted = expected.weights[index];
      expect(wanted && relativeError(value, wanted), weight).toBeLessThan(1e-3);
    });
  });

  it("may have no slots yet, in a file of Keras 2", async () => {
    const path = join(fixtures, "untrained.h5");
    const { model, warnings } = await readKerasModel(await readFile(path), path);
    expect(warnings).toEqual([]);
    expect(model.compiled.optimizer.className).toBe("Adam");
  });

  it("may be of mixed precision, which is said once", async () => {
    const path = join(folder, "mixed.h5");
    const { model, warnings } = await readKerasModel(await readFile(path), path);
    expectEqual(await outputsOf(model), [golden.mixed], model.outputNames);
    expect(warnings).toEqual([
      expect.stringContaining("mixed_float16; Graft computes in float32"),
      expect.stringContaining("mixed_bfloat16; Graft computes in float32"),
    ]);
  });
});

describe("files of TensorFlow.js", () => {
  it.each(["tfjs-depthwise", "tfjs-hard-sigmoid"])("predict what TensorFlow.js predicts: %s", async (name) => {
    const model = await models.loadModel(join(fixtures, name));
    const x = float32(await numbers(join(fixtures, "tfjs-x.f32")), [2, 16, 16, 3]);
    const y = float32(await numbers(join(fixtures, name, "y.f32")), [2, 3]);
    const output = await model.predictOnBatch(toTensor(x));
    expect(relativeError(fromTensor(output), { shape: [2, 3], data: Array.from(y.data) })).toBeLessThan(1e-5);
  });
});

describe("files that the frameworks themselves wrote", () => {
  it.each([
    ["bn_v1.h5, BatchNormalizationV1 of TensorFlow 1.13 to 1.15", "bn-x.f32", "bn-y.f32", 16],
    [
      "k2_densenet_torch.h5, preprocess_input of DenseNet in Keras 2",
      "preprocess-x.f32",
      "k2_densenet_torch.h5.y.f32",
      32,
    ],
    [
      "k3_vgg16_caffe.keras, preprocess_input of VGG16 in Keras 3",
      "preprocess-x.f32",
      "k3_vgg16_caffe.keras.y.f32",
      32,
    ],
  ])("predict what they predicted: %s", async (name, photos, answers, side) => {
    const [file = ""] = name.split(",");
    const model = await models.loadModel(join(fixtures, "keras", file));
    const x = float32(await numbers(join(fixtures, "keras", photos)), [2, side, side, 3]);
    const y = await numbers(join(fixtures, "keras", answers));
    const output = await model.predictOnBatch(toTensor(x));
    expect(relativeError(fromTensor(output), { shape: [2, 3], data: Array.from(y) })).toBeLessThan(1e-5);
  });
});

describe.skipIf(python === undefined)("what Graft saves of older files", () => {
  const script = `
import json, os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras, numpy as np
def wave(shape, key, scale):
    index = np.arange(int(np.prod(shape)), dtype=np.float64)
    return (scale * np.sin(12.9898 * index + 78.233 * key)).reshape(shape).astype(np.float32)
inputs = [wave((2, 8, 8, 3), 50, 2.0), wave((2, 6), 51, 1.0)]
model = keras.models.load_model(sys.argv[1])
ys = model(inputs[:len(model.inputs)] if len(model.inputs) > 1 else inputs[0], training=False)
print("RESULT" + json.dumps([{"shape": list(y.shape), "data": np.asarray(y, dtype=float).ravel().tolist()} for y in ys]))
`;

  it.each([
    ["functions.h5", golden.functions],
    ["operations.h5", golden.operations.h5],
    ["preprocessing.keras", golden.preprocessing],
  ])("gives the same in Keras 3: %s", { timeout: 120_000 }, async (name, expected) => {
    const file = join(folder, `saved-${name}.keras`);
    await (await models.loadModel(join(folder, name))).save(file);
    const results = (await runPython(python, script, [file])) as GoldenTensor[];
    expect(results).toHaveLength(expected.length);
    results.forEach((result, index) => {
      const wanted = expected[index];
      expect(wanted && relativeError(float32(result.data, result.shape), wanted), String(index)).toBeLessThan(1e-5);
    });
  });
});

import type { Variable } from "graft-ml";
import {
  activations,
  applications,
  constraints,
  Dataset,
  GradientTape,
  GraftError,
  ImageDataGenerator,
  initializers,
  layers,
  losses,
  metrics,
  models,
  ops,
  optimizers,
  regularizers,
  schedules,
  setDevice,
  setRandomSeed,
  Tensor,
} from "graft-ml";
import { platform } from "../src/models/platform.js";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { OperationRow } from "../src/nn/operations/operation.js";
import { methodOptions } from "../src/models/option-names.js";
import { optionNames, publicClasses, publicFunctions, requiredOptions } from "./support/public-surface.js";

beforeAll(() => {
  // Where wrong arguments are taken for none, defaults hold: nothing is to be left in the folder that the tests run in.
  vi.spyOn(platform(), "writeFile").mockResolvedValue();
  // Data sets are not to be downloaded, either.
  vi.stubEnv("HTTPS_PROXY", "http://127.0.0.1:1");
  vi.stubEnv("HF_HUB_OFFLINE", "1");
});

/* Whatever is given where something else was expected: errors say it. A plain TypeError is a mistake of Graft's. */

const symbolic = layers.Input({ shape: [4] });

/** What JavaScript lets through. */
const wrong: readonly (readonly [name: string, value: unknown])[] = [
  ["undefined", undefined],
  ["null", null],
  ["NaN", Number.NaN],
  ["-1", -1],
  ["1.5", 1.5],
  ["a text", "text"],
  ["an empty text", ""],
  ["true", true],
  ["{}", {}],
  ["[]", []],
  ["[null]", [null]],
  ["[[1, 2]]", [[1, 2]]],
  ["a tensor", new Tensor("float32", [1, 2], [1, 2])],
  ["a function", () => undefined],
  ["a symbolic tensor", symbolic],
  ["a BigInt", 3n],
];

const unhandled: unknown[] = [];
const note = (error: unknown): void => void unhandled.push(error);
process.on("unhandledRejection", note);
afterAll(() => {
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});

/** What went wrong that no error of Graft says, one line each. */
async function strangeErrors(calls: readonly (readonly [what: string, call: () => unknown])[]): Promise<string[]> {
  const found: string[] = [];
  for (const [what, call] of calls) {
    try {
      await call();
    } catch (error) {
      if (!(error instanceof GraftError)) found.push(`${what}: ${String(error)}`);
    }
  }
  return found;
}

/** Calls with each wrong value in each place of the right arguments. */
function everyWrong(
  what: string,
  right: readonly unknown[],
  call: (...given: unknown[]) => unknown,
  values = wrong,
): (readonly [string, () => unknown])[] {
  return right.flatMap((_, place) =>
    values.map(([name, value]) => {
      const given = right.map((argument, index) => (index === place ? value : argument));
      return [`${what}(${name} as argument ${place + 1})`, () => call(...given)] as const;
    }),
  );
}

describe("constructors", () => {
  it.each(publicClasses().map((one) => [one.path, one] as const))("of %s", async (_, one) => {
    const options = requiredOptions(one);
    const { positional = [] } = one.Class;
    const byPosition = [...positional.map((name) => options[name]), {}];
    const use = (made: unknown): void => {
      if (!(made instanceof layers.Layer)) return;
      const shape = made instanceof models.BaseModel ? undefined : [[8, 8, 3], [4]];
      for (const extents of shape ?? []) {
        // Only what goes wrong inside counts.
        try {
          made.apply(layers.Input({ shape: extents }));
          return;
        } catch (error) {
          if (!(error instanceof GraftError)) throw error;
        }
      }
    };
    const calls = [
      ...everyWrong(
        one.path,
        byPosition,
        (...given) => {
          use(new one.Class(...given));
        },
        one.path === "layers.Activation" ? wrong.filter(([value]) => value !== "a function") : wrong,
      ),
      ...optionNames(one.Class).flatMap((name) =>
        // What an own activation gives shows when it is called; its test is with own layers.
        wrong
          .filter(([value]) => name !== "activation" || value !== "a function")
          .map(
            ([value, given]) =>
              [
                `${one.path}({ ${name}: ${value} })`,
                () => {
                  use(new one.Class({ ...options, [name]: given }));
                },
              ] as const,
          ),
      ),
    ];
    expect(await strangeErrors(calls)).toEqual([]);
  });
});

/** Right arguments of each public function, as far as wrong ones are worth a try. */
const functions: Readonly<Record<string, readonly unknown[]>> = {
  "applications.VGG16": [{ weights: null, includeTop: false, inputShape: [32, 32, 3] }],
  "applications.fromHub": ["owner/name", {}, () => undefined],
  "layers.Input": [{ shape: [4] }],
  "layers.deserializeLayer": [{ class_name: "Flatten", config: {} }],
  "layers.add": [[symbolic, symbolic]],
  "layers.average": [[symbolic, symbolic]],
  "layers.concatenate": [[symbolic, symbolic], {}],
  "layers.dot": [[symbolic, symbolic], 1, {}],
  "layers.maximum": [[symbolic, symbolic]],
  "layers.minimum": [[symbolic, symbolic]],
  "layers.multiply": [[symbolic, symbolic]],
  "layers.subtract": [[symbolic, symbolic]],
  "losses.resolveLoss": ["mse"],
  "metrics.resolveMetric": ["mse", undefined, ["N", 1]],
  "optimizers.resolveOptimizer": ["sgd"],
  "regularizers.resolveRegularizer": ["l2"],
  "schedules.resolveSchedule": [{ class_name: "ExponentialDecay", config: {} }],
  "initializers.resolveInitializer": ["zeros"],
  "constraints.resolveConstraint": ["non_neg"],
  "activations.resolveActivation": ["relu"],
  "losses.get": ["mse"],
  "losses.serialize": [new losses.Huber()],
  "losses.deserialize": ["mse"],
  "optimizers.get": ["sgd"],
  "optimizers.serialize": [new optimizers.SGD()],
  "optimizers.deserialize": ["sgd"],
  "schedules.serialize": [new schedules.InverseTimeDecay(0.1, 1, 0.5)],
  "schedules.deserialize": [{ class_name: "ExponentialDecay", config: {} }],
  "initializers.get": ["zeros"],
  "initializers.serialize": [new initializers.Zeros()],
  "initializers.deserialize": ["zeros"],
  "regularizers.get": ["l2"],
  "regularizers.serialize": [new regularizers.L2()],
  "regularizers.deserialize": ["l2"],
  "constraints.get": ["non_neg"],
  "constraints.serialize": [new constraints.NonNeg()],
  "constraints.deserialize": ["non_neg"],
  "activations.get": ["relu"],
  "activations.serialize": [activations.relu],
  "activations.deserialize": ["relu"],
  "models.loadModel": ["none.keras", {}],
  "models.cloneModel": [new models.Sequential([layers.Input({ shape: [2] }), new layers.Dense(1)]), {}],
  "models.modelFromJson": ["{}", {}],
  "models.saveModel": [new models.Sequential([layers.Input({ shape: [2] })]), "none/model.onnx"],
  "saving.loadModel": ["none.keras", {}],
  "saving.saveModel": [new models.Sequential([layers.Input({ shape: [2] })]), "none/model.onnx"],
  "saving.saveWeights": [new models.Sequential([layers.Input({ shape: [2] })]), "none/model.onnx"],
  "saving.loadWeights": [new models.Sequential([layers.Input({ shape: [2] })]), "none.h5", {}],
  "saving.getCustomObjects": [],
  "layers.serialize": [new layers.Flatten()],
  "layers.deserialize": [{ class_name: "Flatten", config: {} }, {}],
  "plots.curvesSvg": [[], {}],
  "plots.historyPlots": [{ loss: [1] }],
  "plots.learningRateSvg": [{ rates: [1e-3, 1e-2], losses: [2, 1], smoothed: [2, 1.5] }],
  diagnose: [{ loss: [1] }, {}],
  explain: [
    new models.Sequential([layers.Input({ shape: [2, 2, 3] }), new layers.Flatten(), new layers.Dense(2)]),
    new Tensor("float32", new Float32Array(12), [2, 2, 3]),
    {},
  ],
  imageDatasetFromDirectory: ["none", {}],
  "utils.imageDatasetFromDirectory": ["none", {}],
  setRandomSeed: [1],
  "utils.setRandomSeed": [1],
  "utils.loadImg": ["none.png", {}],
  "utils.imgToArray": [{}, {}],
  "utils.arrayToImg": [new Tensor("float32", new Float32Array(12), [2, 2, 3]), {}],
  "utils.saveImg": ["none/none.xyz", new Tensor("float32", new Float32Array(12), [2, 2, 3]), {}],
  "utils.getFile": [{ origin: "http://127.0.0.1:1/" }],
  "datasets.mnist.loadData": [{ path: "none.npz" }],
  "datasets.fashionMnist.loadData": [{}],
  "datasets.cifar10.loadData": [{}],
  "datasets.cifar100.loadData": [{ labelMode: "fine" }],
  "utils.toCategorical": [[0, 1], {}],
  "utils.classWeights": [[0, 1]],
  "utils.normalize": [[1, 2], {}],
  "utils.splitDataset": [[1, 2, 3], { leftSize: 1 }],
  "utils.plotModel": [new models.Sequential([layers.Input({ shape: [2] })]), {}],
  "recipes.fineTune": ["none", {}],
  "recipes.fitHead": ["none", {}],
  "recipes.fitHeadWithViews": [{}, {}],
  "recipes.trainLastStage": [{}, {}],
  "recipes.trainTwoStages": [{}, {}],
  "utils.clearSession": [],
  "utils.findLearningRate": [compiled(), new Tensor("float32", [1, 2], [1, 2]), { steps: 2 }],
  "utils.interpolateWeights": [[new Tensor("float32", [1], [1])], [new Tensor("float32", [2], [1])], 0.5],
  "utils.setRatesByDepth": [
    new models.Sequential([layers.Input({ shape: [2] }), new layers.Dense(1)]),
    { lowest: 0.1 },
  ],
  "backend.clearSession": [],
  "backend.epsilon": [],
  "backend.floatx": [],
  "backend.imageDataFormat": [],
  "saving.getRegisteredName": [() => undefined],
  "saving.getRegisteredObject": ["Custom>none"],
  "saving.registerKerasSerializable": ["Custom", "Name"],
  availableDevices: [],
  "random.normal": [[2], {}],
  "random.truncatedNormal": [[2], 0, 1, "float32", 3],
  "random.uniform": [[2], 0, 1, "float32", 3],
  "random.randint": [[2], 0, 4, {}],
  "random.gamma": [[2], 1, "float32", 3],
  "random.beta": [[2], 1, 1, {}],
  "random.binomial": [[2], 3, 0.5, {}],
  "random.dropout": [new Tensor("float32", [1, 2], [1, 2]), 0.5, [1, 2], 3],
  "random.categorical": [new Tensor("float32", [1, 2], [1, 2]), 2, "int32", 3],
  "random.shuffle": [new Tensor("float32", [1, 2], [1, 2]), 1, 3],
};

/**
 * They write graphs, and take what the inside of graphs is made of; `setDevice` tries all devices each time; pretrained networks are
 * one function in all.
 */
const inner = /^optimizers\.updateAll$|^setDevice$|^applications\.(?!(VGG16|fromHub)$)/;

/** Whether a function is one of `ops`, which know their arguments themselves. */
function isOperation(call: unknown): call is { readonly row: OperationRow } {
  return typeof call === "function" && "row" in call;
}

const pair = new Tensor("float32", [0.2, 0.8], [1, 2]);

/** Right arguments of a function: activations and losses have all the same. */
function rightArguments(path: string): readonly unknown[] | undefined {
  // A second name of the namespace.
  if (path.startsWith("optimizers.schedules.")) return rightArguments(path.slice("optimizers.".length));
  if (Object.hasOwn(functions, path)) return functions[path];
  if (path.startsWith("activations.")) return [pair, {}];
  if (path.startsWith("losses.")) return [pair, pair, {}];
  // Functions that make an object without new.
  if (/^(regularizers|constraints)\./.test(path)) return [1, 1];
  if (path.startsWith("initializers.")) return [{}];
  return Object.hasOwn(ofOps, path) ? ofOps[path] : undefined;
}

/** Functions of `ops` that make arrays, or say something of tensors. */
const ofOps: Readonly<Record<string, readonly unknown[]>> = {
  "ops.zeros": [[2], "float32"],
  "ops.ones": [[2], "float32"],
  "ops.full": [[2], 1, "float32"],
  "ops.arange": [0, 3, 1, "float32"],
  "ops.linspace": [0, 1, 3],
  "ops.eye": [2, 2, "float32"],
  "ops.convertToTensor": [[1, 2], "float32"],
  "ops.range": [0, 2, 1],
  "ops.shape": [pair],
  "ops.ndim": [pair],
};

describe("functions", () => {
  const known = publicFunctions().filter(
    ({ path, call }) => !inner.test(path) && (path.startsWith("activations.") || !isOperation(call)),
  );

  it("are all in the table", () => {
    expect(known.map(({ path }) => path).filter((path) => rightArguments(path) === undefined)).toEqual([]);
  });

  it.each(known.map((one) => [one.path, one] as const))("%s", async (path, { call }) => {
    // Without options VGG16 has weights, which are downloaded.
    const values = path === "applications.VGG16" ? wrong.filter(([, value]) => value !== undefined) : wrong;
    const calls = everyWrong(
      path,
      rightArguments(path) ?? [],
      call,
      path === "applications.VGG16" ? values.filter(([name]) => name !== "{}") : values,
    );
    try {
      expect(await strangeErrors(calls)).toEqual([]);
    } finally {
      setRandomSeed(0);
      await setDevice("cpu");
    }
  });
});

const images = layers.Input({ shape: [4, 4, 3] });
const pixels = new Tensor("float32", new Float32Array(48), [1, 4, 4, 3]);

describe("functions of ops", () => {
  const known = Object.entries({ ...ops, ...ops.image }).flatMap(([name, call]) =>
    isOperation(call) ? [[name, call as unknown as ((...given: unknown[]) => unknown) & typeof call] as const] : [],
  );

  it.each(known)("%s", async (name, call) => {
    const { row } = call;
    const needed = Object.fromEntries(
      Object.entries(row.options).flatMap(([option, value]) => (value === undefined ? [[option, 1]] : [])),
    );
    const calls = [images, symbolic, pixels, pair].flatMap((x) => {
      const right = row.call.map(() => (row.isVariadic === true ? [x, x] : x));
      return [
        ...everyWrong(name, right, (...given) => call(...given, needed)),
        ...Object.keys(row.options).flatMap((option) =>
          wrong.map(
            ([value, given]) =>
              [`${name}({ ${option}: ${value} })`, () => call(...right, { ...needed, [option]: given })] as const,
          ),
        ),
      ];
    });
    expect(await strangeErrors(calls)).toEqual([]);
  });
});

function compiled(): models.Sequential {
  const model = new models.Sequential([layers.Input({ shape: [2] }), new layers.Dense(1)]);
  model.compile({ optimizer: "sgd", loss: "mse" });
  return model;
}

const x = new Tensor("float32", [1, 2, 3, 4], [2, 2]);
const y = new Tensor("float32", [1, 2], [2, 1]);
const photos = new Tensor("float32", new Float32Array(2 * 8 * 8 * 3), [2, 8, 8, 3]);

const rows = new Tensor("float32", new Float32Array(6), [1, 3, 2]);
const weight: Variable = new layers.Dense(3).addWeight({ shape: [2] });

/** The first elements, for much happens only when they are asked for. */
async function some(dataset: AsyncIterable<unknown>): Promise<void> {
  let count = 0;
  const elements = dataset[Symbol.asyncIterator]();
  while (count++ < 3 && (await elements.next()).done !== true);
}

/** Objects, and right arguments of each of their methods. */
const methods: readonly (readonly [string, () => object, Readonly<Record<string, readonly unknown[]>>])[] = [
  [
    "a model",
    compiled,
    {
      compile: [{}],
      trainOnBatch: [x, y, {}],
      testOnBatch: [x, y, {}],
      predictOnBatch: [x],
      getLayer: ["dense"],
      toJson: [{}],
      summary: [{ lineLength: 80 }],
      save: ["none/model.onnx"],
      saveWeights: ["none/model.onnx"],
      export: ["none/model.keras"],
      loadWeights: ["none.h5", {}],
      setWeights: [[]],
      add: [new layers.Flatten()],
      apply: [x, {}],
      applyAll: [[x], {}],
      build: [[null, 2]],
      pop: [],
      computeOutputShapes: [[["N", 2]]],
      ensureBuilt: [[["N", 2]]],
    },
  ],
  [
    "a layer",
    () => new layers.Dense(3),
    {
      setWeights: [[]],
      computeOutputShapes: [[["N", 2]]],
      computeOutputShape: [[null, 2]],
      ensureBuilt: [[["N", 2]]],
      apply: [symbolic, {}],
      applyAll: [[symbolic], {}],
      build: [[null, 2]],
      addWeight: [{ shape: [2] }],
      addLoss: [symbolic],
    },
  ],
  ["a layer that is called on arrays", () => new layers.Dense(3), { apply: [x, {}], applyAll: [[x], {}] }],
  ["attention", () => new layers.MultiHeadAttention(2, 2), { apply: [[rows, rows], {}], applyAll: [[rows, rows], {}] }],
  [
    "a merging layer",
    () => new layers.Concatenate(),
    {
      apply: [[x, x], {}],
      build: [
        [
          [null, 2],
          [null, 2],
        ],
      ],
    },
  ],
  ["a weight", () => new layers.Dense(3).addWeight({ shape: [2] }), { assign: [new Tensor("float32", [1, 2], [2])] }],
  [
    "an optimizer",
    () => new optimizers.SGD(0.1),
    {
      apply: [[new Tensor("float32", [1, 2], [2])], [weight]],
      applyGradients: [[[new Tensor("float32", [1, 2], [2]), weight]]],
    },
  ],
  ["a loss", () => new losses.MeanSquaredError(), { apply: [pair, pair, new Tensor("float32", [1], [1])] }],
  [
    "a loss of classes",
    () => new losses.SparseCategoricalCrossentropy(),
    { apply: [new Tensor("float32", [1], [1]), pair, new Tensor("float32", [1], [1])] },
  ],
  [
    "a metric",
    () => new metrics.BinaryAccuracy(),
    { updateState: [pair, pair, new Tensor("float32", [1, 1], [1, 2])], result: [], resetState: [] },
  ],
  ["an initializer", () => new initializers.RandomNormal(), { apply: [[2, 3]] }],
  ["a regularizer", () => new regularizers.L2(0.1), { apply: [pair] }],
  ["a constraint", () => new constraints.MaxNorm(2), { apply: [pair] }],
  ["an AUC", () => new metrics.AUC(), { updateState: [pair, pair] }],
  ["a mean", () => new metrics.Mean(), { updateState: [pair, pair] }],
  ["a tape", () => new GradientTape(), { watch: [x], gradient: [symbolic, [symbolic], {}], evaluate: [[symbolic]] }],
  [
    "Dataset",
    () => ({
      fromTensorSlices: (given: unknown) => some(Dataset.fromTensorSlices(given)),
      fromTensors: (given: never) => some(Dataset.fromTensors(given)),
      fromGenerator: (given: never) => some(Dataset.fromGenerator(given)),
      fromElements: (given: never) => some(Dataset.fromElements(given)),
      listFiles: (given: never, options: never) => Promise.resolve(Dataset.listFiles(given, options)).then(some),
      range: (...given: [never, never, never]) => some(Dataset.range(...given)),
      zip: (...given: never[]) => some(Dataset.zip(...given)),
    }),
    {
      fromTensorSlices: [x],
      fromTensors: [x],
      fromGenerator: [() => [[x, y]]],
      fromElements: [[1, 2]],
      listFiles: ["none/*", {}],
      range: [0, 4, 1],
      zip: [Dataset.range(3), Dataset.range(3)],
    },
  ],
  [
    "a Dataset",
    () => {
      const dataset = Dataset.fromTensorSlices([x, y]) as unknown as Readonly<
        Record<string, (...given: unknown[]) => unknown>
      >;
      return new Proxy(dataset, {
        get:
          (_, name) =>
          (...given: unknown[]) => {
            const made = dataset[String(name)]?.(...given);
            return made instanceof Dataset ? some(made) : made;
          },
      });
    },
    {
      take: [1],
      skip: [1],
      map: [(a: unknown, b: unknown) => [a, b], {}],
      filter: [() => true],
      batch: [2, {}],
      shuffle: [2, {}],
      repeat: [2],
      cache: [],
      prefetch: [1],
      concatenate: [Dataset.fromTensorSlices([x, y])],
      enumerate: [0],
      shard: [2, 0],
      apply: [(dataset: unknown) => dataset],
      reduce: [0, (state: unknown) => state],
      takeWhile: [() => true],
      unique: [],
      rebatch: [2, {}],
      interleave: [() => Dataset.range(2), {}],
      asNumpyIterator: [],
    },
  ],
  [
    "Dataset itself",
    () => Dataset,
    {
      fromTensorSlices: [[x, y]],
      fromTensors: [[x, y]],
      fromGenerator: [() => [1, 2]],
      listFiles: ["*", {}],
      range: [0, 3, 1],
      zip: [Dataset.range(2), Dataset.range(2)],
      counter: [{}],
      fromElements: [[1, 2]],
      sampleFromDatasets: [[Dataset.range(2)], {}],
    },
  ],
  ["a flow", () => new ImageDataGenerator().flow(photos, y, { batchSize: 1 }), { at: [0], getItem: [0], next: [] }],
  [
    "an ImageDataGenerator",
    () => new ImageDataGenerator({ rotationRange: 3 }),
    {
      flow: [photos, y, {}],
      flowFromDirectory: ["none", {}],
      flowFromDataframe: [[{ filename: "a.png", class: "a" }], {}],
      fit: [photos, {}],
      getRandomTransform: [[8, 8, 3], 1],
      applyTransform: [new Tensor("float32", new Float32Array(8 * 8 * 3), [8, 8, 3]), {}],
      randomTransform: [new Tensor("float32", new Float32Array(8 * 8 * 3), [8, 8, 3]), 1],
      standardize: [photos],
    },
  ],
  ["a Normalization", () => new layers.Normalization(), { adapt: [x, {}] }],
  [
    "vgg16",
    () => applications.vgg16,
    { preprocessInput: [photos, {}], decodePredictions: [new Tensor("float32", new Float32Array(1000), [1, 1000]), 3] },
  ],
];

/** Functions that take options, as right ones. */
const optionsOf: readonly (readonly [name: string, call: (options: object) => unknown, options: readonly string[]])[] =
  [
    ["vgg16.preprocessInput", (options) => applications.vgg16.preprocessInput(photos, options), ["dataFormat"]],
    [
      "imagenetUtils.preprocessInput",
      (options) => applications.imagenetUtils.preprocessInput(photos, options),
      ["dataFormat", "mode"],
    ],
  ];

describe("options of functions", () => {
  it.each(optionsOf)("%s", async (name, call, options) => {
    const calls = options.flatMap((option) =>
      wrong.map(([value, given]) => [`${name}({ ${option}: ${value} })`, () => call({ [option]: given })] as const),
    );
    expect(await strangeErrors(calls)).toEqual([]);
    expect(() => call({ bogus: 1 })).toThrow(/no option "bogus"/);
    expect(() => call({ dataFormat: "channels_first" })).toThrow(/channels_last/);
  });
});

describe("methods", () => {
  it.each(
    methods.flatMap(([owner, make, table]) =>
      Object.entries(table).map(([method, right]) => [owner, method, make, right] as const),
    ),
  )("of %s: %s", async (owner, method, make, right) => {
    const calls = everyWrong(`${owner}.${method}`, right, (...given) => {
      const object = make() as Readonly<Record<string, (...given: unknown[]) => unknown>>;
      return object[method]?.(...given);
    });
    expect(await strangeErrors(calls)).toEqual([]);
  });

  it.each(["compile", "fit", "evaluate", "predict"] as const)("options of %s", async (method) => {
    // Sources of samples have a test of their own.
    const calls = methodOptions[method]
      .filter((name) => name !== "y" && name !== "validationData")
      .flatMap((name) =>
        wrong.map(
          ([value, given]) =>
            [
              `${method}({ ${name}: ${value} })`,
              async () => {
                const model = compiled();
                const options = {
                  ...(method === "fit" || method === "evaluate" ? { y } : {}),
                  verbose: 0,
                  [name]: given,
                };
                if (method === "compile") {
                  model.compile({ optimizer: "sgd", loss: "mse", [name]: given });
                  await model.trainOnBatch(x, y);
                } else if (method === "fit") await model.fit(x, options as object);
                else if (method === "evaluate") await model.evaluate(x, options as object);
                else await model.predict(x, options);
              },
            ] as const,
        ),
      );
    expect(await strangeErrors(calls)).toEqual([]);
  });
});

import {
  applications,
  GraftError,
  ImageDataGenerator,
  layers,
  models,
  setDevice,
  setRandomSeed,
  Tensor,
} from "graft-ml";
import { afterAll, describe, expect, it } from "vitest";
import { methodOptions } from "../src/models/option-names.js";
import { optionNames, publicClasses, publicFunctions, requiredOptions } from "./support/public-surface.js";

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
              [`${one.path}({ ${name}: ${value} })`, () => use(new one.Class({ ...options, [name]: given }))] as const,
          ),
      ),
    ];
    expect(await strangeErrors(calls)).toEqual([]);
  });
});

/** Right arguments of each public function, as far as wrong ones are worth a try. */
const functions: Readonly<Record<string, readonly unknown[]>> = {
  "applications.VGG16": [{ weights: null, includeTop: false, inputShape: [32, 32, 3] }],
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
  "models.loadModel": ["none.keras", {}],
  "plots.curvesSvg": [[], {}],
  "plots.historyPlots": [{ loss: [1] }],
  imageDatasetFromDirectory: ["none", {}],
  setRandomSeed: [1],
  "utils.setRandomSeed": [1],
  "utils.loadImg": ["none.png", {}],
  "utils.imgToArray": [{}, {}],
  "utils.arrayToImg": [new Tensor("float32", new Float32Array(12), [2, 2, 3]), {}],
  "utils.saveImg": ["none/none.xyz", new Tensor("float32", new Float32Array(12), [2, 2, 3]), {}],
  "utils.getFile": [{ origin: "http://127.0.0.1:1/" }],
  "utils.toCategorical": [[0, 1], {}],
  "utils.normalize": [[1, 2], {}],
  "utils.splitDataset": [[1, 2, 3], { leftSize: 1 }],
  availableDevices: [],
};

/** They write graphs, and take what the inside of graphs is made of; `setDevice` tries all devices each time. */
const inner = /^activations\.|^optimizers\.updateAll$|^setDevice$/;

describe("functions", () => {
  const known = publicFunctions().filter(({ path }) => !inner.test(path) || path in functions);

  it("are all in the table", () => {
    expect(known.map(({ path }) => path).filter((path) => !(path in functions))).toEqual([]);
  });

  it.each(known.map((one) => [one.path, one] as const))("%s", async (path, { call }) => {
    // Without options VGG16 has weights, which are downloaded.
    const values = path === "applications.VGG16" ? wrong.filter(([, value]) => value !== undefined) : wrong;
    const calls = everyWrong(
      path,
      functions[path] ?? [],
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

function compiled(): models.Sequential {
  const model = new models.Sequential([layers.Input({ shape: [2] }), new layers.Dense(1)]);
  model.compile({ optimizer: "sgd", loss: "mse" });
  return model;
}

const x = new Tensor("float32", [1, 2, 3, 4], [2, 2]);
const y = new Tensor("float32", [1, 2], [2, 1]);
const photos = new Tensor("float32", new Float32Array(2 * 8 * 8 * 3), [2, 8, 8, 3]);

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
      summary: [() => undefined],
      save: ["none/model.onnx"],
      saveWeights: ["none/model.onnx"],
      export: ["none/model.keras"],
      loadWeights: ["none.h5", {}],
      setWeights: [[]],
      add: [new layers.Flatten()],
      computeOutputShapes: [[["N", 2]]],
      ensureBuilt: [[["N", 2]]],
    },
  ],
  [
    "a layer",
    () => new layers.Dense(3),
    { setWeights: [[]], computeOutputShapes: [[["N", 2]]], ensureBuilt: [[["N", 2]]] },
  ],
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
    { preprocessInput: [photos], decodePredictions: [new Tensor("float32", new Float32Array(1000), [1, 1000]), 3] },
  ],
];

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
                  model.compile({ optimizer: "sgd", loss: "mse", [name]: given } as object);
                  await model.trainOnBatch(x, y);
                } else if (method === "fit") await model.fit(x, options as object);
                else if (method === "evaluate") await model.evaluate(x, options as object);
                else await model.predict(x, options as object);
              },
            ] as const,
        ),
      );
    expect(await strangeErrors(calls)).toEqual([]);
  });
});

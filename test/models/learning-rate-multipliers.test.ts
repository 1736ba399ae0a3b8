import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { GradientTape, layers, models, optimizers, type StepData, type StepLogs, utils } from "graft-ml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromTensor, toTensor } from "../../src/runtime/runtime.js";
import { kerasPython, runPython } from "../support/keras-python.js";
import { type GoldenTensor, relativeError } from "../support/nn-graph.js";
import { wave, waveWeights } from "../support/wave.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-multipliers-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** A backbone that learns slowly but for one layer, and a head. */
function model(): models.Sequential {
  const base = new models.Sequential(
    [
      layers.Input({ shape: [4] }),
      new layers.Dense(3, { name: "slow" }),
      new layers.Dense(3, { name: "normal" }),
      new layers.Dense(3, { name: "fast" }),
    ],
    { name: "base" },
  );
  const outer = new models.Sequential([layers.Input({ shape: [4] }), base, new layers.Dense(1, { name: "head" })], {
    name: "outer",
  });
  waveWeights(outer);
  base.learningRateMultiplier = 0.1;
  base.getLayer("normal").learningRateMultiplier = 1;
  base.getLayer("fast").learningRateMultiplier = 3;
  outer.compile({ optimizer: new optimizers.SGD(0.1), loss: "mse" });
  return outer;
}

function multipliers(outer: models.BaseModel): readonly number[] {
  return outer.weights.map(({ learningRateMultiplier }) => learningRateMultiplier);
}

const path = (): string => join(folder, "model.keras");

describe("factors of the learning rate", () => {
  it("come back from a .keras file, and count in training", async () => {
    const before = model();
    await before.save(path());
    const after = await models.loadModel(path());
    expect(multipliers(before)).toEqual([0.1, 0.1, 1, 1, 3, 3, 1, 1]);
    expect(multipliers(after)).toEqual(multipliers(before));
    expect(after.getLayer("base").learningRateMultiplier).toBe(0.1);
    const [x, y] = [toTensor(wave([5, 4], 1)), toTensor(wave([5, 1], 2))];
    for (const one of [before, after]) await one.trainOnBatch(x, y);
    after.weights.forEach(({ value }, index) => {
      expect(value.data).toEqual(before.weights[index]?.value.data);
    });
  });

  it("are nothing where all are 1, and an error where they are no numbers", async () => {
    const plain = new models.Sequential([layers.Input({ shape: [2] }), new layers.Dense(1)]);
    await plain.save(join(folder, "plain.keras"));
    const config = async (file: string): Promise<string> =>
      strFromU8(unzipSync(await readFile(join(folder, file)))["config.json"] ?? new Uint8Array());
    expect(await config("plain.keras")).not.toContain("graft");
    await model().save(path());
    const members = unzipSync(await readFile(path()));
    const broken = (await config("model.keras")).replace('"base/fast": 3', '"base/fast": -3');
    await writeFile(join(folder, "broken.keras"), zipSync({ ...members, "config.json": strToU8(broken) }));
    await expect(models.loadModel(join(folder, "broken.keras"))).rejects.toThrow(/broken.keras.*learning rate/);
  });
});

/** A dense layer's weights after three steps of an optimizer. */
async function trained(
  optimizer: optimizers.Optimizer,
  multiplier: number,
  train: (model: models.Sequential) => Promise<unknown>,
  Class: typeof models.Sequential = models.Sequential,
): Promise<readonly number[]> {
  const dense = new layers.Dense(3, { name: "dense" });
  const one = new Class([layers.Input({ shape: [4] }), dense]);
  waveWeights(one);
  dense.learningRateMultiplier = multiplier;
  one.compile({ optimizer, loss: "mse" });
  await train(one);
  return one.weights.flatMap(({ value }) => [...value.data]);
}

const x = toTensor(wave([6, 4], 1));
const y = toTensor(wave([6, 3], 2));

const ways: Readonly<Record<string, (model: models.Sequential) => Promise<unknown>>> = {
  fit: (one) => one.fit(x, { y, epochs: 3, batchSize: 6, verbose: 0 }),
  trainOnBatch: async (one) => {
    for (let step = 0; step < 3; step++) await one.trainOnBatch(x, y);
  },
};

/** A model whose step is the user's own. */
class Own extends models.Sequential {
  static override readonly className: string = "Own";
  override trainStep([images, y]: StepData): StepLogs {
    const tape = new GradientTape();
    const loss = this.computeLoss({ y, yPred: this.apply(images, { training: true }) });
    void this.optimizer.apply(tape.gradient(loss, this.trainableWeights), this.trainableWeights);
    return { loss };
  }
}

/** All whose steps are proportional to the rate; Adafactor's and Ftrl's rate has other work, too. */
const methods: Readonly<Record<string, new (options: optimizers.OptimizerOptions) => optimizers.Optimizer>> = {
  SGD: optimizers.SGD,
  RMSprop: optimizers.RMSprop,
  Adam: optimizers.Adam,
  AdamW: optimizers.AdamW,
  Adagrad: optimizers.Adagrad,
  Adadelta: optimizers.Adadelta,
  Adamax: optimizers.Adamax,
  Nadam: optimizers.Nadam,
  Lion: optimizers.Lion,
};

describe("a factor of 0.1 is a rate of a tenth", () => {
  it.each(Object.entries(methods))("for %s with weight decay, in fit and in trainOnBatch", async (_, Method) => {
    const make = (learningRate: number): optimizers.Optimizer =>
      new Method({ learningRate, weightDecay: 0.1, useEma: true });
    for (const way of Object.values(ways)) {
      const [slow, factor, fast] = [
        await trained(make(0.005), 1, way),
        await trained(make(0.05), 0.1, way),
        await trained(make(0.05), 1, way),
      ];
      factor.forEach((value, index) => {
        expect(value).toBeCloseTo(slow[index] ?? NaN, 6);
      });
      expect(Math.max(...fast.map((value, index) => Math.abs(value - (slow[index] ?? NaN))))).toBeGreaterThan(1e-3);
    }
  });

  it("in steps of a user's own", async () => {
    const way = ways["fit"] ?? ways["trainOnBatch"];
    if (way === undefined) throw new Error("there is a way");
    const [slow, factor] = [
      await trained(new optimizers.AdamW(0.005), 1, way, Own),
      await trained(new optimizers.AdamW(0.05), 0.1, way, Own),
    ];
    factor.forEach((value, index) => {
      expect(value).toBeCloseTo(slow[index] ?? NaN, 6);
    });
  });
});

describe("setRatesByDepth", () => {
  const rounded = (outer: models.BaseModel): readonly number[] =>
    multipliers(outer).map((value) => Number(value.toPrecision(4)));

  it("rises by the same ratio from the first layer to the last, those of inner models in their places", () => {
    const outer = model();
    expect(utils.setRatesByDepth(outer, { lowest: 0.001 })).toBe(4);
    expect(rounded(outer)).toEqual([0.001, 0.001, 0.01, 0.01, 0.1, 0.1, 1, 1]);
    const base = outer.getLayer("base");
    if (!(base instanceof models.Sequential)) throw new Error("there is a base");
    utils.setRatesByDepth(base, { decay: 0.5, highest: 0.2 });
    expect(rounded(outer)).toEqual([0.05, 0.05, 0.1, 0.1, 0.2, 0.2, 1, 1]);
  });

  it("lets a normalization learn as fast as the layer before it, and a frozen layer count", () => {
    const row = new models.Sequential([
      layers.Input({ shape: [4, 4, 3] }),
      new layers.Rescaling(2),
      new layers.BatchNormalization(),
      new layers.Conv2D(2, 3, { useBias: false, trainable: false }),
      new layers.BatchNormalization(),
      new layers.DepthwiseConv2D(2, { useBias: false }),
    ]);
    expect(utils.setRatesByDepth(row, { decay: 0.5 })).toBe(2);
    const kinds = row.layers.map((layer) => layer.learningRateMultiplier);
    expect(kinds.slice(-5)).toEqual([1, 0.5, 0.5, 0.5, 1]);
  });

  it("refuses what it cannot do", () => {
    expect(() => utils.setRatesByDepth(model(), {})).toThrow(/one of lowest/);
    expect(() => utils.setRatesByDepth(model(), { lowest: 0.1, decay: 0.1 })).toThrow(/both/);
    expect(() => utils.setRatesByDepth(model(), { lowest: 0 })).toThrow(/lowest/);
    expect(() => utils.setRatesByDepth(new models.Sequential(), { lowest: 0.1 })).toThrow(/Input/);
  });
});

const python = await kerasPython();

const script = `
import json, os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
import keras, numpy as np
model = keras.models.load_model(sys.argv[1])
index = np.arange(20, dtype=np.float64)
y = np.asarray(model(np.sin(12.9898 * index + 78.233).reshape(5, 4).astype(np.float32)))
print("RESULT" + json.dumps({"shape": list(y.shape), "data": y.astype(float).ravel().tolist()}))
`;

describe.skipIf(python === undefined)("Keras", () => {
  it("loads files that have factors of the learning rate", { timeout: 120_000 }, async () => {
    const saved = model();
    await saved.save(path());
    const expected = (await runPython(python, script, [path()])) as GoldenTensor;
    const actual = fromTensor(await saved.predictOnBatch(toTensor(wave([5, 4], 1))));
    expect(relativeError(actual, expected)).toBeLessThan(1e-4);
  });
});

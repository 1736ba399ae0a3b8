import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { layers, models, optimizers } from "graft-ml";
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

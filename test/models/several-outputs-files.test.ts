import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { models } from "graft-ml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readGoldenArchive } from "../support/golden.js";
import { kerasPython, runPython } from "../support/keras-python.js";
import { type GoldenTensor, relativeError } from "../support/nn-graph.js";
import { batches, type Logs, severalOutputs } from "../support/two-by-two.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-several-"));
  const archive = await readGoldenArchive("several-outputs.zip");
  for (const [name, bytes] of Object.entries(archive)) await writeFile(join(folder, name), bytes);
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const names = Object.keys(severalOutputs.cases);

/** Further steps of a case give certain figures and weights. */
async function expectGoesOn(
  model: models.BaseModel,
  name: string,
  { logs, weights }: { readonly logs: readonly Logs[]; readonly weights: readonly GoldenTensor[] },
): Promise<void> {
  for (const [step, expected] of logs.entries()) {
    const samples = batches[name]?.(6, step);
    if (samples === undefined) throw new Error(`There is no case "${name}".`);
    const { x, y, ...options } = samples;
    const actual = await model.trainOnBatch(x, y, options);
    expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
    for (const [key, value] of Object.entries(expected)) {
      expect(Math.abs((actual[key] ?? NaN) - value), key).toBeLessThan(1e-4 * Math.max(1, value));
    }
  }
  model.weights.forEach(({ value, path }, index) => {
    const wanted = weights[index];
    expect(wanted && relativeError(value, wanted), path).toBeLessThan(1e-3);
  });
}

describe("files of models with several outputs", () => {
  it.each(names.flatMap((name) => ["keras", "h5"].map((ending) => [`${name}.${ending}`, name] as const)))(
    "%s goes on training as in Keras, with its losses, weights and metrics",
    async (file, name) => {
      const model = await models.loadModel(join(folder, file));
      const after = severalOutputs.cases[name]?.after;
      if (after === undefined) throw new Error(`There is no case "${name}".`);
      await expectGoesOn(model, name, after);
    },
  );

  it("are written as they were read", async () => {
    for (const name of names) {
      const model = await models.loadModel(join(folder, `${name}.keras`));
      await model.save(join(folder, `again-${name}.keras`));
      const again = await models.loadModel(join(folder, `again-${name}.keras`));
      const [one, other] = [model.compiled, again.compiled];
      expect(other.losses.map(({ loss, ...others }) => [loss.getConfig(), others])).toEqual(
        one.losses.map(({ loss, ...others }) => [loss.getConfig(), others]),
      );
      expect(other.metrics.map((metric) => metric.name)).toEqual(one.metrics.map((metric) => metric.name));
    }
  });
});

const python = await kerasPython();

const script = `
import json, os, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
import keras
folder, golden, *names = sys.argv[1:]
sys.path.insert(0, golden)
import several_outputs as so
batches = {"listed": so.listed_batch, "named": so.named_batch, "oneLossForAll": so.weighted_alike,
           "kindAlone": so.kind_alone, "gradeCompared": so.both_compared}
print("RESULT" + json.dumps({name: so.go_on(keras.models.load_model(os.path.join(folder, f"graft-{name}.keras")), batches[name]) for name in names}))
`;

describe.skipIf(python === undefined)("Keras loads what Graft saves of models with several outputs", () => {
  it("and goes on training alike", { timeout: 300_000 }, async () => {
    const loaded = new Map<string, models.BaseModel>();
    for (const name of names) {
      const model = await models.loadModel(join(folder, `${name}.keras`));
      await model.save(join(folder, `graft-${name}.keras`));
      loaded.set(name, model);
    }
    const golden = fileURLToPath(new URL("../../scripts/golden", import.meta.url));
    const results = (await runPython(python, script, [folder, golden, ...names])) as Readonly<
      Record<string, { readonly logs: readonly Logs[]; readonly weights: readonly GoldenTensor[] }>
    >;
    for (const [name, model] of loaded) {
      const result = results[name];
      if (result === undefined) throw new Error(`Keras said nothing of "${name}".`);
      await expectGoesOn(model, name, result);
    }
  });
});

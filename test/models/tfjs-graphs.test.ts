import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { strFromU8, strToU8 } from "fflate";
import { models, type Tensor } from "graft-ml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fromTensor, toTensor } from "../../src/runtime/runtime.js";
import { readGolden, readGoldenArchive } from "../support/golden.js";
import { type GoldenTensor, relativeError } from "../support/nn-graph.js";
import { wave } from "../support/wave.js";

const { cases } = await readGolden<{
  readonly cases: Readonly<Record<string, { readonly outputs: readonly GoldenTensor[] }>>;
}>("tfjs-graphs.json");

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-tfjs-"));
  const archive = await readGoldenArchive("tfjs-graphs.zip");
  for (const [name, bytes] of Object.entries(archive)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

function inputsOf(model: models.BaseModel, count = 3): Tensor[] {
  return model.inputs.map(({ shape }, key) => toTensor(wave([count, ...shape.slice(1).map(Number)], 100 + key)));
}

async function predictions(model: models.BaseModel): Promise<readonly Tensor[]> {
  const output = await model.predictOnBatch<Tensor | Tensor[]>(inputsOf(model));
  return Array.isArray(output) ? output : [output];
}

/** A graph model with something changed in its JSON. */
async function edited(name: string, change: (json: string) => string): Promise<string> {
  const path = join(folder, name, "edited.json");
  await writeFile(path, strToU8(change(strFromU8(await readFile(join(folder, name, "model.json"))))));
  return path;
}

describe("graph models of TensorFlow.js", () => {
  it.each(Object.entries(cases))("compute what Keras computes: %s", async (name, { outputs }) => {
    const model = await models.loadModel(join(folder, name));
    const actual = await predictions(model);
    expect(actual).toHaveLength(outputs.length);
    // Without a signature, outputs come in the order of the graph's nodes.
    outputs.forEach((expected, index) => {
      const output = actual[index];
      expect(output && relativeError(fromTensor(output), expected), `output ${index}`).toBeLessThan(1e-4);
    });
  });

  it("have their nodes with weights as layers, which can be frozen and trained", async () => {
    const model = await models.loadModel(join(folder, "mobile", "model.json"));
    expect(model.layers.length).toBeGreaterThan(5);
    expect(model.inputShape).toEqual(["N", 9, 9, 3]);
    for (const layer of model.layers.slice(0, -2)) layer.trainable = false;
    const before = model.weights.map(({ value }) => value.data.slice());
    model.compile({ optimizer: "sgd", loss: "sparse_categorical_crossentropy" });
    const y = toTensor({ type: "float32", dims: [3], data: Float32Array.of(0, 1, 2) });
    const losses: number[] = [];
    for (let step = 0; step < 8; step++) {
      losses.push((await model.trainOnBatch(inputsOf(model), y))["loss"] ?? NaN);
    }
    expect(losses.at(-1)).toBeLessThan(losses[0] ?? NaN);
    const learned = new Set(model.trainableWeights);
    model.weights.forEach((variable, index) => {
      if (learned.has(variable)) expect(variable.value.data).not.toEqual(before[index]);
      else expect(variable.value.data).toEqual(before[index]);
    });
  });

  it("take pictures of any size where height and width are open, or 224 pixels where their numbers fit no other", async () => {
    const path = await edited("mobile", (json) => {
      const parsed = JSON.parse(json) as {
        modelTopology: { node: { op: string; attr: { shape?: { shape: { dim: { size: string }[] } } } }[] };
      };
      for (const { op, attr } of parsed.modelTopology.node) {
        const dims = op === "Placeholder" ? (attr.shape?.shape.dim ?? []) : [];
        for (const dim of dims.slice(1, 3)) dim.size = "-1";
      }
      return JSON.stringify(parsed);
    });
    const model = await models.loadModel(path);
    expect(model.inputShape).toEqual(["N", "H", "W", 3]);
    const fixed = await models.loadModel(join(folder, "mobile"));
    const [expected, actual] = [await predictions(fixed), await model.predictOnBatch(inputsOf(fixed))];
    expect(actual.data).toEqual(expected[0]?.data);
    const wide = toTensor(wave([2, 20, 33, 3], 7));
    expect((await model.predictOnBatch(wide)).dims).toEqual([2, ...actual.dims.slice(1)]);
  });

  it("can be exported as ONNX", async () => {
    const model = await models.loadModel(join(folder, "branches"));
    await model.export(join(folder, "branches.onnx"));
    expect((await readFile(join(folder, "branches.onnx"))).length).toBeGreaterThan(1000);
    await expect(model.save(join(folder, "branches.keras"))).rejects.toThrow(/layers that Keras has.*onnx/);
  });

  it.each<[string, (json: string) => string, RegExp]>([
    [
      "an operator that is not there",
      (json) => json.replace('"op":"MaxPool"', '"op":"Lstm"'),
      /\(Lstm\).*edited.json.*"Lstm"/s,
    ],
    ["a node that is missing", (json) => json.replace('"Identity:0"', '"Nowhere:0"'), /no node "Nowhere"/],
    ["channels first", (json) => json.replaceAll("TkhXQw==", "TkNIVw=="), /channels last.*NCHW/s],
  ])("are refused with %s", async (_, change, message) => {
    await expect(models.loadModel(await edited("mobile", change))).rejects.toThrow(message);
  });
});

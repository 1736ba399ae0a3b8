import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layers, models, Tensor } from "graft-ml";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deserializeLayer } from "../../src/nn/layers/deserialize-layer.js";
import { readGolden } from "../support/golden.js";
import { goldenTensor, type GoldenTensor } from "../support/nn-graph.js";

/*
 * What `model.export` writes, `loadModel` reads: every layer alone in a model of its own.
 */

interface GoldenLayer {
  readonly class_name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly inputs: readonly GoldenTensor[];
  readonly weights: readonly GoldenTensor[];
  readonly told?: object;
  readonly masks?: object;
}

const files = [
  "nn-layers-activations.json",
  "nn-layers-attention.json",
  "nn-layers-convnext.json",
  "nn-layers-convolutional.json",
  "nn-layers-core.json",
  "nn-layers-inception-resnet.json",
  "nn-layers-merging.json",
  "nn-layers-normalization.json",
  "nn-layers-pooling.json",
  "nn-layers-preprocessing.json",
  "nn-layers-regularization.json",
  "nn-layers-reshaping.json",
].map((name) => readGolden<{ readonly cases: readonly GoldenLayer[] }>(name));
const cases = (await Promise.all(files)).flatMap((file) => file.cases);

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-exported-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function predictions(model: models.BaseModel, inputs: readonly GoldenTensor[]): Promise<Tensor> {
  const tensors = inputs.map(({ shape, data }) => new Tensor("float32", Float32Array.from(data), shape));
  const [first] = tensors;
  const result = await model.predict(tensors.length === 1 && first !== undefined ? first : tensors, { verbose: 0 });
  if (!(result instanceof Tensor)) throw new Error("several outputs");
  return result;
}

describe("a model that was exported and loaded predicts the same", () => {
  it.each(
    cases.flatMap((golden, index) =>
      golden.told === undefined && golden.masks === undefined
        ? [[`${index} ${golden.class_name}`, golden, index] as const]
        : [],
    ),
  )("%s", async (_, golden, index) => {
    const layer = deserializeLayer(golden);
    const inputs = golden.inputs.map(({ shape }) => layers.Input({ shape: shape.slice(1) }));
    const [first] = inputs;
    const outputs = layer.apply(inputs.length === 1 && first !== undefined ? first : inputs);
    const model = new models.Model({ inputs, outputs });
    layer.setWeights(golden.weights.map(goldenTensor));
    const path = join(folder, `${index}.onnx`);
    await model.export(path);
    const loaded = await models.loadModel(path);
    expect(loaded.inputs.map(({ shape }) => shape)).toEqual(model.inputs.map(({ shape }) => shape));
    const [expected, actual] = [await predictions(model, golden.inputs), await predictions(loaded, golden.inputs)];
    expect(actual.dims).toEqual(expected.dims);
    Array.from(expected.data, Number).forEach((value, at) => {
      const distance = Math.abs(Number(actual.data[at]) - value);
      expect(distance).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(value)));
    });
  });
});

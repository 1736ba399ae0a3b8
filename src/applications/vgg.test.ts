import { access } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { applications, layers, type models } from "graft-ml";
import { describe, expect, it } from "vitest";
import { readGolden } from "../../test/support/golden.js";
import { type GoldenTensor, relativeError } from "../../test/support/nn-graph.js";
import { wave, waveWeights } from "../../test/support/wave.js";
import { fromTensor, toTensor } from "../runtime/runtime.js";

interface ListedLayer {
  readonly name: string;
  readonly weights: readonly (readonly number[])[];
}

interface Golden {
  readonly layers: readonly ListedLayer[];
  readonly topLayers: readonly ListedLayer[];
  readonly output: GoldenTensor;
  readonly published: GoldenTensor;
  readonly preprocess: { readonly input: GoldenTensor; readonly output: GoldenTensor };
}

const golden = await readGolden<Golden>("model-vgg16.json");
const { VGG16, vgg16 } = applications;
const weightsFile = fileURLToPath(
  new URL("../../../shared/weights/vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5", import.meta.url),
);
const hasWeights = await access(weightsFile).then(
  () => true,
  () => false,
);

function listed(model: models.Model): ListedLayer[] {
  return model.layers.map((layer) => ({
    // Keras counts inputs over all models of a process.
    name: layer.name.replace(/^input_layer.*/, "input_layer"),
    weights: layer.weights.map(({ shape }) => shape),
  }));
}

function withoutNumber(layers: readonly ListedLayer[]): ListedLayer[] {
  return layers.map((layer) => ({ ...layer, name: layer.name.replace(/^input_layer.*/, "input_layer") }));
}

/** Every `step`-th value of the first `count` · `step`. */
function every(step: number, { dims, data }: { readonly dims: readonly number[]; readonly data: ArrayLike<number> }) {
  const kept = Array.from(data).filter((_, index) => index % step === 0);
  return {
    type: "float32" as const,
    dims: [...dims.slice(0, -1), Number(dims.at(-1)) / step],
    data: Float32Array.from(kept),
  };
}

describe("VGG16", () => {
  it("has Keras's layers and weights, with and without its classifier", async () => {
    const base = await VGG16({ weights: null, includeTop: false, inputShape: [32, 32, 3] });
    expect(listed(base)).toEqual(withoutNumber(golden.layers));
    expect(base.name).toBe("vgg16");
    const whole = await VGG16({ weights: null, inputShape: [32, 32, 3], classes: 10 });
    expect(listed(whole)).toEqual(withoutNumber(golden.topLayers));
    expect(whole.outputShape.slice(1)).toEqual([10]);
  });

  it("computes what Keras's does with the same weights", async () => {
    const model = await VGG16({ weights: null, includeTop: false, inputShape: [32, 32, 3] });
    waveWeights(model);
    const image = vgg16.preprocessInput(toTensor(wave([2, 32, 32, 3], 400, 127.5, 127.5)));
    const output = fromTensor(await model.predictOnBatch(image));
    expect(output.dims).toEqual([2, 1, 1, 512]);
    const kept = every(8, { dims: [2, 512], data: output.data as Float32Array });
    expect(relativeError(kept, golden.output)).toBeLessThan(1e-4);
  });

  it.skipIf(!hasWeights)("computes what Keras's does with its weights from ../shared", async () => {
    const model = await VGG16({ weights: weightsFile, includeTop: false, inputShape: [96, 96, 3], pooling: "avg" });
    const image = vgg16.preprocessInput(toTensor(wave([1, 96, 96, 3], 402, 127.5, 127.5)));
    const output = fromTensor(await model.predictOnBatch(image));
    const kept = every(8, { dims: [512], data: output.data as Float32Array });
    expect(relativeError(kept, golden.published)).toBeLessThan(1e-4);
    expect(model.pretrained?.network).toBe("VGG16");
  });

  it("pools its last feature map when it is asked to", async () => {
    const inputShape = [32, 64, 3] as const;
    const map = await VGG16({ weights: null, includeTop: false, inputShape });
    expect(map.outputShape.slice(1)).toEqual([1, 2, 512]);
    const pooled = await VGG16({ weights: null, includeTop: false, inputShape, pooling: "max" });
    expect(pooled.outputShape.slice(1)).toEqual([512]);
  });

  it("takes photos of other than three channels where its weights are random, as in Keras", async () => {
    const base = await VGG16({ weights: null, includeTop: false, inputShape: [32, 32, 1] });
    expect(base.weights[0]?.shape).toEqual([3, 3, 1, 64]);
  });

  it("begins with a tensor of the caller's, and all that leads to it", async () => {
    const pixels = layers.Input({ shape: [32, 32, 3], name: "pixels" });
    const inputTensor = new layers.Rescaling(1 / 255).apply(pixels);
    const base = await VGG16({ weights: null, includeTop: false, inputTensor });
    expect(base.inputs).toEqual([pixels]);
    expect(base.layers.map(({ name }) => name).slice(0, 3)).toEqual(["pixels", "rescaling", "block1_conv1"]);
    const other = { weights: null, includeTop: false, inputTensor, inputShape: [64, 32, 3] } as const;
    await expect(VGG16(other)).rejects.toThrow(/that of inputTensor, \[32, 32, 3\].*\[64, 32, 3\]/s);
    await expect(VGG16({ weights: null, inputTensor: layers.Input({ shape: [3] }) })).rejects.toThrow(/inputTensor/);
  });

  it.each([
    [{ weights: null, inputShape: [31, 32, 3] as const }, /32 pixels or more.*\[31, 32, 3\]/s],
    [{ includeTop: false, inputShape: [32, 32, 1] as const }, /\[height, width, 3\]/],
    [{ inputShape: [64, 64, 3] as const }, /\[224, 224, 3\] with the classifier of ImageNet.*\[64, 64, 3\]/s],
    [{ classes: 10 }, /1000.* or includeTop: false/],
    [{ weights: "my.h5", classifierActivation: "sigmoid" as const }, /"softmax" or null.*"sigmoid"/s],
    [{ weights: null, inputShape: [64, 64] as const }, /\[height, width, channels\].*\[64, 64\]/s],
  ])("refuses %o", async (options, message) => {
    await expect(VGG16(options)).rejects.toThrow(message);
  });
});

describe("vgg16.preprocessInput", () => {
  it("gives Keras's values", () => {
    const { input, output } = golden.preprocess;
    const image = toTensor(wave([2, 2, 3], 401, 127.5, 127.5));
    expect(relativeError(fromTensor(image), input)).toBeLessThan(1e-6);
    expect(relativeError(fromTensor(vgg16.preprocessInput(image)), output)).toBeLessThan(1e-6);
  });

  it("refuses images that are not RGB", () => {
    expect(() => vgg16.preprocessInput(toTensor(wave([2, 2, 1], 1)))).toThrow(/3 channels.*\[2, 2, 1\]/s);
  });
});

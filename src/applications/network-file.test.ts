import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layers, models, Tensor } from "graft-ml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { colourClassifier } from "../../test/cli/colour-classifier.js";
import { tinyNetwork } from "../../test/cli/tiny-network.js";
import type { BaseModel } from "../models/base-model.js";
import { readModel } from "../onnx/read-model.js";
import { writeModel } from "../onnx/write-model.js";
import { float32 } from "../onnx/tensor-data.js";
import { RandomStreams } from "../random/seed.js";
import { exportClassifier } from "../recipe/export-classifier.js";
import { featureModel } from "../recipe/feature-model.js";
import { createHead, graftHead } from "../recipe/head.js";
import { openClassifier } from "../recipe/open-classifier.js";
import { createNodeRuntime } from "../runtime/node/runtime.js";
import type { Backbone } from "./backbone.js";
import { inspectNetwork, loadBackbone } from "./load-backbone.js";
import { standardizationOf } from "./preprocess.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-network-"));
});
afterAll(() => rm(folder, { recursive: true }));

const size = 16;

/** Two stages of a residual network of Keras's layers, and a classifier of two products. */
function residual(scale: boolean): { readonly whole: BaseModel; readonly features: BaseModel } {
  const inputs = layers.Input({ shape: [size, size, 3], name: "photo" });
  const pixels = scale ? new layers.Rescaling(1 / 127.5, { offset: -1, name: "scale" }).apply(inputs) : inputs;
  const convolution = (name: string, filters: number, strides = 1): layers.Conv2D =>
    new layers.Conv2D(filters, 3, { strides, padding: "same", name });
  const stem = new layers.ReLU({ name: "stem_relu" }).apply(
    new layers.BatchNormalization({ name: "stem_norm" }).apply(convolution("stem", 6, 2).apply(pixels)),
  );
  const inner = convolution("block1_second", 6).apply(convolution("block1_first", 6).apply(stem));
  const first = new layers.Add({ name: "block1_add" }).apply([stem, inner]);
  const down = convolution("block2_first", 8, 2).apply(first);
  const shortcut = new layers.Conv2D(8, 1, { strides: 2, name: "block2_shortcut" }).apply(first);
  const second = convolution("block2_second", 8).apply(down);
  const map = new layers.Add({ name: "block2_add" }).apply([shortcut, second]);
  const pooled = new layers.GlobalAveragePooling2D({ name: "pool" }).apply(map);
  const hidden = new layers.Dense(5, { activation: "relu", name: "hidden" }).apply(pooled);
  const outputs = new layers.Dense(3, { activation: "softmax", name: "classes" }).apply(hidden);
  return {
    whole: new models.Model({ inputs, outputs, name: "residual" }),
    features: new models.Model({ inputs, outputs: pooled, name: "pooled" }),
  };
}

const photo = new Tensor(
  "float32",
  Float32Array.from({ length: 2 * size * size * 3 }, (_, index) => 100 + 100 * Math.sin(index)),
  [2, size, size, 3],
);

/** The vectors that a network makes of a photo, maps as their mean. */
async function featuresOf(network: BaseModel): Promise<number[]> {
  const { data, dims } = await network.predict(photo);
  const [rows = 0, ...extents] = dims;
  const channels = extents.at(-1) ?? 1;
  const places = extents.slice(0, -1).reduce((product, extent) => product * extent, 1);
  const sums = new Array<number>(rows * channels).fill(0);
  Array.from(data as Float32Array).forEach((value, index) => {
    const row = Math.floor(index / (places * channels));
    sums[row * channels + (index % channels)] = (sums[row * channels + (index % channels)] ?? 0) + value / places;
  });
  return sums;
}

async function expectSameFeatures(backbone: Backbone, features: BaseModel): Promise<void> {
  const [ours, wanted] = [await featuresOf(backbone.model), await featuresOf(features)];
  expect(ours.length).toBe(wanted.length);
  // Both are float32 sums of the same numbers in another order.
  ours.forEach((value, index) => {
    expect(value).toBeCloseTo(wanted[index] ?? NaN, 3);
  });
}

describe("a network in a file of any kind", () => {
  test.each(["network.keras", "network.h5"])("%s of Keras's layers is cut behind its pooling", async (name) => {
    const { whole, features } = residual(false);
    const path = join(folder, name);
    await whole.save(path);
    const backbone = await loadBackbone({ network: path, preprocess: "tf" });
    expect(backbone.record).toMatchObject({ name: "network", preprocess: "tf", preprocessSource: "--preprocess" });
    expect(backbone.stages.at(-1)).toMatch(/block2_(first|shortcut)/);
    await expectSameFeatures(backbone, features);
  });

  test("a model that Graft exported is one, too", async () => {
    const { whole, features } = residual(false);
    const path = join(folder, "exported.onnx");
    await whole.export(path);
    await expectSameFeatures(await loadBackbone({ network: path, preprocess: "tf" }), features);
  });

  test("an ONNX file with the channels last is what its transposed one is", async () => {
    const file = readModel(tinyNetwork(), "tiny");
    const transpose = {
      ...{ name: "first", op: "Transpose", domain: "", inputs: ["photo"], outputs: ["x"] },
      attributes: { perm: { type: "ints", value: [0, 3, 1, 2] } },
    } as const;
    const last = {
      ...file,
      inputs: [{ name: "photo", type: "float32", shape: ["N", size, size, 3] } as const],
      nodes: [transpose, ...file.nodes],
    };
    const [first, second] = [join(folder, "first.onnx"), join(folder, "last.onnx")];
    await writeFile(
      first,
      writeModel({ ...file, inputs: [{ name: "x", type: "float32", shape: ["N", 3, size, size] }] }),
    );
    await writeFile(second, writeModel(last));
    const ours = await loadBackbone({ network: second, preprocess: "0-1" });
    const wanted = await loadBackbone({ network: first, preprocess: "0-1" });
    expect(await featuresOf(ours.model)).toEqual(await featuresOf(wanted.model));
  });

  test("says itself that it takes levels of 255, where it begins by scaling them", async () => {
    const path = join(folder, "scaled.keras");
    await residual(true).whole.save(path);
    const { record } = await loadBackbone({ network: path });
    expect(record.preprocess).toBe("0-255");
    expect(record.preprocessSource).toMatch(/scales pixels itself/);
    await residual(false).whole.save(path);
    await expect(loadBackbone({ network: path })).rejects.toThrow(/does not say what was done to pixels/);
  });
});

describe("a run's folder", () => {
  test.each([2, 3])("gives the network inside its classifier, framed as before; %i classes", async (classes) => {
    const { features } = residual(false);
    const { model: network, widths } = featureModel(features);
    expect(widths).toEqual([8, 6]);
    const numbers = (count: number): Float32Array =>
      Float32Array.from({ length: count }, (_, index) => Math.cos(index) + 2);
    const head = createHead(
      {
        ...{ kernel: float32(numbers(14 * classes), [14, classes]), bias: float32(numbers(classes), [classes]) },
        ...{ mean: numbers(14), deviation: numbers(14) },
      },
      new RandomStreams(1),
    );
    const model = graftHead(network, head);
    const framing = { crop: 0.9, keepProportions: true, interpolation: "bicubic" } as const;
    const record = {
      name: "mine",
      description: "",
      licence: "MIT",
      imageSize: size,
      preprocess: "tf",
      ...framing,
    } as const;
    const run = join(folder, `run-${classes}`);
    await mkdir(run);
    const bytes = exportClassifier({
      ...{ model, backbone: { record, imageSize: size, model: features, stages: [] } },
      ...{ classes: ["a", "b", "c"].slice(0, classes), threshold: undefined },
    });
    await writeFile(join(run, "model.onnx"), bytes);

    const again = await loadBackbone({ network: run });
    expect(again.record).toMatchObject({
      name: `run-${classes}`,
      licence: "MIT",
      imageSize: size,
      preprocess: "0-255",
      ...framing,
    });
    // It does to pixels itself what the first network wanted.
    const { scale, offset } = standardizationOf("tf");
    const fed = new models.Sequential([
      layers.Input({ shape: [size, size, 3] }),
      new layers.Rescaling(scale[0] ?? 1, { offset: offset[0] ?? 0 }),
      features,
      new layers.UnitNormalization(),
    ]);
    await expectSameFeatures(again, fed);

    const classifier = await openClassifier(createNodeRuntime({ threads: 1 }), run);
    expect(classifier.shrinksTo).toBe(Math.ceil(size / 0.9));
    await classifier.release();
  });

  test("whose classifier is made in another way is refused", async () => {
    const path = join(folder, "colours.onnx");
    await writeFile(path, colourClassifier());
    await expect(loadBackbone({ network: path })).rejects.toThrow(/colours\.onnx/);
  });
});

describe("a folder", () => {
  test("says which network it holds by a usual name, or by holding one only", async () => {
    const snapshot = join(folder, "snapshot");
    await mkdir(join(snapshot, "onnx"), { recursive: true });
    await writeFile(join(snapshot, "onnx", "model.onnx"), tinyNetwork());
    await writeFile(join(snapshot, "preprocessor_config.json"), JSON.stringify({ image_mean: 0.5, image_std: 0.5 }));
    expect((await loadBackbone({ network: snapshot })).record).toMatchObject({
      ...{ name: "snapshot", preprocess: "tf", preprocessSource: "preprocessor_config.json" },
    });
    const single = join(folder, "single");
    await mkdir(single);
    await expect(loadBackbone({ network: single, preprocess: "tf" })).rejects.toThrow(/no file of a network/);
    await writeFile(join(single, "mine.onnx"), tinyNetwork());
    expect((await loadBackbone({ network: single, preprocess: "tf" })).record.name).toBe("single");
    await writeFile(join(single, "other.onnx"), tinyNetwork());
    await expect(loadBackbone({ network: single })).rejects.toThrow(/mine\.onnx, other\.onnx.*Name the file/s);
  });
});

describe("inspectNetwork", () => {
  test("says where it is cut, and what the last block is", async () => {
    const path = join(folder, "inspected.keras");
    await residual(true).whole.save(path);
    const { network, ...facts } = await inspectNetwork({ network: path });
    expect(facts).toMatchObject({
      ...{ name: "inspected", format: "a .keras archive", licence: "unknown", preprocess: "0-255", trouble: undefined },
      inputs: [{ name: "photo", shape: ["N", size, size, 3] }],
      outputs: [{ name: "classes", shape: ["N", 3] }],
    });
    expect(network?.cut).toEqual({ output: "classes", classes: 3, features: ["N", 8] });
    expect(network?.layers.map(({ name }) => name)).toContain("block1_first");
    expect(network?.lastBlock).toMatchObject({ from: "block2_shortcut", layers: 3, parameters: 440 + 56 + 584 });
  });

  test("names operators that are not here, and why nothing can be grafted on", async () => {
    const file = readModel(tinyNetwork(), "tiny");
    const path = join(folder, "strange.onnx");
    const nodes = file.nodes.map((node) =>
      node.op === "Relu" ? { ...node, op: "Wonder", domain: "elsewhere" } : node,
    );
    await writeFile(path, writeModel({ ...file, opsets: { ...file.opsets, elsewhere: 1 }, nodes }));
    const { missing, trouble, network } = await inspectNetwork({ network: path });
    expect(network).toBeUndefined();
    expect(missing).toEqual([{ op: "Wonder", domain: "elsewhere", nodes: ["relu"] }]);
    expect(trouble).toMatch(/"Wonder"/);
  });

  test("downloads nothing for a network that has a name", async () => {
    const { network, preprocess } = await inspectNetwork({ network: "vgg16", imageSize: 32 });
    expect([network?.lastBlock?.from, preprocess]).toEqual(["block5_conv1", "caffe"]);
  });
});

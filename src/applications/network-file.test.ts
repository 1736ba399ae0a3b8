import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { layers, models } from "graft-ml";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectSameFeatures, featuresOf, pictureSize as size, residual } from "../../test/support/residual.js";
import { tinyNetwork } from "../../test/cli/tiny-network.js";
import { readModel } from "../onnx/read-model.js";
import { writeModel } from "../onnx/write-model.js";
import { inspectNetwork, loadBackbone } from "./load-backbone.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-network-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("a network in a file of any kind", () => {
  test.each(["network.keras", "network.h5"])("%s of Keras's layers is cut behind its pooling", async (name) => {
    const { whole, features } = residual(false);
    const path = join(folder, name);
    await whole.save(path);
    const backbone = await loadBackbone({ network: path, preprocess: "tf" });
    expect(backbone.record).toMatchObject({ name: "network", preprocess: "tf", preprocessSource: "--preprocess" });
    expect(backbone.stages.at(-1)).toMatch(/block2_(first|shortcut)/);
    await expectSameFeatures(backbone.model, features);
  });

  test("matrices by which a layer resizes are none of its parameters", async () => {
    const inputs = layers.Input({ shape: [size, size, 3] });
    const resized = new layers.Resizing(size / 2, size / 2).apply(inputs);
    const pooled = new layers.GlobalAveragePooling2D().apply(new layers.Conv2D(4, 3, { name: "conv" }).apply(resized));
    const path = join(folder, "resized.keras");
    await new models.Model({ inputs, outputs: new layers.Dense(3).apply(pooled) }).save(path);
    const { model } = await loadBackbone({ network: path, preprocess: "tf" });
    expect(model.layers.map((layer) => layer.name)).toEqual(["conv"]);
    expect(model.countParams()).toBe(4 * 3 * 9 + 4);
  });

  test("a model that Graft exported is one, too", async () => {
    const { whole, features } = residual(false);
    const path = join(folder, "exported.onnx");
    await whole.export(path);
    await expectSameFeatures((await loadBackbone({ network: path, preprocess: "tf" })).model, features);
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

  test.each([
    [[120, 9, 7], "0-255"],
    [[0.5, 0.4, 0.3], undefined],
  ])("takes means of %o from pixels, and so takes %s", async (mean, preprocess) => {
    const inputs = layers.Input({ shape: [size, size, 3] });
    const normalized = new layers.Normalization({ mean, variance: [90, 30, 20] }).apply(inputs);
    const pooled = new layers.GlobalAveragePooling2D().apply(new layers.Conv2D(4, 3).apply(normalized));
    const path = join(folder, "normalized.keras");
    await new models.Model({ inputs, outputs: new layers.Dense(3).apply(pooled) }).save(path);
    expect(await inspectNetwork({ network: path })).toMatchObject({ preprocess });
  });
});

describe("a call is wrong, and not the network, that asks for", () => {
  test.each([
    [{ networkOutput: "nothing" }, /no output "nothing"/],
    [{ imageSize: 64 }, /one size only/],
    [{ imageSize: 8 }, /32 or more/],
  ])("%o", async (asked, message) => {
    const path = join(folder, "fixed.keras");
    await residual(false).whole.save(path);
    await expect(inspectNetwork({ network: path, ...asked })).rejects.toThrow(message);
    expect((await inspectNetwork({ network: path })).trouble).toBeUndefined();
  });

  test("an output of a network that has a name", async () => {
    await expect(inspectNetwork({ network: "mobilenet", networkOutput: "out" })).rejects.toThrow(/has one output/);
  });
});

test("what a file holds that is not taken over is said once by inspect", async () => {
  const path = join(folder, "policy.keras");
  await residual(false).whole.save(path);
  const { "config.json": config = new Uint8Array(), ...others } = unzipSync(await readFile(path));
  // The type of the input stands in the same words, and stays.
  const mixed = strFromU8(config).replace(
    /("class_name":\s*"Conv2D".*?"dtype":\s*)("float32"|\{[^{}]*\{[^{}]*\}[^{}]*\})/s,
    '$1"mixed_float16"',
  );
  await writeFile(path, zipSync({ "config.json": strToU8(mixed), ...others }, { level: 0 }));
  const lines: string[] = [];
  await inspectNetwork({ network: path, onWarning: (line) => lines.push(line) });
  expect(lines).toEqual([expect.stringContaining("mixed_float16")]);
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

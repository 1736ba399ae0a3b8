import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FileError } from "../../errors/errors.js";
import { elementCount } from "../../onnx/tensor-data.js";
import { withHdf5 } from "../keras/hdf5.js";
import { weightsIn } from "../keras/h5-weights.js";
import { memorySource, readTfjsModel, type TfjsModel } from "./model-json.js";
import { readTfjsFile, sourceBeside } from "./from-disk.js";

const bytesOf = (array: Float32Array | Int32Array | Uint16Array | Uint8Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

const joined = (...parts: Uint8Array[]): Uint8Array => Uint8Array.from(Buffer.concat(parts));

function read(model: unknown, shards: Record<string, Uint8Array> = {}): Promise<TfjsModel> {
  const json = new TextEncoder().encode(typeof model === "string" ? model : JSON.stringify(model));
  return readTfjsModel(memorySource(new Map([["model.json", json], ...Object.entries(shards)])));
}

const graph = { node: [{ name: "x", op: "Placeholder" }] };

test("weights of several groups, shards and types are put together and taken apart", async () => {
  const floats = bytesOf(Float32Array.of(1.5, -2, 3));
  const model = await read(
    {
      modelTopology: graph,
      weightsManifest: [
        {
          // The shards are cut in the middle of a number, and the int32 weight starts at an odd byte.
          paths: ["a1", "a2"],
          weights: [
            { name: "f", shape: [3], dtype: "float32" },
            { name: "flag", shape: [], dtype: "bool" },
            { name: "i", shape: [2, 1], dtype: "int32" },
          ],
        },
        { paths: ["b"], weights: [{ name: "u", shape: [2], dtype: "uint8" }] },
      ],
    },
    {
      a1: floats.slice(0, 6),
      a2: joined(floats.slice(6), Uint8Array.of(1), bytesOf(Int32Array.of(-7, 70000))),
      b: Uint8Array.of(5, 255),
    },
  );
  expect(Object.fromEntries(model.weights)).toEqual({
    f: { type: "float32", dims: [3], data: Float32Array.of(1.5, -2, 3) },
    flag: { type: "bool", dims: [], data: Uint8Array.of(1) },
    i: { type: "int32", dims: [2, 1], data: Int32Array.of(-7, 70000) },
    u: { type: "uint8", dims: [2], data: Uint8Array.of(5, 255) },
  });
});

test("quantized weights are turned back into numbers", async () => {
  const weight = (name: string, dtype: string, quantization: object): object => ({
    name,
    shape: [2],
    dtype,
    quantization,
  });
  const { weights } = await read(
    {
      modelTopology: graph,
      weightsManifest: [
        {
          paths: ["w"],
          weights: [
            weight("q8", "float32", { dtype: "uint8", scale: 0.5, min: -1 }),
            weight("q16", "float32", { dtype: "uint16", scale: 0.001, min: 2 }),
            weight("whole", "int32", { dtype: "uint8", scale: 1.999, min: -3 }),
            weight("half", "float32", { dtype: "float16" }),
          ],
        },
      ],
    },
    {
      w: joined(
        Uint8Array.of(0, 255),
        bytesOf(Uint16Array.of(1, 65535)),
        Uint8Array.of(1, 2),
        bytesOf(Uint16Array.of(0x3c00, 0xc000)),
      ),
    },
  );
  expect(Object.fromEntries(weights)).toEqual({
    q8: { type: "float32", dims: [2], data: Float32Array.of(-1, 126.5) },
    q16: { type: "float32", dims: [2], data: Float32Array.of(2.001, 67.535) },
    whole: { type: "int32", dims: [2], data: Int32Array.of(-1, 1) },
    half: { type: "float32", dims: [2], data: Float32Array.of(1, -2) },
  });
});

test("the format is told by its name, or by what the topology holds", async () => {
  const weightsManifest: [] = [];
  const layers = { class_name: "Sequential", config: [] };
  expect(await read({ format: "graph-model", modelTopology: graph, weightsManifest })).toMatchObject({
    format: "graph-model",
    nodes: [{ name: "x", op: "Placeholder", inputs: [], attributes: {} }],
  });
  expect((await read({ modelTopology: graph, weightsManifest })).format).toBe("graph-model");
  expect(await read({ modelTopology: layers, weightsManifest })).toMatchObject({
    format: "layers-model",
    topology: layers,
  });
  expect(await read({ modelTopology: null, weightsManifest })).toMatchObject({
    format: "layers-model",
    topology: null,
  });
});

test.each([
  ["short", 7, /weight files of model\.json are truncated.*8 bytes in all.*7 bytes: w of 7/],
  ["long", 9, /weight files of model\.json are too long.*8 bytes in all.*9 bytes: w of 9/],
])("a shard that is too %s is refused with the sizes", async (_, size, message) => {
  const weightsManifest = [{ paths: ["w"], weights: [{ name: "f", shape: [2], dtype: "float32" }] }];
  const reading = read({ modelTopology: graph, weightsManifest }, { w: new Uint8Array(size) });
  await expect(reading).rejects.toThrow(FileError);
  await expect(reading).rejects.toThrow(message);
});

test("a weight that is listed twice is refused", async () => {
  const weight = { name: "f", shape: [1], dtype: "float32" };
  const weightsManifest = [{ paths: ["w"], weights: [weight, weight] }];
  await expect(read({ modelTopology: graph, weightsManifest }, { w: new Uint8Array(8) })).rejects.toThrow(
    /two weights "f"/,
  );
});

test.each([
  ["text that is no JSON", "<html>", /model\.json is not valid JSON/],
  ["JSON of something else", { nodes: [] }, /weightsManifest: .*expected array/],
  ["an unknown format", { format: "pie", modelTopology: graph, weightsManifest: [] }, /at format: .*graph-model/],
  [
    "a weight of strings",
    {
      modelTopology: graph,
      weightsManifest: [{ paths: ["w"], weights: [{ name: "s", shape: [1], dtype: "string" }] }],
    },
    /at weightsManifest\[0\]\.weights\[0\]\.dtype: .*weights of type "string" are not supported/,
  ],
  [
    "a damaged node",
    { modelTopology: { node: [{ name: "x", op: "Conv2D", attr: { N: { i: "two" } } }] }, weightsManifest: [] },
    /at node\[0\]\.attr\.N\.i: /,
  ],
])("%s is refused, and the error says where", async (_, model, message) => {
  const reading = read(model);
  await expect(reading).rejects.toThrow(FileError);
  await expect(reading).rejects.toThrow(message);
});

test("weight files are looked for beside the JSON", async () => {
  const manifest = [{ paths: ["w"], weights: [{ name: "u", shape: [1], dtype: "uint8" }] }];
  const json = JSON.stringify({ modelTopology: graph, weightsManifest: manifest });
  const files = new Map([
    ["package/coco/model.json", new TextEncoder().encode(json)],
    ["package/coco/w", Uint8Array.of(3)],
  ]);
  const { weights } = await readTfjsModel(memorySource(files), "package/coco/model.json");
  expect(weights.get("u")?.data).toEqual(Uint8Array.of(3));
  files.delete("package/coco/w");
  await expect(readTfjsModel(memorySource(files), "package/coco/model.json")).rejects.toThrow(/coco\/w is missing/);
});

describe("a folder on disk", () => {
  let folder = "";
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "graft-tfjs-"));
    const manifest = [{ paths: ["w.bin"], weights: [{ name: "u", shape: [1], dtype: "uint8" }] }];
    await writeFile(join(folder, "model.json"), JSON.stringify({ modelTopology: graph, weightsManifest: manifest }));
    await writeFile(join(folder, "w.bin"), Uint8Array.of(9));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test("is read by its own path and by that of the JSON", async () => {
    for (const path of [folder, join(folder, "model.json")]) {
      expect((await readTfjsFile(path)).weights.get("u")?.data[0]).toBe(9);
    }
  });

  test("that is missing, or lacks a file, is named", async () => {
    await expect(readTfjsFile(join(folder, "nowhere"))).rejects.toThrow(/nowhere cannot be read.*no such file/);
    await expect(sourceBeside(join(folder, "model.json")).readBytes("shard2")).rejects.toThrow(
      /shard2 cannot be read.*no such file.*model\.json needs it/s,
    );
  });

  test("gives no file outside itself", async () => {
    for (const name of ["../secret", "/etc/hostname", "a/../../secret", "."]) {
      await expect(sourceBeside(join(folder, "model.json")).readBytes(name)).rejects.toThrow(/outside its folder/);
    }
    await symlink(fileURLToPath(import.meta.url), join(folder, "link"));
    await expect(sourceBeside(join(folder, "model.json")).readBytes("link")).rejects.toThrow(/outside its folder/);
  });
});

const keras = "../shared/weights/keras-mobilenet_v1_0.25_224.h5";
const mobileNet = "../shared/weights/tfjs-mobilenet_v1_0.25_224";
describe.skipIf(!existsSync(mobileNet))("TensorFlow.js's own MobileNet (skipped without ../shared/weights)", () => {
  test("has 475,544 parameters in 55 files", async () => {
    const model = await readTfjsFile(mobileNet);
    expect(model).toMatchObject({ format: "layers-model", topology: null });
    const tensors = [...model.weights.values()];
    expect(tensors.reduce((sum, { dims }) => sum + elementCount(dims), 0)).toBe(475_544);
    expect(model.weights.get("conv1/kernel")?.dims).toEqual([3, 3, 3, 8]);
  });

  test.skipIf(!existsSync(keras))("has exactly the numbers of Keras's file of the same network", async () => {
    const { weights } = await readTfjsFile(mobileNet);
    const layers = await withHdf5(await readFile(keras), keras, weightsIn);
    const all = layers.flatMap((layer) => layer.weights);
    expect(all).toHaveLength(137);
    for (const { name, tensor } of all) expect(weights.get(name.replace(/:0$/, ""))?.data).toEqual(tensor.data);
  });
});

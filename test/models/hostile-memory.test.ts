import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import onnxProto from "onnx-proto";
import { zipSync } from "fflate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cutFile } from "../../src/applications/file-backbone.js";
import { openNetworkFile } from "../../src/applications/network-file.js";
import { models } from "../../src/index.js";
import { parseKerasJson } from "../../src/formats/keras/json.js";
import { readZip } from "../../src/formats/keras/zip.js";
import { externalLocations } from "../../src/onnx/external-locations.js";
import type { OnnxModel } from "../../src/onnx/model.js";
import { readModel } from "../../src/onnx/read-model.js";
import { float32 } from "../../src/onnx/tensor-data.js";
import { writeModel } from "../../src/onnx/write-model.js";

/* What small files ask for is bounded before it is taken. */

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "graft-memory-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A network whose first map is as large as its image. */
function network(size: number, nodes: OnnxModel["nodes"] = []): Uint8Array {
  const kernel = float32(new Float32Array(8 * 3).fill(0.1), [8, 3, 1, 1]);
  const plain = { domain: "", attributes: {} };
  return writeModel({
    ...{ irVersion: 8, opsets: { "": 17 }, producer: "test", graphName: "large", metadata: {} },
    nodes: [
      { ...plain, name: "conv", op: "Conv", inputs: ["x", "kernel"], outputs: ["y0"] },
      ...nodes,
      { ...plain, name: "gap", op: "GlobalAveragePool", inputs: [nodes.at(-1)?.outputs[0] ?? "y0"], outputs: ["z"] },
      { ...plain, name: "flat", op: "Flatten", inputs: ["z"], outputs: ["out"] },
    ],
    inputs: [{ name: "x", type: "float32", shape: ["N", 3, size, size] }],
    outputs: [{ name: "out", type: "float32", shape: ["N", 8] }],
    constants: new Map([["kernel", kernel]]),
  });
}

describe("an ONNX file of a kilobyte", () => {
  it("whose image fits alone, but not as many as are looked at at a time", async () => {
    const path = join(folder, "large.onnx");
    await writeFile(path, network(5700));
    const opened = await openNetworkFile(path, () => undefined);
    // Eight pictures of 5700 × 5700 with 11 channels are 10.6 GiB; on a larger machine it is allowed.
    const error = await Promise.resolve()
      .then(() => cutFile(opened, [], { warn: () => undefined }))
      .catch((cause: unknown) => cause);
    if (error instanceof Error) expect(error.message).toMatch(/needs too much memory.*GiB.*8 pictures.*at "conv"/);
  });

  it("of 19,000 nodes is read in time, and without going deep", async () => {
    const path = join(folder, "deep.onnx");
    const nodes = Array.from({ length: 19_000 }, (_, index) => ({
      ...{ name: `n${String(index)}`, op: "Add", domain: "", attributes: {} },
      ...{ inputs: [`y${String(index)}`, `y${String(index)}`], outputs: [`y${String(index + 1)}`] },
    }));
    await writeFile(path, network(8, nodes));
    const start = performance.now();
    const opened = await openNetworkFile(path, () => undefined);
    cutFile(opened, [], { warn: () => undefined });
    expect(performance.now() - start).toBeLessThan(60_000);
  });

  it("whose sparse weights lie anywhere", () => {
    const { ModelProto, TensorProto } = onnxProto.onnx;
    const proto = ModelProto.decode(network(8));
    const values = {
      ...{ name: "s", dataType: 1, dims: [1], dataLocation: TensorProto.DataLocation.EXTERNAL },
      externalData: [{ key: "location", value: "../../secret" }],
    };
    proto.graph = { ...proto.graph, sparseInitializer: [{ values, dims: [4] }] };
    const bytes = ModelProto.encode(proto).finish();
    expect(externalLocations(bytes, "sparse.onnx")).toEqual(["../../secret"]);
    expect(() => readModel(bytes, "sparse.onnx")).toThrow(/holds weights as a sparse tensor/);
  });
});

it("a configuration that asks for terabytes of weights", () => {
  const json = JSON.stringify({
    class_name: "Sequential",
    config: {
      name: "large",
      layers: [
        { class_name: "InputLayer", config: { batch_shape: [null, 1_000_000], name: "in", dtype: "float32" } },
        { class_name: "Dense", config: { units: 1_000_000_000, name: "wide" } },
      ],
    },
  });
  expect(() => models.modelFromJson(json)).toThrow(/need too much memory.*GiB.*wide\/kernel/);
});

it("lists that lie in each other without an end", () => {
  const deep = "[".repeat(100_000) + "]".repeat(100_000);
  expect(() => parseKerasJson(deep, "deep.keras", "config.json")).toThrow(/is too deep/);
  expect(parseKerasJson('{"a": "[[[{{"}', "a.keras", "config.json")).toEqual({ a: "[[[{{" });
});

it("an archive whose member is not what its checksum says", async () => {
  const bytes = zipSync({ "x.npy": new Uint8Array(100).fill(7) }, { level: 0 });
  const at = bytes.indexOf(7, 35);
  bytes[at] = 8;
  await expect(readZip(bytes, "changed.npz", ["x.npy"])).rejects.toThrow(/another checksum/);
});

import { copyFile, readFile, readdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { strFromU8, strToU8, unzipSync, zipSync } from "fflate";
import { factsOfFile } from "../../src/applications/file-backbone.js";
import { openNetworkFile } from "../../src/applications/network-file.js";
import { readCsv } from "../../src/data/generator/csv.js";
import { factsBeside } from "../../src/applications/side-files.js";
import { extractArchive } from "../../src/files/extract-archive.js";
import { hdf5Contents } from "../../src/formats/keras/hdf5-contents.js";
import { withHdf5 } from "../../src/formats/keras/hdf5.js";
import { writeKerasH5, writeKerasModel, writeKerasWeights } from "../../src/formats/keras/model-file.js";
import { readNpz } from "../../src/formats/numpy/npz.js";
import { layers, models } from "../../src/index.js";
import { readClassWeights } from "../../src/jobs/class-weights-file.js";
import { float32 } from "../../src/onnx/tensor-data.js";
import { openClassifier } from "../../src/recipe/open-classifier.js";
import { readSplitRecord } from "../../src/runs/run-record.js";
import { createNodeRuntime } from "../../src/runtime/node/runtime.js";
import { Tensor } from "../../src/runtime/runtime.js";
import { decodeState, encodeState } from "../../src/training/fit/state-file.js";
import { colourClassifier } from "../cli/colour-classifier.js";
import { tinyNetwork } from "../cli/tiny-network.js";
import type { FuzzReader } from "../support/fuzz-readers.js";
import { tar } from "../support/tar.js";

/* The readers of networks, weights, arrays, archives and records, as fuzz.test.ts damages their files. */

/** The repository, from here and from the translation in a folder of its packages. */
const root = process.cwd();
const fixture = (name: string): Promise<Uint8Array> => readFile(join(root, "test", name));

function tinyModel(): InstanceType<typeof models.Sequential> {
  const model = new models.Sequential([
    layers.Input({ shape: [6, 6, 3] }),
    new layers.Conv2D({ filters: 2, kernelSize: 3 }),
    new layers.BatchNormalization(),
    new layers.Flatten(),
    new layers.Dense({ units: 3, activation: "softmax" }),
  ]);
  model.compile({ optimizer: "adam", loss: "categorical_crossentropy" });
  return model;
}

const archive = (): Promise<Uint8Array> => writeKerasModel(tinyModel(), "tiny.keras");

/** What a model answers where it takes what is small. */
async function use(model: Awaited<ReturnType<typeof models.loadModel>>): Promise<void> {
  const shapes = model.inputs.map(({ shape }) => shape.map((extent) => (typeof extent === "number" ? extent : 1)));
  const sizes = shapes.map((shape) => shape.reduce((product, extent) => product * extent, 1));
  if (sizes.some((size) => size > 100_000)) return;
  const inputs = shapes.map((shape, index) => new Tensor("float32", new Float32Array(sizes[index] ?? 0), shape));
  await model.predict(inputs.length === 1 && inputs[0] !== undefined ? inputs[0] : inputs);
}

const silent = (): void => undefined;

/** A record of a run, as far as it is needed of one. */
const record = {
  data: { directory: "photos", fingerprint: "0".repeat(64), skipped: [{ path: "a/b.jpg", reason: "damaged" }] },
  split: { division: "drawn", training: ["a/1.jpg", "b/2.jpg"], validation: ["a/3.jpg"], learned_from: ["a/1.jpg"] },
};

const npy = (descr: string, shape: string, bytes: Uint8Array): Uint8Array => {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape}), }`.padEnd(117) + "\n";
  const begin = Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0, header.length, 0]);
  return Buffer.concat([begin, Buffer.from(header), bytes]);
};

const members = {
  "a/one.txt": strToU8("one"),
  "a/two.txt": strToU8("two ".repeat(300)),
  "b/three.bin": new Uint8Array(2000).map((_, index) => (index * 7) % 256),
};
const tarred = (): Uint8Array => tar({ "a/": "", ...members });

/** Unpacks, and looks whether anything came to lie outside. */
async function unpack(path: string): Promise<void> {
  const folder = dirname(path);
  const failure: unknown = await extractArchive(path, join(folder, "out")).catch((error: unknown) => error);
  const names = await readdir(folder);
  if (names.some((name) => join(folder, name) !== path && name !== "out")) {
    throw new Error(`Something lies outside: ${names.join(", ")}`);
  }
  if (failure !== undefined) throw failure instanceof Error ? failure : new Error(JSON.stringify(failure));
}

/** Reads `model.json` of a TensorFlow.js model whose weights lie beside it. */
function tfjs(name: string): FuzzReader {
  return {
    name: `TensorFlow.js, ${name}`,
    file: "model.json",
    seeds: async () => [await fixture(`fixtures/${name}/model.json`)],
    async read(path) {
      await copyFile(join(root, "test/fixtures", name, "weights.bin"), join(dirname(path), "weights.bin"));
      await use(await models.loadModel(path));
    },
  };
}

/** What lies around a configuration in a `.keras` file. */
const around = await archive().then((bytes) => unzipSync(bytes));

export const readers: readonly FuzzReader[] = [
  {
    name: "ONNX as a network",
    file: "network.onnx",
    seeds: async () => [
      tinyNetwork(),
      ...(await Promise.all(
        ["batchN_reshape1", "gelu", "two_outputs", "cos", "esc"].map((name) =>
          fixture(`models/onnx-files/${name}.onnx`),
        ),
      )),
    ],
    async read(path) {
      const opened = await openNetworkFile(path, silent);
      await factsOfFile(opened, undefined);
      opened.graph();
    },
  },
  {
    name: "ONNX as a model",
    file: "model.onnx",
    freshAfter: 1000,
    seeds: async () => [
      tinyNetwork(),
      ...(await Promise.all(
        ["batchN_reshape1", "gelu", "two_outputs"].map((name) => fixture(`models/onnx-files/${name}.onnx`)),
      )),
    ],
    read: async (path) => use(await models.loadModel(path)),
  },
  {
    name: "ONNX as a classifier",
    file: "model.onnx",
    freshAfter: 1000,
    seeds: async () => [
      colourClassifier(),
      colourClassifier({ distanceThreshold: "0.5" }),
      await fixture("fixtures/c_nan.onnx"),
    ],
    async read(path) {
      const classifier = await openClassifier(createNodeRuntime(), path);
      try {
        await classifier.predict({ width: 8, height: 8, data: new Uint8Array(8 * 8 * 3) });
      } finally {
        await classifier.release();
      }
    },
  },
  {
    name: "HDF5, a model",
    file: "model.h5",
    mayHang: true,
    freshAfter: 200,
    seeds: async () => [await writeKerasH5(tinyModel()), await fixture("fixtures/untrained.h5")],
    read: async (path) => withHdf5(await readFile(path), path, hdf5Contents["compiled model"]),
  },
  {
    name: "HDF5, weights",
    file: "model.weights.h5",
    mayHang: true,
    freshAfter: 200,
    seeds: async () => [await writeKerasWeights(tinyModel())],
    read: async (path) => withHdf5(await readFile(path), path, hdf5Contents.weights),
  },
  {
    name: "Keras, the archive",
    file: "model.keras",
    seeds: async () => [await archive()],
    read: async (path) => use(await models.loadModel(path)),
  },
  {
    name: "Keras, the configuration",
    file: "model.keras",
    seeds: async () => [
      unzipSync(await archive())["config.json"] ?? new Uint8Array(),
      unzipSync(await fixture("fixtures/keras/fixed32.keras"))["config.json"] ?? new Uint8Array(),
    ],
    wrap: (bytes) => zipSync({ ...around, "config.json": bytes }),
    read: async (path) => use(await models.loadModel(path)),
  },
  {
    name: "Keras, a model's JSON",
    file: "model.json",
    seeds: () => Promise.resolve([strToU8(tinyModel().toJson())]),
    read: async (path) => use(models.modelFromJson(strFromU8(await readFile(path)))),
  },
  tfjs("tfjs-depthwise"),
  tfjs("tfjs-hard-sigmoid"),
  {
    name: "npz",
    file: "arrays.npz",
    seeds: () =>
      Promise.resolve([
        zipSync({ "x.npy": npy("<f4", "2, 3", new Uint8Array(24)), "y.npy": npy("<i8", "2,", new Uint8Array(16)) }),
      ]),
    read: (path) => readNpz(path, ["x", "y"]),
  },
  {
    name: "npy",
    file: "arrays.npz",
    seeds: () => Promise.resolve([npy("<f4", "2, 3", new Uint8Array(24)), npy("|u1", "4, 2, 1", new Uint8Array(8))]),
    wrap: (bytes) => zipSync({ "x.npy": bytes }),
    read: (path) => readNpz(path, ["x"]),
  },
  {
    name: "ZIP",
    file: "archive.zip",
    seeds: () => Promise.resolve([zipSync(members), zipSync(members, { level: 0 })]),
    read: unpack,
  },
  { name: "tar", file: "archive.tar", seeds: () => Promise.resolve([tarred()]), read: unpack },
  {
    name: "tar.gz",
    file: "archive.tar.gz",
    seeds: () => Promise.resolve([gzipSync(tarred())]),
    read: unpack,
  },
  {
    name: "tar in an intact gz",
    file: "archive.tar.gz",
    seeds: () => Promise.resolve([tarred()]),
    wrap: (bytes) => gzipSync(bytes),
    read: unpack,
  },
  {
    name: "safetensors",
    file: "state.safetensors",
    seeds: () =>
      Promise.resolve([
        encodeState({
          facts: { epoch: 3, history: { loss: [1, 0.5] } },
          tensors: { a: float32([1, 2, 3, 4], [2, 2]), b: float32([5], []) },
        }),
      ]),
    read: async (path) => decodeState(await readFile(path), path),
  },
  {
    name: "run.json",
    file: "run.json",
    seeds: () => Promise.resolve([strToU8(JSON.stringify(record, undefined, 2))]),
    read: (path) => readSplitRecord(join(dirname(path), "model.onnx")),
  },
  {
    name: "CSV",
    file: "table.csv",
    seeds: () => Promise.resolve([strToU8('file,class\n"a, b.jpg",1\r\n"c ""d"".jpg",2\n\ne.jpg,3\n')]),
    read: readCsv,
  },
  {
    name: "files beside a network",
    file: "preprocessor_config.json",
    seeds: () =>
      Promise.resolve([
        strToU8(
          '{"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225], "do_resize": true, "size": {"shortest_edge": 256}, "crop_size": {"height": 224, "width": 224}, "resample": 3, "do_rescale": true, "rescale_factor": 0.00392156862}',
        ),
        strToU8(
          '{"architecture": "x", "pretrained_cfg": {"input_size": [3, 224, 224], "interpolation": "bicubic", "crop_pct": 0.9, "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5], "license": "mit"}}',
        ),
      ]),
    read: (path) => factsBeside(path),
  },
  {
    name: "weights of classes",
    file: "weights.json",
    seeds: () => Promise.resolve([strToU8('{"cat": 1, "dog": 2.5}')]),
    read: (path) => readClassWeights(path),
  },
];

import { readFile } from "node:fs/promises";
import { strToU8, unzipSync, zipSync } from "fflate";
import { textOf } from "../../src/errors/text-of.js";
import { writeKerasH5, writeKerasModel, writeKerasWeights } from "../../src/formats/keras/model-file.js";
import { models } from "../../src/index.js";
import { fixture, tinyModel, use } from "../support/fuzz-models.js";
import type { FuzzReader } from "../support/fuzz-readers.js";

/* The readers of Keras's files, as fuzz.test.ts damages them. */

const archive = async (): Promise<Uint8Array> => writeKerasModel(await tinyModel(), "tiny.keras");

/** What lies around a configuration or weights in a `.keras` file. */
const around = await archive().then((bytes) => unzipSync(bytes));

export const readers: readonly FuzzReader[] = [
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
    seeds: async () => [strToU8((await tinyModel()).toJson())],
    read: async (path) => use(models.modelFromJson(textOf(await readFile(path), path))),
  },
  {
    name: "Keras, .h5 on a thread",
    file: "model.h5",
    // A thread is begun after each that was refused, and one that hangs has 10 seconds: what HDF5 itself reads is tried in hdf5.readers.ts.
    files: 50,
    seeds: async () => [await writeKerasH5(await tinyModel())],
    read: async (path) => use(await models.loadModel(path)),
  },
  {
    name: "Keras, weights into a model",
    file: "model.weights.h5",
    files: 50,
    seeds: async () => [await writeKerasWeights(await tinyModel())],
    read: async (path) => (await tinyModel()).loadWeights(path),
  },
];

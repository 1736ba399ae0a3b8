import { readFile } from "node:fs/promises";
import { hdf5Contents } from "../../src/formats/keras/hdf5-contents.js";
import { withHdf5 } from "../../src/formats/keras/hdf5.js";
import { fixture, tinyModel } from "../support/fuzz-models.js";
import type { FuzzReader } from "../support/fuzz-readers.js";

/*
 * The readers of HDF5, as fuzz.test.ts damages their files. They are what a thread does that Graft ends where it takes too long; here it is the
 * child that is ended. A module of their own, because it is begun often and has to be begun fast.
 */

export const readers: readonly FuzzReader[] = [
  {
    name: "HDF5, a model",
    file: "model.h5",
    mayHang: true,
    // What fails may spoil the library, which is why Graft ends its thread then.
    freshAfter: 250,
    async seeds() {
      const { writeKerasH5 } = await import("../../src/formats/keras/model-file.js");
      return [await writeKerasH5(await tinyModel()), await fixture("fixtures/untrained.h5")];
    },
    read: async (path) => withHdf5(await readFile(path), path, hdf5Contents["compiled model"]),
  },
  {
    name: "HDF5, weights",
    file: "model.weights.h5",
    mayHang: true,
    freshAfter: 250,
    async seeds() {
      const { writeKerasWeights } = await import("../../src/formats/keras/model-file.js");
      return [await writeKerasWeights(await tinyModel())];
    },
    read: async (path) => withHdf5(await readFile(path), path, hdf5Contents.weights),
  },
];

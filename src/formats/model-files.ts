import { readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { FileError, UsageError } from "../errors/errors.js";
import type { BaseModel } from "../models/base-model.js";
import type { LoadModelOptions, ModelFiles } from "../models/platform.js";
import { readModel } from "../onnx/read-model.js";
import { writeFileAtomically } from "../files/atomic-write.js";
import { fileSystemError } from "../files/file-system-errors.js";
import { loadKerasWeights, readKerasModel, writeKerasModel, writeKerasWeights } from "./keras/model-file.js";
import { layersModelOfTfjs } from "./tfjs/layers-model.js";
import { isZip } from "./keras/zip.js";
import { importOnnx } from "./onnx/import-model.js";
import { graphModelOfTfjs } from "./tfjs/graph-model.js";
import { readTfjsFile } from "./tfjs/from-disk.js";
import { exportModel } from "./onnx/export-model.js";

async function readBytes(path: string, advice?: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw fileSystemError(cause, path, "read", advice);
  }
}

const weightsAdvice = "Give the path of a file of Keras's weights: HDF5 (.h5, .weights.h5) or .keras.";

/** The signature of HDF5 stands at byte 0, or behind a user block of 512, 1024, … bytes. */
function isHdf5(bytes: Uint8Array): boolean {
  const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];
  for (let at = 0; at < bytes.length; at = at === 0 ? 512 : at * 2) {
    if (signature.every((byte, index) => bytes[at + index] === byte)) return true;
  }
  return false;
}

/** The first character of a text, behind a mark of its encoding and white space. */
function firstCharacter(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, 64)).trimStart().slice(0, 1);
}

function requireEnding(path: string, ending: string, method: string): void {
  if (path.endsWith(ending)) return;
  throw new UsageError(`${path} is not a name for this kind of file.`, {
    subject: path,
    expected: `a name that ends in ${ending}`,
    received: basename(path),
    advice: `For example: ${method}("model${ending}").`,
  });
}

async function loadTfjs(path: string): Promise<BaseModel> {
  const model = await readTfjsFile(path);
  return model.format === "layers-model" ? layersModelOfTfjs(model, path) : graphModelOfTfjs(model, path);
}

async function load(path: string, options: LoadModelOptions, warn: (line: string) => void): Promise<BaseModel> {
  const isFolder = await stat(path).then(
    (entry) => entry.isDirectory(),
    (cause: unknown) => {
      throw fileSystemError(cause, path, "read");
    },
  );
  if (isFolder) return loadTfjs(join(path, "model.json"));
  const bytes = await readBytes(path);
  if (isZip(bytes) || isHdf5(bytes)) {
    const { model, warnings } = await readKerasModel(bytes, path, options);
    warnings.forEach(warn);
    return model;
  }
  if (firstCharacter(bytes) === "{") return loadTfjs(path);
  // A protobuf has no signature, but every ONNX file begins with the version of the format.
  if (bytes[0] === 0x08) return importOnnx(readModel(bytes, path), { file: path });
  throw new FileError(`${path} is no model that Graft can read.`, {
    subject: path,
    expected: "a .keras archive, an HDF5 file of Keras, a TensorFlow.js model.json, or an ONNX file",
    received:
      bytes.length === 0
        ? "an empty file"
        : `${String(bytes.length)} bytes that begin with ${[...bytes.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ")}`,
    advice: "Check the path, or download the file again.",
  });
}

/**
 * Models and weights in files of this machine.
 *
 * @param warn where to say what a file holds that could not be taken over
 */
export function createModelFiles(warn: (line: string) => void): ModelFiles {
  return {
    loadModel: async (path, options) => load(path, options, warn),
    async saveModel(model, path) {
      requireEnding(path, ".keras", "model.save");
      await writeFileAtomically(path, await writeKerasModel(model, path));
    },
    async loadWeights(model, path, options) {
      const skipped = await loadKerasWeights(model, await readBytes(path, weightsAdvice), path, options);
      for (const line of skipped) warn(`Skipped: ${line}`);
      return skipped;
    },
    async exportModel(model, path) {
      requireEnding(path, ".onnx", "model.export");
      await writeFileAtomically(path, exportModel(model));
    },
    async saveWeights(model, path) {
      requireEnding(path, ".weights.h5", "model.saveWeights");
      await writeFileAtomically(path, await writeKerasWeights(model));
    },
  };
}

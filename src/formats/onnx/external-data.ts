import { closeSync, fstatSync, readSync } from "node:fs";
import { FileError } from "../../errors/errors.js";
import { fileBeside } from "../../files/file-beside.js";
import { fileSystemError } from "../../files/file-system-errors.js";
import { openRegularFileSync } from "../../files/regular-file.js";
import type { ExternalData, ExternalPlace } from "../../onnx/read-model.js";

/** A file of weights, as far as it has been read. */
interface WeightsFile {
  readonly path: string;
  readonly size: number;
  /** Bytes that have been read of it. */
  taken: number;
  readonly parts: Map<string, Uint8Array>;
}

/**
 * Reads weights that an ONNX file has in files beside it, as PyTorch writes them since 2.9.
 *
 * @param model path of the ONNX file
 * @see https://onnx.ai/onnx/repo-docs/ExternalData.html
 */
export function externalDataBeside(model: string): ExternalData {
  const files = new Map<string, WeightsFile>();
  return (place) => {
    let file = files.get(place.location);
    if (file === undefined) {
      const path = fileBeside(model, place.location);
      file = { path, size: onFile(path, (handle) => fstatSync(handle).size), taken: 0, parts: new Map() };
      files.set(place.location, file);
    }
    // Tied weights name the same place.
    const key = `${place.offset} ${place.length}`;
    const part = file.parts.get(key) ?? read(model, file, place);
    file.parts.set(key, part);
    return part;
  };
}

function read(model: string, file: WeightsFile, { tensor, offset, length }: ExternalPlace): Uint8Array {
  const { path, size } = file;
  if (offset + length > size) {
    throw new FileError(`${path} is too short: the tensor "${tensor}" of ${model} ends behind its end.`, {
      subject: path,
      expected: `at least ${offset + length} bytes`,
      received: `${size} bytes`,
      advice: "The file is probably truncated, or of another model: fetch both files again.",
    });
  }
  file.taken += length;
  if (file.taken > size) {
    // Otherwise a small file could ask for any amount of memory.
    throw new FileError(`Tensors of ${model} overlap in ${path}.`, {
      subject: path,
      expected: "a place of its own for each tensor",
      received: `"${tensor}" at ${offset}, of ${length} bytes`,
    });
  }
  const bytes = new Uint8Array(length);
  onFile(path, (handle) => {
    for (let at = 0; at < length;) {
      const count = readSync(handle, bytes, at, Math.min(length - at, 2 ** 30), offset + at);
      if (count === 0) throw new Error("the file became shorter while it was read");
      at += count;
    }
  });
  return bytes;
}

function onFile<T>(path: string, action: (handle: number) => T): T {
  try {
    const handle = openRegularFileSync(path);
    try {
      return action(handle);
    } finally {
      closeSync(handle);
    }
  } catch (cause) {
    throw fileSystemError(cause, path, "read");
  }
}

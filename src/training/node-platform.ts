import { appendFile, mkdir, readFile, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { FileError } from "../errors/errors.js";
import type { FileWeights } from "../models/assign-weights.js";
import type { Platform } from "../models/platform.js";
import { createNodeRuntime, type NodeRuntimeOptions } from "../runtime/node.js";
import { writeFileAtomically } from "../weights/atomic-write.js";
import { errorCode, fileSystemError } from "../weights/file-system-errors.js";
import { readKerasWeights } from "../weights/keras-h5.js";
import { createTrainingLoops } from "./loops.js";

async function readWeights(path: string): Promise<FileWeights> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new FileError(`The weights file ${path} cannot be read.`, {
      subject: path,
      expected: "a file of weights in Keras's HDF5 layout",
      received: cause instanceof Error ? cause.message : String(cause),
      advice: 'Give the path of a .h5 file, or "imagenet".',
      cause,
    });
  }
  const { layers } = await readKerasWeights(bytes, path);
  return { file: path, layers };
}

async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return undefined;
    throw fileSystemError(cause, path, "read");
  }
}

/**
 * The platform that models have in Node.
 *
 * @throws UsageError when the device is not available
 */
export function createNodePlatform(options: NodeRuntimeOptions = {}): Platform {
  const runtime = createNodeRuntime(options);
  return {
    runtime,
    loops: createTrainingLoops(runtime),
    readWeights,
    writeFile: writeFileAtomically,
    readFile: readIfThere,
    async appendFile(path, bytes) {
      try {
        await mkdir(dirname(path), { recursive: true });
        await appendFile(path, bytes);
      } catch (cause) {
        throw fileSystemError(cause, path, "write");
      }
    },
    async removeFile(path) {
      try {
        await rm(path, { force: true });
      } catch (cause) {
        throw fileSystemError(cause, path, "write");
      }
    },
    terminal: { stream: process.stderr, env: process.env },
    print: (line) => {
      console.log(line);
    },
    warn: (line) => {
      console.error(line);
    },
  };
}

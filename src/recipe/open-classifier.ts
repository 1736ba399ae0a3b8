import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { FileError } from "../errors/errors.js";
import type { Runtime } from "../runtime/runtime.js";
import { errorCode, fileSystemError } from "../files/file-system-errors.js";
import { readRegularFile } from "../files/regular-file.js";
import { type Classifier, createClassifier } from "./classifier.js";

/**
 * The file that holds the classifier of a run.
 *
 * @param path a run folder, or a `model.onnx`
 * @throws FileError when there is none
 */
export async function classifierFile(path: string): Promise<string> {
  const advice = "Name a run folder or a model.onnx that `graft train` has written.";
  const missing = (expected: string, received: string): FileError =>
    new FileError(`There is no classifier at ${path}.`, { subject: path, expected, received, advice });
  try {
    if (!(await stat(path)).isDirectory()) return path;
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") throw missing("a run folder or a model.onnx", "nothing of that name");
    throw fileSystemError(cause, path, "read");
  }
  const file = join(path, "model.onnx");
  const there = await stat(file).then(
    (entry) => entry.isFile(),
    () => false,
  );
  if (!there) throw missing('a file "model.onnx" in the folder', `a folder without one`);
  return file;
}

/**
 * The bytes of a finished classifier.
 *
 * @param path a run folder, or a `model.onnx`
 * @throws FileError when there is none, or it cannot be read
 */
export async function classifierBytes(path: string): Promise<{ readonly file: string; readonly bytes: Uint8Array }> {
  const file = await classifierFile(path);
  const bytes = await readRegularFile(file).catch((cause: unknown) => {
    throw fileSystemError(cause, file, "read");
  });
  if (bytes.length === 0) {
    throw new FileError(`${file} is empty.`, {
      subject: file,
      expected: "a classifier",
      received: "no bytes",
      advice: `Copy ${basename(file)} again, or train anew.`,
    });
  }
  // Not as a Buffer, whose slice() shares memory: unaligned tensors could not be read.
  return { file, bytes: new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

/**
 * Opens a finished classifier.
 *
 * @param runtime where it will run
 * @param path a run folder, or a `model.onnx`
 * @param photos how many it will look at, see {@link createClassifier}
 * @throws FileError when there is none, it cannot be read, or it is not one that Graft has written
 * @throws ShapeError when it has more or fewer labels than probabilities
 * @throws EngineError when the engine refuses it
 */
export async function openClassifier(runtime: Runtime, path: string, photos = 1): Promise<Classifier> {
  const { file, bytes } = await classifierBytes(path);
  return createClassifier(runtime, bytes, file, photos);
}

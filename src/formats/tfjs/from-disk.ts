import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { textOf } from "../../errors/text-of.js";
import { fileBeside } from "../../files/file-beside.js";
import { fileSystemError } from "../../files/file-system-errors.js";
import { readRegularFile } from "../../files/regular-file.js";
import { readTfjsModel, type TfjsModel, type TfjsSource } from "./model-json.js";

/**
 * A source of a model's JSON and of the files beside it. Names and links that lead out of its folder are refused: a stranger's
 * model must not choose what is read.
 *
 * @param json path of the model's JSON
 */
export function sourceBeside(json: string): TfjsSource {
  const own = basename(json);
  const readBytes = async (name: string): Promise<Uint8Array> => {
    const path = name === own ? json : fileBeside(json, name);
    return readRegularFile(path).catch((cause: unknown) => {
      throw fileSystemError(cause, path, "read");
    });
  };
  return { readBytes, readText: async (name) => textOf(await readBytes(name), name) };
}

/**
 * Reads a TensorFlow.js model from disk.
 *
 * @param path the model's JSON, or the folder that holds it as `model.json`
 * @throws FileError when a file is missing, damaged, or not what a TensorFlow.js model has
 */
export async function readTfjsFile(path: string): Promise<TfjsModel> {
  const isFolder = await stat(path).then(
    (entry) => entry.isDirectory(),
    (cause: unknown) => {
      throw fileSystemError(cause, path, "read");
    },
  );
  const json = isFolder ? join(path, "model.json") : path;
  return readTfjsModel(sourceBeside(json), basename(json));
}

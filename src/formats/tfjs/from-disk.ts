import { readFile, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, relative, resolve } from "node:path";
import { FileError } from "../../errors/errors.js";
import { fileSystemError } from "../../files/file-system-errors.js";
import { readTfjsModel, type TfjsModel, type TfjsSource } from "./model-json.js";

/**
 * A source of the files in a folder. Names that lead out of it are refused: a stranger's model must not choose what is read.
 *
 * @param folder the folder of the model's JSON
 */
export function folderSource(folder: string): TfjsSource {
  const readBytes = async (name: string): Promise<Uint8Array> => {
    const path = resolve(folder, name);
    const inside = relative(folder, path);
    if (inside === "" || inside.startsWith("..") || isAbsolute(inside)) {
      throw new FileError(`The model in ${folder} names a file outside its folder.`, {
        subject: folder,
        expected: "weight files beside the model's JSON",
        received: name,
        advice: "Use only models that you trust.",
      });
    }
    return readFile(path).catch((cause: unknown) => {
      throw fileSystemError(cause, path, "read");
    });
  };
  return { readBytes, readText: async (name) => new TextDecoder().decode(await readBytes(name)) };
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
  return isFolder ? readTfjsModel(folderSource(path)) : readTfjsModel(folderSource(dirname(path)), basename(path));
}

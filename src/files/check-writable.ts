import { access, constants, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { FileError } from "../errors/errors.js";
import { errorCode, fileSystemError } from "./file-system-errors.js";

/**
 * Finds out, without leaving anything, whether a file could be written: folders that are missing will be made.
 *
 * @throws FileError when the path is a folder, or a folder on the way is none or cannot be written to
 */
export async function checkWritable(path: string): Promise<void> {
  const there = await kindOf(path);
  if (there === "folder") {
    throw new FileError(`${path} is a folder.`, {
      subject: path,
      expected: "the name of a file",
      received: "a folder of this name",
      advice: "Name a file in it.",
    });
  }
  await checkFolderWritable(dirname(path), path);
}

/**
 * Finds out, without leaving anything, whether something could be written into a folder; folders that are missing will be made.
 *
 * @param folder where it would go
 * @param path what errors name
 * @throws FileError when a folder on the way is none or cannot be written to
 */
export async function checkFolderWritable(folder: string, path: string): Promise<void> {
  let nearest = folder;
  while ((await kindOf(nearest)) === undefined && dirname(nearest) !== nearest) nearest = dirname(nearest);
  if ((await kindOf(nearest)) === "file") {
    throw new FileError(`${path} cannot be written.`, {
      subject: path,
      expected: `a folder "${nearest}"`,
      received: "a file of this name",
      advice: "Choose another folder.",
    });
  }
  await access(nearest, constants.W_OK | constants.X_OK).catch((cause: unknown) => {
    throw fileSystemError(cause, path, "write");
  });
}

async function kindOf(path: string): Promise<"folder" | "file" | undefined> {
  try {
    return (await stat(path)).isDirectory() ? "folder" : "file";
  } catch (cause) {
    // A file in the place of a folder is found further up.
    if (["ENOENT", "ENOTDIR"].includes(errorCode(cause) ?? "")) return undefined;
    throw fileSystemError(cause, path, "write");
  }
}

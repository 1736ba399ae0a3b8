import { access, constants } from "node:fs/promises";
import { makeFolder } from "./atomic-write.js";
import { fileSystemError } from "./file-system-errors.js";

/**
 * Makes a folder for files that take long to make, where it is missing, and finds out before they are made whether it takes any.
 *
 * @throws FileError when it is a file, or cannot be made or written to
 */
export async function prepareFolder(path: string): Promise<void> {
  try {
    await makeFolder(path);
    await access(path, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw fileSystemError(cause, path, "write");
  }
}

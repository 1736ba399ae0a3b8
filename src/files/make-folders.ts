import { mkdir } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { errorCode } from "./file-system-errors.js";

/**
 * Makes a folder and those above it that are missing. Node's own way says of a read-only disk that something on it does not exist;
 * this says what is so.
 *
 * @returns the highest folder that was made; `undefined` where nothing was missing
 * @throws what `node:fs` throws
 */
export async function makeFolders(path: string): Promise<string | undefined> {
  try {
    return await mkdir(path, { recursive: true });
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") await makeOne(resolve(path));
    throw cause;
  }
}

/** Makes the highest folder that is missing alone, which tells why it cannot be made. */
async function makeOne(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (cause) {
    if (errorCode(cause) !== "ENOENT" || dirname(path) === path) throw cause;
    await makeOne(dirname(path));
  }
}

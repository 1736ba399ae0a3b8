import { open, truncate } from "node:fs/promises";
import { dirname } from "node:path";
import { makeFolder } from "./atomic-write.js";
import { fileSystemError } from "./file-system-errors.js";

/**
 * Writes at the end of a file of records, which is made when it is missing: all of the bytes, or none of them. A rename would copy the whole
 * file for each record. A process that is killed in the middle may leave a part of the last record, and no other is touched.
 *
 * @throws FileError when the disk is full or the folder cannot be written to; the file is then as it was
 */
export async function appendToFile(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await makeFolder(dirname(path));
    const handle = await open(path, "a");
    try {
      const { size } = await handle.stat();
      try {
        await handle.writeFile(bytes);
      } catch (cause) {
        await handle.truncate(size);
        throw cause;
      }
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw fileSystemError(cause, path, "write", undefined, bytes.byteLength);
  }
}

/**
 * Takes away the end of a file of records: what a process that was killed has left of the last one.
 *
 * @param length bytes that stay
 * @throws FileError when it cannot be written to
 */
export async function cutFile(path: string, length: number): Promise<void> {
  try {
    await truncate(path, length);
  } catch (cause) {
    throw fileSystemError(cause, path, "write");
  }
}

import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { errorCode, fileSystemError } from "./file-system-errors.js";

/**
 * Writes a file so that, whatever happens meanwhile, its path holds either all of the old contents or all of the new:
 * to a temporary name in the same folder, then renamed. Missing folders are made.
 *
 * @param path the file
 * @param contents bytes, or text in UTF-8
 * @throws FileError when the disk is full or the folder cannot be written to; the old contents then remain
 */
export async function writeFileAtomically(path: string, contents: Uint8Array | string): Promise<void> {
  const temporary = `${path}.${String(process.pid)}-${randomBytes(4).toString("hex")}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    try {
      const handle = await open(temporary, "wx");
      try {
        await handle.writeFile(contents);
        // Otherwise a power cut just after the rename can leave an empty file under the final name.
        await handle.sync();
      } finally {
        await handle.close();
      }
      await replaceFile(temporary, path);
    } catch (cause) {
      await rm(temporary, { force: true });
      throw cause;
    }
  } catch (cause) {
    throw fileSystemError(cause, path, "write");
  }
}

/**
 * Renames a file over another. Windows refuses while a virus scanner or another reader holds either of them open, which
 * is over in moments, so there it is tried again for up to a second.
 *
 * @throws what `node:fs` throws
 */
export async function replaceFile(from: string, to: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await rename(from, to);
      return;
    } catch (cause) {
      const held = process.platform === "win32" && ["EPERM", "EACCES", "EBUSY"].includes(errorCode(cause) ?? "");
      if (!held || attempt === 10) throw cause;
      await sleep(100);
    }
  }
}

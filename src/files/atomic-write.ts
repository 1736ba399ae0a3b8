import { open, rename } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { errorCode, fileSystemError } from "./file-system-errors.js";
import { makeFolders } from "./make-folders.js";
import { removeUnfinished, sweepOnce, temporaryPath } from "./temporary-name.js";

/**
 * Writes a file so that, whatever happens meanwhile, its path holds either all of the old contents or all of the new:
 * to a temporary name in the same folder, then renamed. Missing folders are made. What processes that were killed at this left in
 * the folder is removed.
 *
 * @param path the file
 * @param contents bytes, or text in UTF-8; or pieces of bytes, which are written as they come
 * @throws FileError when the disk is full or the folder cannot be written to; the old contents then remain
 * @throws what the pieces throw
 */
export async function writeFileAtomically(
  path: string,
  contents: Uint8Array | string | AsyncIterable<Uint8Array>,
): Promise<void> {
  const isWhole = typeof contents === "string" || contents instanceof Uint8Array;
  const wanted = isWhole ? Buffer.byteLength(contents) : undefined;
  const onDisk = async <T>(action: () => Promise<T>): Promise<T> =>
    action().catch((cause: unknown) => {
      throw fileSystemError(cause, path, "write", undefined, wanted);
    });
  const folder = dirname(path);
  await onDisk(() => makeFolder(folder));
  await sweepOnce(resolve(folder));
  const temporary = temporaryPath(folder);
  try {
    const handle = await onDisk(() => open(temporary, "wx"));
    try {
      if (isWhole) await onDisk(() => handle.writeFile(contents));
      else for await (const piece of contents) await onDisk(() => handle.writeFile(piece));
      // Otherwise a power cut just after the rename can leave an empty file under the final name.
      await onDisk(() => handle.sync());
    } finally {
      await handle.close();
    }
    await onDisk(() => replaceFile(temporary, path));
    await onDisk(() => syncFolder(folder));
  } catch (cause) {
    await removeUnfinished(temporary);
    throw cause;
  }
}

/**
 * Makes a folder and those above it, so that they are still there after a power cut.
 *
 * @throws what `node:fs` throws
 */
export async function makeFolder(path: string): Promise<void> {
  const first = await makeFolders(path);
  if (first === undefined) return;
  const top = dirname(resolve(first));
  for (let folder = dirname(resolve(path)); folder.startsWith(top); folder = dirname(folder)) {
    await syncFolder(folder);
    if (folder === dirname(folder)) return;
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

/**
 * Has the system write what a file holds to the disk.
 *
 * @throws what `node:fs` throws
 */
export async function syncFile(path: string): Promise<void> {
  // Windows does it only for those who may write; elsewhere the file itself may be read-only.
  const handle = await open(path, process.platform === "win32" ? "r+" : "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Codes of systems and disks that do not write folders at once when they are asked to, or not for everybody. */
const noSync = new Set(["EPERM", "EACCES", "EISDIR", "EINVAL", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EBADF"]);

/**
 * Has the system write a folder's list of names to the disk, where it can: a new name is in there, and not in the file.
 *
 * @throws what `node:fs` throws
 */
export async function syncFolder(path: string): Promise<void> {
  try {
    const handle = await open(path, "r");
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    if (!noSync.has(errorCode(cause) ?? "")) throw cause;
  }
}

import { mkdir, open, readdir, rename, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile, syncFolder } from "./atomic-write.js";
import { errorCode } from "./file-system-errors.js";
import { isTemporaryName, removeUnfinished } from "./temporary-name.js";

/** Whether a folder is empty, apart from what is not whole yet. */
export async function holdsNothing(folder: string): Promise<boolean> {
  return (await readdir(folder)).every(isTemporaryName);
}

/**
 * Moves what is in one folder to another that is empty: all of it, or nothing.
 *
 * @param from a folder within it, or on the same disk
 * @returns whether it did; `false` where something is there already, or comes meanwhile
 * @throws what `node:fs` throws
 */
export async function fillFolder(folder: string, from: string): Promise<boolean> {
  if (!(await holdsNothing(folder))) return false;
  const moved: string[] = [];
  try {
    for (const entry of await readdir(from, { withFileTypes: true })) {
      const [source, target] = [join(from, entry.name), join(folder, entry.name)];
      // Whoever makes it has it: what is renamed over it is nobody else's.
      if (entry.isDirectory()) await mkdir(target);
      else await (await open(target, "wx")).close();
      moved.push(target);
      if (!entry.isDirectory()) await replaceFile(source, target);
      else {
        // POSIX replaces an empty folder; Windows replaces none.
        if (process.platform === "win32") await rmdir(target);
        await rename(source, target);
      }
    }
    await syncFolder(folder);
    return true;
  } catch (cause) {
    for (const path of moved) await removeUnfinished(path);
    if (errorCode(cause) === "EEXIST") return false;
    throw cause;
  }
}

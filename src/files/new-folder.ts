import { mkdir, readdir, rename, rm, rmdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { makeFolder, syncFolder, writeFileAtomically } from "./atomic-write.js";
import { errorCode, fileSystemError } from "./file-system-errors.js";
import { sweepOnce, temporaryPath } from "./temporary-name.js";

/** More folders of one name nobody wants. */
const most = 10_000;

/**
 * Writes a folder that was not there, or was empty: all of its files, or nothing. Folders above it are made.
 *
 * @param path the name that is wished for
 * @param files contents by their paths within the folder, with `/`
 * @param taken what becomes of a name that is taken: `another` writes `name-2`, `name-3` …; `refuse` writes nothing
 * @returns the path that was written; `undefined` where it is taken and that is refused
 * @throws FileError when the disk is full or the folder cannot be written to; nothing then remains
 */
export async function writeNewFolder(
  path: string,
  files: ReadonlyMap<string, Uint8Array | string>,
  taken: "another" | "refuse",
): Promise<string | undefined> {
  const above = dirname(resolve(path));
  const onDisk = async <T>(action: () => Promise<T>): Promise<T> =>
    action().catch((cause: unknown) => {
      throw fileSystemError(cause, path, "write");
    });
  await onDisk(() => makeFolder(above));
  await sweepOnce(above);
  const temporary = temporaryPath(above);
  try {
    for (const [name, contents] of files) await writeFileAtomically(join(temporary, ...name.split("/")), contents);
    for (let copy = 1; copy <= most; copy++) {
      const name = copy === 1 ? path : `${path}-${copy}`;
      const isWritten = await onDisk(async () => (await reserve(name)) && (await replaceEmpty(temporary, name)));
      if (isWritten) {
        await onDisk(() => syncFolder(above));
        return name;
      }
      if (taken === "refuse") return undefined;
    }
    return undefined;
  } finally {
    // Gone where it was renamed.
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Makes a folder, or finds it empty: others may find it empty too, and the first one that puts another in its place has it. */
async function reserve(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (cause) {
    if (errorCode(cause) !== "EEXIST") throw cause;
  }
  try {
    return (await readdir(path)).length === 0;
  } catch (cause) {
    if (errorCode(cause) === "ENOTDIR") return false;
    throw cause;
  }
}

/** What systems say of a folder that holds something, or is a file by now. */
const filled: ReadonlySet<string | undefined> = new Set(["ENOTEMPTY", "EEXIST", "ENOTDIR"]);

/** Renames a folder over an empty one, and says whether it did: one that holds something by now is not replaced. */
async function replaceEmpty(from: string, to: string): Promise<boolean> {
  try {
    // POSIX replaces an empty folder; Windows replaces none.
    if (process.platform === "win32") await rmdir(to);
    await rename(from, to);
    return true;
  } catch (cause) {
    if (filled.has(errorCode(cause))) return false;
    throw cause;
  }
}

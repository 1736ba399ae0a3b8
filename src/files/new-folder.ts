import { mkdir, readdir, rename, rmdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { FileError } from "../errors/errors.js";
import { makeFolder, syncFolder, writeFileAtomically } from "./atomic-write.js";
import { errorCode, fileSystemError } from "./file-system-errors.js";
import { fillFolder, holdsNothing } from "./fill-folder.js";
import { removeUnfinished, sweepOnce, temporaryPath } from "./temporary-name.js";

/** More folders of one name nobody wants. */
const most = 10_000;

/**
 * Writes a folder that was not there, or was empty: all of its files, or nothing. Folders above it are made. An empty folder that was there
 * stays the folder that it is, with its rights: it may be a mounted disk, lie in a folder that nobody may write to, or be where a shell is.
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
  try {
    return await writeUnderFreeName(path, files, taken);
  } catch (cause) {
    // Not where it was being made: nobody knows that name, and it is gone.
    const reason = cause instanceof FileError ? (cause.cause ?? cause) : cause;
    const bytes = [...files.values()].reduce((sum, contents) => sum + Buffer.byteLength(contents), 0);
    throw fileSystemError(reason, path, "write", undefined, bytes);
  }
}

async function writeUnderFreeName(
  path: string,
  files: ReadonlyMap<string, Uint8Array | string>,
  taken: "another" | "refuse",
): Promise<string | undefined> {
  const whole = resolve(path);
  if (await isEmptyFolder(whole)) {
    if (await inFolder(whole, files, (temporary) => fillFolder(whole, temporary))) return path;
    if (taken === "refuse") return undefined;
  }
  const above = dirname(whole);
  await makeFolder(above);
  return inFolder(above, files, async (temporary) => {
    for (let copy = 1; copy <= most; copy++) {
      const name = copy === 1 ? path : `${path}-${copy}`;
      if ((await reserve(name)) && (await replaceEmpty(temporary, name))) {
        await syncFolder(above);
        return name;
      }
      if (taken === "refuse") return undefined;
    }
    return undefined;
  });
}

/** Writes the files to a folder within another, hands that over, and removes it where it is still there afterwards. */
async function inFolder<T>(
  folder: string,
  files: ReadonlyMap<string, Uint8Array | string>,
  use: (temporary: string) => Promise<T>,
): Promise<T> {
  await sweepOnce(folder);
  const temporary = temporaryPath(folder);
  try {
    for (const [name, contents] of files) await writeFileAtomically(join(temporary, ...name.split("/")), contents);
    return await use(temporary);
  } finally {
    await removeUnfinished(temporary);
  }
}

/**
 * Whether there is a folder that holds nothing, also by a link.
 *
 * @throws FileError for a folder that may not be looked into
 */
export async function isEmptyFolder(path: string): Promise<boolean> {
  const isFolder = await stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
  if (!isFolder) return false;
  return holdsNothing(path).catch((cause: unknown) => {
    throw fileSystemError(cause, path, "read");
  });
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

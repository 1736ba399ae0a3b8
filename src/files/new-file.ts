import { open } from "node:fs/promises";
import { dirname, extname } from "node:path";
import { makeFolder, writeFileAtomically } from "./atomic-write.js";
import { errorCode, fileSystemError } from "./file-system-errors.js";
import { removeUnfinished } from "./temporary-name.js";

/** More files of one name nobody wants. */
const most = 10_000;

/**
 * Writes a file that was not there: where its name is taken, `name-2.png`, `name-3.png` … Missing folders are made.
 *
 * @param path the name that is wished for
 * @returns the path that was written
 * @throws FileError when the disk is full or the folder cannot be written to; nothing then remains
 */
export async function writeNewFile(path: string, contents: Uint8Array | string): Promise<string> {
  const written = await writeFirstFree(path, contents, most);
  if (written === undefined) throw fileSystemError(new Error("too many files of that name"), path, "write");
  return written;
}

/**
 * Writes a file under just this name, where nobody else has it: of two processes that do at the same moment, one.
 *
 * @param path its name; missing folders are made
 * @returns whether it was written; `false` where the name is taken
 * @throws FileError when the disk is full or the folder cannot be written to; nothing then remains
 */
export async function writeIfFree(path: string, contents: Uint8Array | string): Promise<boolean> {
  return (await writeFirstFree(path, contents, 1)) !== undefined;
}

/** @returns the path that was written; `undefined` where so many names are taken */
async function writeFirstFree(path: string, contents: Uint8Array | string, names: number): Promise<string | undefined> {
  const ending = extname(path);
  const stem = path.slice(0, path.length - ending.length);
  const onDisk = async <T>(action: () => Promise<T>): Promise<T> =>
    action().catch((cause: unknown) => {
      throw fileSystemError(cause, path, "write");
    });
  await onDisk(() => makeFolder(dirname(path)));
  for (let copy = 1; copy <= names; copy++) {
    const name = copy === 1 ? path : `${stem}-${copy}${ending}`;
    try {
      // Whoever makes it has it: what is renamed over it below is nobody else's.
      await (await open(name, "wx")).close();
    } catch (cause) {
      if (errorCode(cause) === "EEXIST") continue;
      throw fileSystemError(cause, name, "write");
    }
    try {
      await writeFileAtomically(name, contents);
      return name;
    } catch (cause) {
      await removeUnfinished(name);
      throw cause;
    }
  }
  return undefined;
}

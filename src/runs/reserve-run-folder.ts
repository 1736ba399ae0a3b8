import { randomInt } from "node:crypto";
import { mkdir, readdir, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { UsageError } from "../errors/errors.js";
import { errorCode, fileSystemError } from "../files/file-system-errors.js";

/** `20260131-235959`, in the computer's own time zone. */
function stamp(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const day = `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`;
  return `${day}-${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`;
}

/** Where a run on a folder goes unless the user says otherwise: `runs/<folder>-<date>-<time>`. */
export function defaultRunFolder(directory: string, date: Date): string {
  const name = basename(resolve(directory));
  return join("runs", `${name === "" ? "photos" : name}-${stamp(date)}`);
}

/** A folder that a run may be written to. */
export interface ReservedFolder {
  readonly path: string;
  /** Takes away what was made for a run that has come to nothing. Files are never removed. */
  abandon(): Promise<void>;
}

/**
 * Makes the folder of a run and makes sure that it can be written to, before an hour is spent on what goes there.
 *
 * @param chosen the user's choice; `undefined` for a new folder of the default name
 * @param byDefault that name; where another run has just taken it, a number is put behind it
 * @throws UsageError when there is something at the chosen path already
 * @throws FileError when it cannot be made or written to
 */
export async function reserveRunFolder(chosen: string | undefined, byDefault: string): Promise<ReservedFolder> {
  if (chosen !== undefined) await checkFree(chosen);
  let path = chosen ?? byDefault;
  let first: string | undefined;
  try {
    for (let copy = 1; ; copy++) {
      path = chosen ?? (copy === 1 ? byDefault : `${byDefault}-${copy}`);
      first = await makeFolder(path);
      // Undefined says that it was there.
      if (first !== undefined || chosen !== undefined) break;
    }
    const probe = join(path, `.writable-${process.pid}`);
    await writeFile(probe, "");
    await rm(probe);
  } catch (cause) {
    throw fileSystemError(cause, path, "write", "Choose another folder with --out, or change its permissions.");
  }
  return {
    path,
    async abandon() {
      if (first === undefined) return;
      // From the innermost up to the first that was made here; one that is no longer empty ends it.
      const top = resolve(first);
      for (let folder = resolve(path); folder.startsWith(top); folder = dirname(folder)) {
        const removed = await rmdir(folder).then(
          () => true,
          () => false,
        );
        if (!removed) return;
      }
    },
  };
}

/**
 * Makes a folder and those above it; returns the first that was missing, or `undefined` when the folder was there. The last step
 * is one of its own: of several runs that begin at once only one is told that it made the folder.
 */
async function makeFolder(path: string): Promise<string | undefined> {
  // Other processes that abandon their runs may take the folder or those above it away between any two steps, for which Node
  // says ENOENT or ENOTDIR; then all of it is tried again, a little later each time (half a second in
  // all), and not in step with the others. No result depends on it, so it needs no seed.
  for (let attempt = 1; ; attempt++) {
    try {
      const above = await mkdir(dirname(path), { recursive: true });
      try {
        await mkdir(path);
        return above ?? path;
      } catch (cause) {
        if (errorCode(cause) !== "EEXIST" || !(await stat(path)).isDirectory()) throw cause;
        return undefined;
      }
    } catch (cause) {
      if (attempt === 10 || !["ENOENT", "ENOTDIR"].includes(errorCode(cause) ?? "")) throw cause;
      await sleep(attempt * randomInt(5, 15));
    }
  }
}

async function checkFree(path: string): Promise<void> {
  const taken = (received: string): UsageError =>
    new UsageError(`The output folder ${path} cannot be used.`, {
      subject: "--out",
      expected: "a folder that does not exist yet, or an empty one",
      received,
      advice: "Choose another with --out, or move what is there: Graft overwrites nothing.",
    });
  try {
    if (!(await stat(path)).isDirectory()) throw taken("a file");
    const [entry] = await readdir(path);
    if (entry !== undefined) throw taken(`a folder that holds "${entry}"`);
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    // ENOTDIR is said when the folder is made.
    if (errorCode(cause) !== "ENOENT" && errorCode(cause) !== "ENOTDIR") throw fileSystemError(cause, path, "read");
  }
}

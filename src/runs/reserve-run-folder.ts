import { randomInt } from "node:crypto";
import type { Stats } from "node:fs";
import { mkdir, readdir, rmdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { FileError, GraftError, UsageError } from "../errors/errors.js";
import type { FileLock } from "../files/file-lock.js";
import { errorCode, fileSystemError } from "../files/file-system-errors.js";
import { makeFolders } from "../files/make-folders.js";
import { isLeftover, isTemporaryName, sweepLeftovers } from "../files/temporary-name.js";
import { Checkpoints, checkpointsIn } from "./checkpoints.js";
import { lockRunFolder, runLockName } from "./run-folder-lock.js";
import { runFiles } from "./run-files.js";

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

/** A folder that a run may be written to, and nobody else meanwhile. */
export interface ReservedFolder {
  readonly path: string;
  /**
   * @throws FileError when the folder no longer belongs to this run: it is gone, or another run has taken it
   */
  check(): Promise<void>;
  /** Gives the folder back at the end of the run. */
  release(): Promise<void>;
  /** Gives it back, and takes away what was made for a run that has come to nothing. Files are never removed. */
  abandon(): Promise<void>;
}

/**
 * Makes the folder of a run, locks it for as long as the run lasts, and makes sure that it can be written to, before an hour is spent on
 * what goes there. What runs that were killed have left of unfinished files is removed.
 *
 * @param chosen the user's choice; `undefined` for a new folder of the default name
 * @param byDefault that name; where another run has just taken it, a number is put behind it
 * @throws UsageError when there is something at the chosen path already, or another run uses it
 * @throws FileError when it cannot be made or written to
 */
export async function reserveRunFolder(chosen: string | undefined, byDefault: string): Promise<ReservedFolder> {
  // Before a lock is put where nobody wants it. Where there is one, it says more than the files beside it.
  if (chosen !== undefined && !(await entriesOf(chosen)).includes(runLockName)) await checkFree(chosen);
  for (let copy = 1; ; copy++) {
    const path = chosen ?? (copy === 1 ? byDefault : `${byDefault}-${copy}`);
    const made = await makeAndLock(path, chosen !== undefined);
    if (made === undefined) continue;
    const { first, lock } = made;
    const abandon = async (): Promise<void> => {
      await lock.release();
      if (first !== undefined) await removeEmpty(path, first);
    };
    try {
      await sweepLeftovers(path);
      if (chosen !== undefined) {
        await checkFree(chosen);
        // What a run that was killed at its very beginning has left of them.
        await new Checkpoints(chosen).remove();
      }
    } catch (cause) {
      await abandon();
      throw cause;
    }
    return { path, check: () => lock.check(), release: () => lock.release(), abandon };
  }
}

/**
 * @param path which folder
 * @param mayBeThere whether it need not be new
 * @returns its lock, and the first folder that was made; `undefined` when it was there and may not be
 */
async function makeAndLock(
  path: string,
  mayBeThere: boolean,
): Promise<{ readonly lock: FileLock; readonly first: string | undefined } | undefined> {
  try {
    // Another run that abandons the folder may take it away before it is locked.
    for (let attempt = 1; ; attempt++) {
      const first = await makeFolder(path);
      if (first === undefined && !mayBeThere) return undefined;
      try {
        return { first, lock: await lockRunFolder(path) };
      } catch (cause) {
        const isGone = cause instanceof FileError && errorCode(cause.cause) === "ENOENT";
        if (!isGone || attempt === 10) throw cause;
      }
    }
  } catch (cause) {
    if (cause instanceof GraftError && errorCode(cause.cause) === undefined) throw cause;
    const reason = cause instanceof GraftError ? cause.cause : cause;
    throw fileSystemError(reason, path, "write", "Choose another folder with --out, or mend this one.");
  }
}

/** Removes folders from the innermost up to the first that was made here; one that is no longer empty ends it. */
async function removeEmpty(path: string, first: string): Promise<void> {
  const top = resolve(first);
  for (let folder = resolve(path); folder.startsWith(top); folder = dirname(folder)) {
    const removed = await rmdir(folder).then(
      () => true,
      () => false,
    );
    if (!removed) return;
  }
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
      const above = await makeFolders(dirname(path));
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

/** For so long a lock is being written at most, in ms. */
const lockWriting = 1000;

/** What a folder holds when no lock is being written: that of a run which begins at the same moment is not what is in the folder. */
async function settledEntriesOf(path: string): Promise<readonly string[]> {
  const since = performance.now();
  for (;;) {
    const entries = await entriesOf(path);
    if (!(await isBeingWritten(path, entries)) || performance.now() - since > lockWriting) return entries;
    await sleep(10);
  }
}

/** Whether there is unfinished work of processes that live, and nothing else. */
async function isBeingWritten(path: string, entries: readonly string[]): Promise<boolean> {
  const unfinished = entries.filter(isTemporaryName);
  if (entries.some((entry) => !isTemporaryName(entry) && !entry.startsWith(runLockName))) return false;
  return (await Promise.all(unfinished.map((entry) => isLeftover(path, entry)))).includes(false);
}

/**
 * @throws UsageError when there is something at a path that is more than what a run that was killed left of unfinished files
 */
async function checkFree(path: string): Promise<void> {
  const taken = (received: string, others = ""): UsageError =>
    new UsageError(`The output folder ${path} cannot be used.`, {
      subject: "--out",
      expected: "a folder that does not exist yet, or an empty one",
      received,
      advice: `${others}Choose another with --out, or move what is there: Graft overwrites nothing.`,
    });
  const stats = await statIfThere(path);
  if (stats === undefined) return;
  if (!stats.isDirectory()) throw taken("a file");
  const entries = await settledEntriesOf(path);
  const checkpoints = await checkpointsIn(path);
  if (checkpoints === "begun" && !entries.includes(runFiles.record)) {
    throw taken("the folder of a run that has not come to its end", "Go on with that run by graft train --resume. ");
  }
  for (const entry of entries) {
    const isOwn =
      entry.startsWith(runLockName) ||
      (entry === runFiles.checkpoints && checkpoints === "leftovers") ||
      (await isLeftover(path, entry));
    if (!isOwn) throw taken(`a folder that holds "${entry}"`);
  }
}

/** What a folder holds; nothing where there is none, which is said when it is made. */
async function entriesOf(path: string): Promise<readonly string[]> {
  try {
    return await readdir(path);
  } catch (cause) {
    if (errorCode(cause) === "ENOENT" || errorCode(cause) === "ENOTDIR") return [];
    throw fileSystemError(cause, path, "read");
  }
}

async function statIfThere(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (cause) {
    if (errorCode(cause) === "ENOENT" || errorCode(cause) === "ENOTDIR") return undefined;
    throw fileSystemError(cause, path, "read");
  }
}

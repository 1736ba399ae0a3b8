import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { FileError, UsageError } from "../errors/errors.js";
import { type FileLock, type LockHolder, tryFileLock } from "../files/file-lock.js";
import { errorCode, fileSystemError } from "../files/file-system-errors.js";

/** The lock's name in the folder of a run. */
export const runLockName = ".graft-run.lock";

/** Whether somebody has, or had when it was killed, the folder of a run. */
export async function hasRunLock(path: string): Promise<boolean> {
  return lstat(join(path, runLockName)).then(
    () => true,
    () => false,
  );
}

/**
 * Takes the folder of a run for this process, for as long as the run lasts: nobody else writes to it meanwhile. The lock of a run that was
 * killed is taken over.
 *
 * @param path the folder, which is there
 * @param option which option named it, for messages
 * @throws UsageError when another run that lives has it
 * @throws FileError when the folder cannot be written to
 */
export async function lockRunFolder(path: string, option = "--out"): Promise<FileLock> {
  const taken = await tryLock(path);
  if ("lock" in taken) return taken.lock;
  const { mark, since } = taken.holder;
  const who = mark === undefined ? "another run" : `a run of process ${mark.pid} on ${mark.host}`;
  throw new UsageError(`The folder ${path} is used by another run.`, {
    subject: option,
    expected: "a folder that no other run writes to",
    received: since === undefined ? who : `${who}, since ${since}`,
    advice: `Wait for its end, or choose another folder with ${option}.`,
  });
}

/** Whoever cannot write to a run's folder hears of that folder; the names of files in it that were tried say nothing to them. */
async function tryLock(path: string): Promise<{ readonly lock: FileLock } | { readonly holder: LockHolder }> {
  try {
    return await tryFileLock(join(path, runLockName));
  } catch (error) {
    const reason = error instanceof FileError ? error.cause : error;
    if (errorCode(reason) === undefined) throw error;
    const advice = "Make the folder one that can be written to, or copy it to where there is room, and take the copy.";
    throw fileSystemError(reason, path, "write", advice);
  }
}

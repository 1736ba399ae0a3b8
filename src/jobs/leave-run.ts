import { FileError } from "../errors/errors.js";
import { errorCode, fileSystemError } from "../files/file-system-errors.js";
import { sweepLeftovers } from "../files/temporary-name.js";
import { Checkpoints, checkpointsIn } from "../runs/checkpoints.js";
import type { ReservedFolder } from "../runs/reserve-run-folder.js";
import { hasRunLock, lockRunFolder } from "../runs/run-folder-lock.js";
import type { JobContext } from "./job.js";

/**
 * Gives back a run's folder. What cannot be removed is said: it is no reason why a run that has come to its end has failed, and takes the
 * place of no other reason.
 *
 * @param over its checkpoints, where nobody goes on from them
 */
export async function leaveRun(
  folder: Pick<ReservedFolder, "path" | "abandon">,
  over: Checkpoints | undefined,
  emit: JobContext["emit"],
): Promise<void> {
  await told(folder.path, emit, async () => over?.remove());
  await told(folder.path, emit, () => folder.abandon());
}

/** Removes what a run that was killed at its very end has left beside what it came to. */
export async function tidyEnded(run: string, emit: JobContext["emit"]): Promise<void> {
  if ((await checkpointsIn(run)) !== "leftovers" && !(await hasRunLock(run))) return;
  await told(run, emit, async () => {
    const lock = await lockRunFolder(run, "--resume");
    try {
      await sweepLeftovers(run);
      if ((await checkpointsIn(run)) === "leftovers") await new Checkpoints(run).remove();
    } finally {
      await lock.release();
    }
  });
}

async function told(run: string, emit: JobContext["emit"], remove: () => Promise<void>): Promise<void> {
  try {
    await remove();
  } catch (cause) {
    if (!(cause instanceof FileError) && errorCode(cause) === undefined) throw cause;
    const { message } = fileSystemError(cause, run, "write", "Remove by hand what is left of them.");
    emit({
      event: "warning",
      code: "not-removed",
      message: `Checkpoints or the lock of ${run} are still there: ${message}`,
    });
  }
}

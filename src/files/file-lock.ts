import { open, readFile, rm, stat, utimes } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { errorCode, fileSystemError } from "./file-system-errors.js";

/** A lock that its holder has not touched for so long is one of a holder that is gone. In ms. */
const staleAfter = 60_000;

/**
 * Runs an action while holding a lock file, so that no two processes of this kind run it at once; waits for the other
 * as long as it lives. A lock whose holder has died, on this computer or on another that shares the folder, is taken over.
 *
 * Taking over is not free of races: two processes that both find a dead holder may both go on. Whoever uses this must
 * merely waste work then, not lose data.
 *
 * @param path the lock file; it exists while the lock is held
 * @param action what to do meanwhile
 * @param options.signal ends the waiting
 * @param options.poll how often to look whether the lock is free, in ms. Default 250
 * @throws FileError when the lock file cannot be written, what `action` throws, and the signal's reason
 */
export async function withFileLock<T>(
  path: string,
  action: () => Promise<T>,
  { signal, poll = 250 }: { signal?: AbortSignal | undefined; poll?: number } = {},
): Promise<T> {
  while (!(await take(path))) {
    signal?.throwIfAborted();
    if (await isAbandoned(path)) await rm(path, { force: true });
    else await sleep(poll);
  }
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, staleAfter / 4);
  heartbeat.unref();
  try {
    return await action();
  } finally {
    clearInterval(heartbeat);
    await rm(path, { force: true });
  }
}

async function take(path: string): Promise<boolean> {
  try {
    const handle = await open(path, "wx");
    try {
      await handle.writeFile(`${String(process.pid)} ${hostname()}\n`);
    } finally {
      await handle.close();
    }
    return true;
  } catch (cause) {
    if (errorCode(cause) === "EEXIST") return false;
    throw fileSystemError(cause, path, "write");
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  try {
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > staleAfter) return true;
    const [, pid, host] = /^(\d+) (.+)\n$/.exec(await readFile(path, "utf8")) ?? [];
    return pid !== undefined && host === hostname() && !isAlive(Number(pid));
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return false; // Just released: the next attempt takes it.
    throw fileSystemError(cause, path, "read");
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return errorCode(cause) !== "ESRCH"; // EPERM: it lives, and belongs to somebody else.
  }
}

import { randomBytes } from "node:crypto";
import { link, lstat, open, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { FileError } from "../errors/errors.js";
import { warn } from "../errors/warn.js";
import { makeFolder } from "./atomic-write.js";
import { errorCode, fileSystemError } from "./file-system-errors.js";
import { type Liveliness, livelinessOf, ownMark, type ProcessMark } from "./process-mark.js";
import { temporaryPath } from "./temporary-name.js";

/** Times in ms, shorter in tests. */
export interface LockTiming {
  /** How often the holder touches its lock. */
  readonly beat: number;
  /** Of a holder that cannot be asked, a lock that was touched so lately is believed. */
  readonly fresh: number;
  /** Any other is watched for so long, by a clock that nobody sets: a holder that lives touches it meanwhile. */
  readonly watch: number;
  /** Who has waited for so long says so. */
  readonly patience: number;
}

const usual: LockTiming = { beat: 5000, fresh: 60_000, watch: 15_000, patience: 2000 };

/** A lock that this process holds. */
export interface FileLock {
  /**
   * Takes the lock once more where somebody has removed it, with its folder perhaps.
   *
   * @throws FileError when another process has it now: this one slept for long in the eyes of another computer
   */
  check(): Promise<void>;
  /** Gives it back; a second time does nothing. */
  release(): Promise<void>;
}

/** Who holds a lock; the fields are missing where its file does not say. */
export interface LockHolder {
  readonly mark?: ProcessMark | undefined;
  /** When it was taken, as ISO 8601. */
  readonly since?: string | undefined;
}

/**
 * Runs an action while holding a lock file, so that no two processes run it at once; waits for the other as long as it lives. A lock
 * whose holder has died, on this computer or on another that shares the folder, is taken over. After two seconds it is said, as a warning, for
 * what and for whom this process waits.
 *
 * @param path the lock file; it exists while the lock is held
 * @param action what to do meanwhile
 * @param options.signal ends the waiting
 * @param options.poll how often to look whether the lock is free, in ms. Default 250
 * @param options.timing shorter times, for tests
 * @throws FileError when the lock file cannot be written, what `action` throws, and the signal's reason
 */
export async function withFileLock<T>(
  path: string,
  action: () => Promise<T>,
  options: { signal?: AbortSignal | undefined; poll?: number; timing?: Partial<LockTiming> } = {},
): Promise<T> {
  const { signal, poll = 250, timing } = options;
  const times = { ...usual, ...timing };
  const taker = new Taker(path, times);
  const since = performance.now();
  let isTold = false;
  for (;;) {
    const taken = await taker.attempt();
    if (taken instanceof HeldLock) {
      try {
        return await action();
      } finally {
        await taken.release();
      }
    }
    signal?.throwIfAborted();
    if (!isTold && taken.state !== "free" && performance.now() - since >= times.patience) {
      isTold = true;
      tellWaiting(path, taken.state === "held" ? taken.holder : {});
    }
    await sleep(taken.state === "free" ? 1 : poll);
  }
}

/** A process that is silent looks as if it hung. */
function tellWaiting(path: string, { mark, since }: LockHolder): void {
  // What this process does itself, it says itself.
  if (mark?.pid === process.pid && mark.space === ownMark().space) return;
  const what = path.replace(/\.lock$/, "");
  const who = mark === undefined ? "Another process" : `Process ${String(mark.pid)} on ${mark.host}`;
  const when = since === undefined ? "" : `, since ${since.slice(0, 19).replace("T", " ")} UTC`;
  warn(`${who} is at work on ${what}${when}: this one waits for its end, and goes on then.`, "waiting");
}

/**
 * Takes a lock for a longer time, or says who has it. One that nobody seems to hold any more, of a holder that cannot be asked, is watched for
 * some seconds first.
 *
 * @param path the lock file; it exists while the lock is held
 * @param timing shorter times, for tests
 * @throws FileError when the lock file cannot be written
 */
export async function tryFileLock(
  path: string,
  timing: Partial<LockTiming> = {},
): Promise<{ readonly lock: FileLock } | { readonly holder: LockHolder }> {
  const taker = new Taker(path, { ...usual, ...timing });
  for (;;) {
    const taken = await taker.attempt();
    if (taken instanceof HeldLock) return { lock: taken };
    if (taken.state === "held") return { holder: taken.holder };
    await sleep(taken.state === "free" ? 1 : 50);
  }
}

const holderSchema = z.object({
  pid: z.number(),
  host: z.string(),
  space: z.string(),
  began: z.string(),
  since: z.string(),
});

function holderIn(text: string): LockHolder {
  try {
    const { since, ...mark } = holderSchema.parse(JSON.parse(text));
    return { mark, since };
  } catch {
    // Not written to its end, or no lock of Graft's.
    return {};
  }
}

async function take(path: string, { beat }: LockTiming): Promise<HeldLock | undefined> {
  const holder = { ...ownMark(), since: new Date().toISOString(), token: randomBytes(8).toString("hex") };
  const text = `${JSON.stringify(holder)}\n`;
  return (await write(path, text)) ? new HeldLock(path, text, beat) : undefined;
}

/** Codes of disks that know no second name for a file. */
const noLinks = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EINVAL", "EMLINK", "EACCES"]);

/**
 * Makes a lock's file; gives whether it was not there. It gets its name when it is whole: of a process that was killed while it wrote,
 * nobody could tell that it has died.
 */
async function write(path: string, text: string): Promise<boolean> {
  const temporary = temporaryPath(dirname(path));
  try {
    await writeNew(temporary, text);
    try {
      await link(temporary, path);
      return true;
    } catch (cause) {
      if (errorCode(cause) === "EEXIST") return false;
      if (!noLinks.has(errorCode(cause) ?? "")) throw cause;
    } finally {
      await rm(temporary, { force: true });
    }
    await writeNew(path, text);
    return true;
  } catch (cause) {
    if (errorCode(cause) === "EEXIST") return false;
    throw fileSystemError(cause, path, "write");
  }
}

/** @throws what `node:fs` throws, `EEXIST` where there is a file */
async function writeNew(path: string, text: string): Promise<void> {
  const handle = await open(path, "wx");
  try {
    await handle.writeFile(text);
  } catch (cause) {
    await rm(path, { force: true });
    throw cause;
  } finally {
    await handle.close();
  }
}

class HeldLock implements FileLock {
  private readonly heart: NodeJS.Timeout;

  constructor(
    private readonly path: string,
    private readonly text: string,
    beat: number,
  ) {
    this.heart = setInterval(() => {
      this.touch().catch(() => undefined); // `check` says so where it matters.
    }, beat);
    this.heart.unref();
  }

  async check(): Promise<void> {
    if (await this.isOwn()) return;
    try {
      await makeFolder(dirname(this.path));
    } catch (cause) {
      throw fileSystemError(cause, this.path, "write");
    }
    if (await write(this.path, this.text)) return;
    throw new FileError(`${this.path} is no longer held by this process.`, {
      subject: this.path,
      expected: "the lock that this process has taken",
      received: "that of another process",
      advice: "Let one process at a time write there, and remove no lock of one that runs.",
    });
  }

  async release(): Promise<void> {
    clearInterval(this.heart);
    if (await this.isOwn()) await rm(this.path, { force: true });
  }

  /** Shows others that this process lives. */
  private async touch(): Promise<void> {
    if (!(await this.isOwn())) return;
    const handle = await open(this.path, "r+");
    try {
      const now = new Date();
      await handle.utimes(now, now);
    } finally {
      await handle.close();
    }
  }

  private async isOwn(): Promise<boolean> {
    return (await look(this.path))?.text === this.text;
  }
}

/** What a lock file shows. */
interface Seen {
  readonly text: string;
  readonly touched: number;
}

/** `undefined` when there is none. */
async function look(path: string): Promise<Seen | undefined> {
  try {
    // A pipe would be waited for, and a link that leads nowhere would be looked at for good.
    if (!(await lstat(path)).isFile()) {
      throw new FileError(`${path} is no lock.`, {
        subject: path,
        expected: "a file",
        received: "something else of that name",
        advice: "Remove it.",
      });
    }
    // Opened, since a shared folder's system may answer a question about a name from its memory.
    const handle = await open(path, "r");
    try {
      const { mtimeMs } = await handle.stat();
      return { text: await handle.readFile("utf8"), touched: mtimeMs };
    } finally {
      await handle.close();
    }
  } catch (cause) {
    // The folder may have been removed with it.
    if (errorCode(cause) === "ENOENT" || errorCode(cause) === "ENOTDIR") return undefined;
    throw cause instanceof FileError ? cause : fileSystemError(cause, path, "read");
  }
}

/** What an attempt has found: a lock of one that lives, one that has to be watched, or one that may be free by now. */
type NotTaken = { readonly state: "free" | "watched" } | { readonly state: "held"; readonly holder: LockHolder };

/** Attempts to take a lock; judges its holder by what its file shows, the longer it is looked at the better. */
class Taker {
  private readonly lock: Watch;
  private readonly guard: Watch;

  constructor(
    private readonly path: string,
    private readonly timing: LockTiming,
  ) {
    this.lock = new Watch(timing);
    this.guard = new Watch({ ...timing, fresh: 0 });
  }

  async attempt(): Promise<HeldLock | NotTaken> {
    const before = await look(this.path);
    const lock = before === undefined ? await take(this.path, this.timing) : undefined;
    if (lock !== undefined) return lock;
    const seen = before ?? (await look(this.path));
    if (seen === undefined) return { state: "free" };
    const liveliness = this.lock.judge(seen);
    if (liveliness === "alive") return { state: "held", holder: holderIn(seen.text) };
    if (liveliness === "dead" && (await this.takeAway(seen))) return { state: "free" };
    return { state: "watched" };
  }

  /**
   * Removes the lock of a holder that is dead, unless somebody else has; gives whether it may be free now. Of several that find
   * a dead holder only one removes, and looks once more before: otherwise the second would remove the lock that the first has just
   * taken.
   */
  private async takeAway(dead: Seen): Promise<boolean> {
    const guard = `${this.path}.taking`;
    try {
      await (await open(guard, "wx")).close();
    } catch (cause) {
      if (errorCode(cause) !== "EEXIST") throw fileSystemError(cause, guard, "write");
      // It is there for moments; one that stays was left by a process that was killed in these.
      const left = await look(guard);
      if (left !== undefined && this.guard.judge(left) === "dead") await rm(guard, { force: true });
      return false;
    }
    try {
      const now = await look(this.path);
      if (now?.text === dead.text) await rm(this.path, { force: true });
      return true;
    } finally {
      await rm(guard, { force: true });
    }
  }
}

/** Looks at a lock file again and again. */
class Watch {
  private seen: Seen | undefined;
  private since = 0;

  constructor(private readonly timing: LockTiming) {}

  judge(seen: Seen): Liveliness {
    const { mark } = holderIn(seen.text);
    const told = mark === undefined ? "unknown" : livelinessOf(mark);
    if (told !== "unknown") return told;
    if (this.seen?.text !== seen.text || this.seen.touched !== seen.touched) {
      const isTouched = this.seen?.text === seen.text;
      this.seen = seen;
      this.since = performance.now();
      if (isTouched) return "alive";
    }
    // By clocks, which may have been set meanwhile, or differ between computers: they alone take nothing away.
    const age = Date.now() - seen.touched;
    if (age >= 0 && age < this.timing.fresh) return "alive";
    return performance.now() - this.since > this.timing.watch ? "dead" : "unknown";
  }
}

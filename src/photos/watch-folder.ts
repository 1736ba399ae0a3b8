import { readdir, realpath, stat } from "node:fs/promises";
import { basename, dirname, extname, join, relative, resolve, sep } from "node:path";
import { watch } from "chokidar";
import { FileError } from "../errors/errors.js";
import { errorCode, fileSystemError } from "../files/file-system-errors.js";
import { isHeatMap } from "./heat-maps.js";
import { photoExtensions } from "./photo-format.js";

/** How long a file must have kept its size, in ms: cameras and copies write in pieces. */
const settled = 1000;

/** More photos are not given at once. */
const mostAtOnce = 256;

/** How often it is looked whether the folder is still there, in ms. */
const lookEvery = 2000;

/** How a folder is watched. */
export interface WatchOptions {
  /** Whether the photos that are there already come first. */
  readonly all: boolean;
  /** Folders in it that are not watched; what lies elsewhere does not matter. */
  readonly except: readonly string[];
  readonly signal: AbortSignal;
  /** Told once how many photos are there already. */
  readonly onBegin: (photos: number) => void;
  /** Told of a file or folder that there is no permission for: it is not watched. */
  readonly onForbidden: (path: string) => void;
}

function isHidden(path: string, directory: string): boolean {
  return relative(directory, path)
    .split(sep)
    .some((name) => name.startsWith(".") && name !== "." && name !== "..");
}

/** Whether a path is a folder in the one that is watched, or in that folder; folders around the one that is watched hold it, and are none. */
function isWithin(path: string, folder: string, root: string): boolean {
  return folder.startsWith(root + sep) && (path === folder || path.startsWith(folder + sep));
}

/**
 * Where a folder is, links followed, or will be when it is made.
 *
 * @param folder which may be missing
 */
export async function realPlace(folder: string): Promise<string> {
  const whole = resolve(folder);
  const parent = dirname(whole);
  try {
    return await realpath(whole);
  } catch (cause) {
    if (errorCode(cause) !== "ENOENT" || parent === whole) return whole;
    return join(await realPlace(parent), basename(whole));
  }
}

/**
 * Photos of a folder, and of folders in it, as they come: each when it is completely written, and once more when its contents change.
 *
 * @returns their paths, until the signal: all that have come meanwhile, at most 256 together
 * @throws FileError when the folder goes, or the system cannot watch it
 */
export async function* watchFolder(directory: string, options: WatchOptions): AsyncGenerator<readonly string[]> {
  const { all, except, signal, onBegin, onForbidden } = options;
  // A link is not followed while it is watched; paths begin with the folder's name as it was given all the same.
  const root = await realpath(directory).catch((cause: unknown) => {
    throw fileSystemError(cause, directory, "read");
  });
  const { ino, dev } = await stat(root, { bigint: true }).catch((cause: unknown) => {
    throw fileSystemError(cause, directory, "read");
  });
  const unwatched = await Promise.all(except.map(realPlace));
  const isIgnored = (path: string): boolean => {
    const whole = resolve(path);
    return isHidden(whole, root) || unwatched.some((folder) => folder !== root && isWithin(whole, folder, root));
  };
  // Heat maps that `graft explain` draws beside photos come too.
  const isPhoto = (path: string): boolean =>
    photoExtensions.includes(extname(path).slice(1).toLowerCase()) && !isHeatMap(path);
  const waiting = new Set<string>();
  let trouble: unknown;
  let there = 0;
  /** Whether all that is there has been seen. */
  const known = { isComplete: false };
  let wake = (): void => undefined;
  const watcher = watch(root, {
    ignored: isIgnored,
    // Two names of one file are two photos; a link in a circle is none.
    followSymlinks: false,
    awaitWriteFinish: { stabilityThreshold: settled, pollInterval: 100 },
  });
  const come = (path: string): void => {
    const named = join(directory, relative(root, path));
    if (!isPhoto(path)) return;
    waiting.add(named);
    wake();
  };
  const fail = (cause: unknown): void => {
    trouble ??= cause;
    wake();
  };
  const stop = (): void => {
    wake();
  };
  // A folder is read, and only then watched: what comes into it between both is seen by looking once more.
  const unread = new Set<string>();
  let secondLook: NodeJS.Timeout | undefined;
  /** Those that were told: looked at again, they would be told again. */
  const forbidden = new Set<string>();
  const lookAgain = (): void => {
    secondLook = undefined;
    // Before that, chokidar itself is still reading. Its list is of all folders, so all of them share one.
    if (!known.isComplete) {
      secondLook = setTimeout(lookAgain, settled);
      return;
    }
    const folders = [...unread];
    unread.clear();
    const found = new Map<string, readonly string[]>();
    const readAll = async (): Promise<void> => {
      for (const path of folders) {
        const names = await namesIn(path);
        if (names.length > 0) found.set(path, names);
      }
      if (watcher.closed) return;
      const watched = watcher.getWatched();
      const missed = [...found].flatMap(([path, names]) => {
        const own = new Set(watched[path]);
        return names.filter((name) => !own.has(name)).map((name) => join(path, name));
      });
      const wanted = missed.filter((path) => !isIgnored(path));
      if (wanted.length > 0) watcher.add(wanted);
    };
    readAll().catch(fail);
  };
  watcher
    .on("addDir", (path) => {
      unread.add(path);
      secondLook ??= setTimeout(lookAgain, settled);
    })
    .on("add", (path) => {
      if (!known.isComplete) {
        if (isPhoto(path)) there++;
        if (!all) return;
      }
      come(path);
    })
    .on("change", come)
    .on("ready", () => {
      known.isComplete = true;
      wake();
    })
    .on("error", (cause) => {
      const path = pathOf(cause);
      // A folder in it that may not be looked into costs no other photo.
      if (isForbidden(cause) && path !== undefined && resolve(path) !== root) {
        if (!forbidden.has(path)) onForbidden(join(directory, relative(root, path)));
        forbidden.add(path);
      } else fail(cause);
    });
  signal.addEventListener("abort", stop, { once: true });
  // Nobody is told that the folder itself goes, or its disk.
  const look = setInterval(() => {
    stat(root, { bigint: true }).then(
      (now) => {
        // One that was made anew under the name is another one, of which nothing would be heard.
        if (now.ino !== ino || now.dev !== dev) fail(gone(directory, undefined));
      },
      (cause: unknown) => {
        fail(gone(directory, cause));
      },
    );
  }, lookEvery);
  try {
    // With `all` each photo wakes, also before the last one of those that are there.
    while (!known.isComplete && trouble === undefined && !signal.aborted) {
      await new Promise<void>((done) => {
        wake = done;
      });
    }
    if (trouble === undefined && !signal.aborted) onBegin(there);
    for (;;) {
      if (signal.aborted) return;
      if (trouble !== undefined) throw unwatchable(trouble, directory);
      if (waiting.size > 0) {
        const paths = Array.from(waiting).slice(0, mostAtOnce);
        for (const path of paths) waiting.delete(path);
        yield paths;
        continue;
      }
      await new Promise<void>((done) => {
        wake = done;
      });
    }
  } finally {
    clearInterval(look);
    clearTimeout(secondLook);
    signal.removeEventListener("abort", stop);
    await watcher.close();
  }
}

/** Names in a folder; none where it has gone again, or may not be looked into, which is told by others. */
async function namesIn(path: string): Promise<readonly string[]> {
  return readdir(path).catch((cause: unknown) => {
    if (isForbidden(cause) || ["ENOENT", "ENOTDIR"].includes(errorCode(cause) ?? "")) return [];
    throw cause;
  });
}

function isForbidden(cause: unknown): boolean {
  return ["EACCES", "EPERM"].includes(errorCode(cause) ?? "");
}

/** The file or folder that an error of the system is about. */
function pathOf(cause: unknown): string | undefined {
  const path = typeof cause === "object" && cause !== null && "path" in cause ? cause.path : undefined;
  return typeof path === "string" ? path : undefined;
}

function gone(directory: string, cause: unknown): FileError {
  return new FileError(`The folder ${directory} has gone while it was watched.`, {
    subject: directory,
    expected: "the folder that was there when the watching began",
    received:
      cause === undefined
        ? "another folder of this name"
        : errorCode(cause) === "ENOENT"
          ? "no such folder"
          : "a folder that cannot be looked at",
    advice:
      cause === undefined
        ? "Begin again: what is in it is seen with --all."
        : "Bring it back, or connect its disk again.",
    cause,
  });
}

function unwatchable(cause: unknown, directory: string): FileError {
  if (errorCode(cause) === "ENOSPC") {
    return new FileError(`The system watches no more folders than it does, and not ${directory}.`, {
      subject: directory,
      expected: "room for a watch on each folder in it",
      received: "the limit of fs.inotify.max_user_watches",
      advice: "Name a smaller folder, or raise the limit: sysctl fs.inotify.max_user_watches=524288",
      cause,
    });
  }
  return fileSystemError(cause, directory, "read");
}

import { lstat, rm, stat } from "node:fs/promises";
import { dirname, isAbsolute, join, normalize, resolve } from "node:path";
import envPaths from "env-paths";
import { FileError, UsageError } from "../errors/errors.js";
import { warnOfCache } from "../errors/warn.js";
import { makeFolder, writeFileAtomically } from "./atomic-write.js";
import { type Checksum, hashBytes } from "./checksum.js";
import { withFileLock } from "./file-lock.js";
import { errorCode, fileSystemError } from "./file-system-errors.js";
import { readRegularFile } from "./regular-file.js";

/** A file to keep in the cache. */
export interface CacheEntry {
  /** Where in the cache, with `/` between folders; for example `coco-ssd/1.0.6/model.json`. */
  readonly name: string;
  /** What the bytes must add up to, when that is known; default: what they added up to when they were written. */
  readonly checksum?: Checksum;
  /** Makes the bytes when the cache does not hold them, or holds them damaged. */
  make(): Promise<Uint8Array>;
}

/**
 * The folder in which Graft keeps what it downloaded: the environment variable GRAFT_CACHE when it is set, else the
 * system's usual place for caches (`~/.cache/graft`, `~/Library/Caches/graft`, `%LOCALAPPDATA%\graft\Cache`).
 *
 * @param env default `process.env`
 */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  const chosen = env["GRAFT_CACHE"];
  return chosen === undefined || chosen === "" ? envPaths("graft", { suffix: "" }).cache : resolve(chosen);
}

/**
 * The path that an entry of the cache has, whether or not it exists.
 *
 * @param name with `/` between folders
 * @param folder default {@link cacheFolder}
 * @throws UsageError when the name leads out of the cache
 */
export function cachePath(name: string, folder: string = cacheFolder()): string {
  const relative = normalize(name);
  if (name === "" || isAbsolute(relative) || relative.split(/[\\/]/).includes("..") || relative === ".") {
    throw new UsageError(`"${name}" is no name for a file in the cache.`, {
      subject: name,
      expected: "a relative path inside the cache",
      received: `"${name}"`,
    });
  }
  return join(folder, relative);
}

/**
 * Whether the cache holds a file, damaged or not.
 *
 * @param name with `/` between folders
 */
export async function isKept(name: string): Promise<boolean> {
  const path = cachePath(name);
  try {
    return (await stat(path)).isFile();
  } catch (cause) {
    if (errorCode(cause) === "ENOENT" || errorCode(cause) === "ENOTDIR") return false;
    throw fileSystemError(cause, path, "read", elsewhere);
  }
}

/**
 * The bytes of a file in the cache, made and written first when they are not there. Bytes are checked each time they
 * are read: against the given checksum, or against the SHA-256 kept beside the file as `<name>.sha256`. Damaged ones, and what is no file
 * or cannot be read, are made again. Of several processes one makes them, and the others wait for it. Where the cache cannot be written
 * to, they are made each time, with a warning.
 *
 * @param entry what to keep, and how to make it
 * @param folder default {@link cacheFolder}
 * @throws FileError when `make` gives bytes that do not fit the checksum, and what `make` throws
 */
export async function cached(entry: CacheEntry, folder: string = cacheFolder()): Promise<Uint8Array> {
  const path = cachePath(entry.name, folder);
  const kept = await readKept(path, entry.checksum);
  if (kept !== undefined) return kept;
  const failures = new Set<unknown>();
  try {
    await clearTheWay(path, folder);
    await makeFolder(dirname(path));
    return await withFileLock(
      `${path}.lock`,
      async () => {
        const since = await readKept(path, entry.checksum);
        if (since !== undefined) return since;
        const bytes = await made(entry).catch((cause: unknown) => {
          failures.add(cause);
          throw cause;
        });
        await keep(path, bytes, entry.checksum);
        return bytes;
      },
      { poll: 50 },
    );
  } catch (cause) {
    // What making has thrown is no matter of the cache.
    if (failures.has(cause) || errorCode(cause instanceof FileError ? cause.cause : cause) === undefined) throw cause;
    warnOfCache(notKept(path, cause).message);
    return made(entry);
  }
}

async function made(entry: CacheEntry): Promise<Uint8Array> {
  const bytes = await entry.make();
  const { checksum } = entry;
  if (checksum === undefined) return bytes;
  const hex = hashBytes(bytes, checksum.algorithm);
  if (hex === checksum.hex.toLowerCase()) return bytes;
  throw new FileError(`${entry.name} is not what it should be.`, {
    subject: entry.name,
    expected: `${checksum.algorithm} ${checksum.hex}`,
    received: `${checksum.algorithm} ${hex} (${String(bytes.byteLength)} bytes)`,
    advice: "Try again; if this stays so, the file has been changed at its source.",
  });
}

/** Keeps bytes; where they cannot be kept, that is said. */
async function keep(path: string, bytes: Uint8Array, checksum: Checksum | undefined): Promise<void> {
  try {
    await writeFileAtomically(path, bytes);
    // Second, so that a crash in between leaves a file without its checksum, which is then made again.
    if (checksum === undefined) await writeFileAtomically(`${path}.sha256`, `${hashBytes(bytes, "sha256")}\n`);
  } catch (cause) {
    if (!(cause instanceof FileError)) throw cause;
    warnOfCache(notKept(path, cause).message);
  }
}

function notKept(path: string, cause: unknown): FileError {
  return fileSystemError(cause instanceof FileError ? cause.cause : cause, path, "write", elsewhere);
}

/** Removes what lies in the cache where an entry has a file or a folder, and is none: a folder, or a file in a folder's place. */
async function clearTheWay(path: string, folder: string): Promise<void> {
  const places = [`${path}.sha256`, path];
  for (let place = dirname(path); place !== folder && place.startsWith(folder); place = dirname(place))
    places.push(place);
  for (const place of places) {
    const there = await lstat(place).catch((cause: unknown) => {
      if (["ENOENT", "ENOTDIR"].includes(errorCode(cause) ?? "")) return undefined;
      throw cause;
    });
    if (there === undefined || there.isSymbolicLink()) continue;
    const isFile = place === path || place === `${path}.sha256`;
    if (isFile ? there.isDirectory() : !there.isDirectory()) await rm(place, { recursive: true, force: true });
  }
}

/** The file's bytes if it is there and undamaged. */
async function readKept(path: string, checksum: Checksum | undefined): Promise<Uint8Array | undefined> {
  const bytes = await readIfThere(path);
  if (bytes === undefined) return undefined;
  const algorithm = checksum?.algorithm ?? "sha256";
  const wanted = checksum?.hex.toLowerCase() ?? (await readIfThere(`${path}.sha256`))?.toString().trim();
  return wanted === hashBytes(bytes, algorithm) ? bytes : undefined;
}

/** A file's bytes; `undefined` for what is no file or cannot be read, and so has to be made. */
async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readRegularFile(path);
  } catch (cause) {
    if (errorCode(cause) === undefined && !(cause instanceof FileError)) throw cause;
    return undefined;
  }
}

/** What to do where the cache cannot be used. */
export const elsewhere = "Set the environment variable GRAFT_CACHE to another folder, or mend this one.";

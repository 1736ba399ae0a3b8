import { readFile, stat } from "node:fs/promises";
import { isAbsolute, join, normalize, resolve } from "node:path";
import envPaths from "env-paths";
import { FileError, UsageError } from "../errors/errors.js";
import { writeFileAtomically } from "./atomic-write.js";
import { type Checksum, hashBytes } from "./checksum.js";
import { errorCode, fileSystemError } from "./file-system-errors.js";

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
 * are read: against the given checksum, or against the SHA-256 kept beside the file as `<name>.sha256`. Damaged ones
 * are made again.
 *
 * @param entry what to keep, and how to make it
 * @param folder default {@link cacheFolder}
 * @throws FileError when the cache cannot be read or written, or `make` gives bytes that do not fit the checksum, and
 * what `make` throws
 */
export async function cached(entry: CacheEntry, folder: string = cacheFolder()): Promise<Uint8Array> {
  const path = cachePath(entry.name, folder);
  const kept = await readKept(path, entry.checksum);
  if (kept !== undefined) return kept;
  const bytes = await entry.make();
  const { checksum } = entry;
  if (checksum !== undefined) {
    const hex = hashBytes(bytes, checksum.algorithm);
    if (hex !== checksum.hex.toLowerCase()) {
      throw new FileError(`${entry.name} is not what it should be.`, {
        subject: entry.name,
        expected: `${checksum.algorithm} ${checksum.hex}`,
        received: `${checksum.algorithm} ${hex} (${String(bytes.byteLength)} bytes)`,
        advice: "Try again; if this stays so, the file has been changed at its source.",
      });
    }
  }
  await advisingAnotherFolder(async () => {
    await writeFileAtomically(path, bytes);
    // Second, so that a crash in between leaves a file without its checksum, which is then made again.
    if (checksum === undefined) await writeFileAtomically(`${path}.sha256`, `${hashBytes(bytes, "sha256")}\n`);
  });
  return bytes;
}

/** The file's bytes if it is there and undamaged. */
async function readKept(path: string, checksum: Checksum | undefined): Promise<Uint8Array | undefined> {
  const bytes = await readIfThere(path);
  if (bytes === undefined) return undefined;
  const algorithm = checksum?.algorithm ?? "sha256";
  const wanted = checksum?.hex.toLowerCase() ?? (await readIfThere(`${path}.sha256`))?.toString().trim();
  return wanted === hashBytes(bytes, algorithm) ? bytes : undefined;
}

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return undefined;
    throw fileSystemError(cause, path, "read", elsewhere);
  }
}

const elsewhere = "Set the environment variable GRAFT_CACHE to another folder, or mend this one.";

async function advisingAnotherFolder(write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (cause) {
    if (!(cause instanceof FileError)) throw cause;
    throw fileSystemError(cause.cause, cause.subject, "write", elsewhere);
  }
}

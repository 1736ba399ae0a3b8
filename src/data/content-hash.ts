import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { availableParallelism } from "node:os";
import { pipeline } from "node:stream/promises";
import { PhotoError } from "./decode.js";

/**
 * SHA-256 of a file's bytes: what tells photos apart, whatever they are called.
 *
 * @param path the file
 * @returns 64 hexadecimal digits
 * @throws PhotoError when the file cannot be read
 */
export async function contentHash(path: string): Promise<string> {
  const hash = createHash("sha256");
  try {
    await pipeline(createReadStream(path, { highWaterMark: 1 << 18 }), hash);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    throw new PhotoError(path, code === "ENOENT" ? "there is no such file" : `it cannot be read (${code})`, cause);
  }
  return hash.digest("hex");
}

/**
 * SHA-256 of many files, a few at a time.
 *
 * @param paths the files
 * @param concurrency how many files are open at once, 1 or more; default four for each processor
 * @returns the hash of each path
 * @throws PhotoError for a file that cannot be read; no further files are begun then
 */
export async function hashFiles(
  paths: readonly string[],
  concurrency = 4 * availableParallelism(),
): Promise<Map<string, string>> {
  const hashes = new Map<string, string>();
  const queue = paths.values();
  let failed = false;
  const work = async () => {
    for (const path of queue) {
      if (failed) return;
      try {
        hashes.set(path, await contentHash(path));
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(Math.max(1, concurrency), paths.length) }, work));
  return hashes;
}

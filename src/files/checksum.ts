import { createHash, type Hash } from "node:crypto";
import { openRegularFile } from "./regular-file.js";

/** What a file's bytes must add up to. */
export interface Checksum {
  /** `git-sha1` is the name that Git gives a file's contents: the SHA-1 of `blob`, the number of bytes, and the bytes. */
  readonly algorithm: "md5" | "sha256" | "sha512" | "git-sha1";
  /** Lower-case hexadecimal. */
  readonly hex: string;
}

/** The checksum of bytes in memory, as lower-case hexadecimal. */
export function hashBytes(bytes: Uint8Array, algorithm: Checksum["algorithm"]): string {
  return begin(algorithm, bytes.byteLength).update(bytes).digest("hex");
}

/**
 * The checksum of a file, read piece by piece.
 *
 * @returns lower-case hexadecimal
 * @throws FileError when something else than a regular file has that name
 * @throws what `node:fs` throws when the file cannot be read
 */
export async function hashFile(path: string, algorithm: Checksum["algorithm"]): Promise<string> {
  const file = await openRegularFile(path);
  try {
    const hash = begin(algorithm, (await file.stat()).size);
    const chunks = file.createReadStream({ highWaterMark: 1 << 20, autoClose: false });
    for await (const chunk of chunks) hash.update(chunk as Uint8Array);
    return hash.digest("hex");
  } finally {
    await file.close();
  }
}

/** @param size bytes that will follow */
function begin(algorithm: Checksum["algorithm"], size: number): Hash {
  return algorithm === "git-sha1" ? createHash("sha1").update(`blob ${String(size)}\0`) : createHash(algorithm);
}

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

/** What a file's bytes must add up to. */
export interface Checksum {
  readonly algorithm: "md5" | "sha256" | "sha512";
  /** Lower-case hexadecimal. */
  readonly hex: string;
}

/** The checksum of bytes in memory, as lower-case hexadecimal. */
export function hashBytes(bytes: Uint8Array, algorithm: Checksum["algorithm"]): string {
  return createHash(algorithm).update(bytes).digest("hex");
}

/**
 * The checksum of a file, read piece by piece.
 *
 * @returns lower-case hexadecimal
 * @throws what `node:fs` throws when the file cannot be read
 */
export async function hashFile(path: string, algorithm: Checksum["algorithm"]): Promise<string> {
  const hash = createHash(algorithm);
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Uint8Array);
  return hash.digest("hex");
}

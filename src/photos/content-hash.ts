import { readFile } from "node:fs/promises";
import { hashBytes } from "../files/checksum.js";
import { PhotoError } from "./decode.js";

/**
 * SHA-256 of a file's bytes: what tells photos apart, whatever they are called.
 *
 * @param path the file
 * @returns 64 hexadecimal digits
 * @throws PhotoError when the file cannot be read
 */
export async function contentHash(path: string): Promise<string> {
  try {
    return hashBytes(await readFile(path), "sha256");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
    throw new PhotoError(path, code === "ENOENT" ? "there is no such file" : `it cannot be read (${code})`, cause);
  }
}

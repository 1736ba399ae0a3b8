import { statSync } from "node:fs";
import sharp from "sharp";
import { version } from "../errors/version.js";
import { hashBytes } from "../files/checksum.js";
import { contentHash } from "./content-hash.js";

/** Of what decodes: another version may give other pixels. */
const decoders = JSON.stringify({ graft: version, sharp: sharp.versions.sharp, vips: sharp.versions.vips });

/** Hash of a file's content, and the state of the file when it was looked at. */
interface Known {
  readonly hash: Promise<string>;
  readonly size: number | undefined;
  readonly modified: number | undefined;
}

/**
 * By path. One for the process, because training, validation and the next `fit` ask for the same files; what is kept tells
 * itself when it is out of date.
 */
const known = new Map<string, Known>();

/**
 * SHA-256 of a photo's content. A file is hashed once in a process, and again when its size or time has changed.
 *
 * @param path the photo's file
 * @param bytes its content, where it has just been read
 * @throws PhotoError when the file cannot be read
 */
export function photoHash(path: string, bytes?: Uint8Array): Promise<string> {
  const { size, mtimeMs: modified } = statSync(path, { throwIfNoEntry: false }) ?? {};
  const entry = known.get(path);
  if (entry !== undefined && entry.size === size && entry.modified === modified) return entry.hash;
  const hash =
    bytes !== undefined && bytes.length === size ? Promise.resolve(hashBytes(bytes, "sha256")) : contentHash(path);
  known.set(path, { hash, size, modified });
  return hash;
}

/**
 * What tells the pixels made of a photo from all others: its content, the decoder, and what is done to it.
 *
 * @param path the photo's file
 * @param reading everything that decides which pixels are made of it, as plain JSON
 * @throws PhotoError when the file cannot be read
 */
export async function photoIdentity(path: string, reading: object): Promise<string> {
  return `${await photoHash(path)} ${decoders} ${JSON.stringify(reading)}`;
}

import sharp from "sharp";
import { version } from "../errors/version.js";
import { fileState, lookAtFile, type PhotoFile } from "./photo-file.js";

/** Of what decodes: another version may give other pixels. */
const decoders = JSON.stringify({ graft: version, sharp: sharp.versions.sharp, vips: sharp.versions.vips });

/** Hash of a file's content, and the state of the file when it was read. */
interface Known {
  readonly hash: string;
  readonly state: string;
}

/** By path. One for the process, because training, validation and the next `fit` ask for the same files. */
const known = new Map<string, Known>();

/** Remembers what a file was when it was read. */
export function rememberFile({ path, hash, state }: Pick<PhotoFile, "path" | "hash" | "state">): void {
  if (state === undefined) known.delete(path);
  else known.set(path, { hash, state });
}

/** The hash of a photo's content where it was read in this process, and its file has not changed since. */
export function knownHash(path: string): string | undefined {
  const entry = known.get(path);
  return entry !== undefined && entry.state === fileState(path) ? entry.hash : undefined;
}

/**
 * SHA-256 of a photo's content. A file is hashed once in a process, and again when it has changed.
 *
 * @param path the photo's file
 * @throws PhotoError when the file cannot be read
 */
export async function photoHash(path: string): Promise<string> {
  const before = knownHash(path);
  if (before !== undefined) return before;
  const looked = await lookAtFile(path);
  rememberFile(looked);
  return looked.hash;
}

/**
 * What tells the pixels made of a photo from all others: its content, the decoder, and what is done to it.
 *
 * @param hash of the bytes that the pixels are made of
 * @param reading everything that decides which pixels are made of it, as plain JSON
 */
export function photoIdentity(hash: string, reading: object): string {
  return `${hash} ${decoders} ${JSON.stringify(reading)}`;
}

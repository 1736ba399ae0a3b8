import { statSync } from "node:fs";
import sharp from "sharp";
import { version } from "../errors/version.js";
import { contentHash } from "./content-hash.js";

/** Of what decodes: another version may give other pixels. */
const decoders = JSON.stringify({ graft: version, sharp: sharp.versions.sharp, vips: sharp.versions.vips });

/** Hash of a file's content, and the state of the file when it was looked at. */
interface Known {
  readonly hash: Promise<string>;
  readonly size: number | undefined;
  readonly modified: number | undefined;
}

const known = new Map<string, Known>();

/**
 * What tells the pixels made of a photo from all others: its content, the decoder, and what is done to it. A file is looked at
 * once in a process, and again when its size or time has changed.
 *
 * @param path the photo's file
 * @param reading everything that decides which pixels are made of it, as plain JSON
 * @throws PhotoError when the file cannot be read
 */
export async function photoIdentity(path: string, reading: object): Promise<string> {
  const { size, mtimeMs: modified } = statSync(path, { throwIfNoEntry: false }) ?? {};
  let entry = known.get(path);
  if (entry?.size !== size || entry?.modified !== modified || entry === undefined) {
    entry = { hash: contentHash(path), size, modified };
    known.set(path, entry);
  }
  return `${await entry.hash} ${decoders} ${JSON.stringify(reading)}`;
}

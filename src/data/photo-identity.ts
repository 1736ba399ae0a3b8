import sharp from "sharp";
import { contentHash } from "./content-hash.js";

/** Of the libraries that decode: another version may give other pixels. */
const decoders = JSON.stringify({ sharp: sharp.versions.sharp, vips: sharp.versions.vips });

const known = new Map<string, Promise<string>>();

/**
 * What tells the pixels made of a photo from all others: its content, the decoder, and what is done to it. A file is looked at
 * once in a process.
 *
 * @param path the photo's file
 * @param reading everything that decides which pixels are made of it, as plain JSON
 */
export async function photoIdentity(path: string, reading: object): Promise<string> {
  const hash = known.get(path) ?? contentHash(path);
  known.set(path, hash);
  return `${await hash} ${decoders} ${JSON.stringify(reading)}`;
}

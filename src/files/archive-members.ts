import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable, type Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { FileError } from "../errors/errors.js";

/** Refuses an archive. */
export function refuseArchive(archive: string, received: string, cause?: unknown): never {
  throw new FileError(`The archive ${archive} is not unpacked.`, {
    subject: archive,
    expected: "a complete ZIP, tar or tar.gz archive of files and folders that stay inside of it",
    received,
    advice: "Delete it and get it again, or unpack it by other means.",
    cause,
  });
}

/**
 * Where a member of an archive goes.
 *
 * @param name as the archive says it, with `/` between folders
 * @throws FileError when that is outside of the folder
 */
export function placeOf(archive: string, folder: string, name: string): string {
  const parts = name.replaceAll("\\", "/").split("/");
  const leadsOut = parts.includes("..") || name.startsWith("/") || name.startsWith("\\");
  // On Windows a colon is a drive or another stream of a file.
  if (leadsOut || name.includes("\0") || (process.platform === "win32" && name.includes(":"))) {
    refuseArchive(archive, `a member ${JSON.stringify(name)}, which leads out of the folder`);
  }
  return join(folder, ...parts);
}

/** Writes a member, piece by piece. */
export async function writeMember(
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  ...through: readonly Transform[]
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await pipeline([Readable.from(bytes), ...through, createWriteStream(path, { flags: "wx" })]);
}

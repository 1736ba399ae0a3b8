import { createWriteStream } from "node:fs";
import { dirname, join } from "node:path";
import { Readable, type Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { FileError } from "../errors/errors.js";
import { byteCount } from "../errors/words.js";
import { makeFolders } from "./make-folders.js";

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

/** What archives may be unpacked to whatever their size. */
const leastRoom = 2 ** 30;

/** Photos and weights hardly shrink, and texts to a tenth; what is packed more tightly than this was made to fill a disk. */
const mostTimes = 100;

/** What a member takes of a disk at least. */
const memberBytes = 4096;

/** What an archive unpacks to, all of it together, so that a small one fills no disk. */
export class UnpackedSize {
  private total = 0;
  private readonly most: number;

  /** @param packed bytes of the archive */
  constructor(
    private readonly archive: string,
    packed: number,
  ) {
    this.most = Math.max(leastRoom, mostTimes * packed);
  }

  /**
   * Counts a member before it is unpacked.
   *
   * @throws FileError where all members so far are larger together than an archive of this size is taken to hold
   */
  add(bytes: number): void {
    this.total += memberBytes * Math.max(1, Math.ceil(bytes / memberBytes));
    if (this.total <= this.most) return;
    refuseArchive(
      this.archive,
      `members of more than ${byteCount(this.most)} together, which is far more than archives of its size hold`,
    );
  }
}

/** Writes a member, piece by piece. */
export async function writeMember(
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  ...through: readonly Transform[]
): Promise<void> {
  await makeFolders(dirname(path));
  await pipeline([Readable.from(bytes), ...through, createWriteStream(path, { flags: "wx" })]);
}

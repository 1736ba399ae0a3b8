import { mkdir, readdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { GraftError } from "../errors/errors.js";
import { refuseArchive } from "./archive-members.js";
import { makeFolder, replaceFile, syncFile, syncFolder } from "./atomic-write.js";
import { fileSystemError } from "./file-system-errors.js";
import { openRegularFile } from "./regular-file.js";
import { sweepOnce, temporaryPath } from "./temporary-name.js";
import { untar } from "./untar.js";
import { unzipFile } from "./unzip.js";

/** Kinds of archives that are unpacked. */
export type ArchiveFormat = "tar" | "zip";

async function formatOf(archive: string): Promise<"tar" | "tar.gz" | "zip"> {
  const file = await openRegularFile(archive);
  try {
    const bytes = new Uint8Array(4);
    await file.read(bytes, 0, 4, 0);
    if (bytes[0] === 0x50 && bytes[1] === 0x4b) return "zip";
    if (bytes[0] === 0x1f && bytes[1] === 0x8b) return "tar.gz";
    // bzip2 and xz say who they are; tar has no sign in front.
    if (bytes[0] === 0x42 && bytes[1] === 0x5a) refuseArchive(archive, "bzip2, which is not read");
    if (bytes[0] === 0xfd && bytes[1] === 0x37) refuseArchive(archive, "xz, which is not read");
    return "tar";
  } finally {
    await file.close();
  }
}

/**
 * Unpacks an archive: either all of it is there, or nothing. What kind it is, its content says.
 *
 * @param archive path of a ZIP, tar or tar.gz file
 * @param folder what its members go into; a folder of this name is replaced
 * @param formats kinds that it may be; default all
 * @throws FileError when it is damaged, of another kind, or leads out of the folder
 */
export async function extractArchive(
  archive: string,
  folder: string,
  formats: readonly ArchiveFormat[] = ["tar", "zip"],
): Promise<void> {
  const temporary = temporaryPath(dirname(folder));
  try {
    const format = await formatOf(archive);
    const kind = format === "zip" ? "zip" : "tar";
    if (!formats.includes(kind))
      refuseArchive(archive, `a ${kind} archive, where ${formats.join(" or ")} was asked for`);
    await makeFolder(dirname(folder));
    await sweepOnce(dirname(folder));
    await mkdir(temporary);
    if (format === "zip") await unzipFile(archive, temporary);
    else await untar(archive, temporary, format === "tar.gz");
    await syncAll(temporary);
    await rm(folder, { recursive: true, force: true });
    await replaceFile(temporary, folder);
    await syncFolder(dirname(folder));
  } catch (cause) {
    if (cause instanceof GraftError) throw cause;
    const isDamaged =
      cause instanceof Error && /^(incorrect|invalid|unexpected end|unknown compression)/i.test(cause.message);
    if (isDamaged) refuseArchive(archive, `one that is damaged (${cause.message})`, cause);
    throw fileSystemError(cause, folder, "write");
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** How many files wait for the disk at a time: it writes many as fast as one. */
const together = 16;

/** Has the system write all files of a folder to the disk: otherwise a power cut after the renaming can leave empty ones. */
async function syncAll(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  for (let from = 0; from < paths.length; from += together) {
    await Promise.all(paths.slice(from, from + together).map(syncFile));
  }
}

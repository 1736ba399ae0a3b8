import type { BigIntStats } from "node:fs";
import { link, lstat, readlink, realpath, rm, symlink, unlink, utimes } from "node:fs/promises";
import { extname, join, basename } from "node:path";
import { FileError } from "../errors/errors.js";
import { makeFolder } from "./atomic-write.js";
import { errorCode, fileSystemError } from "./file-system-errors.js";
import { writeNewFile } from "./new-file.js";
import { readRegularFile } from "./regular-file.js";

/** How a file gets to another folder: it goes there, or a link to it does. */
export type Placing = "move" | "link";

/** More files of one name nobody wants. */
const most = 10_000;

/** Disks that know no second name of a file, or folders on two of them. */
const cannotLink: ReadonlySet<string | undefined> = new Set([
  "EXDEV",
  "EPERM",
  "ENOTSUP",
  "EOPNOTSUPP",
  "EMLINK",
  "ENOSYS",
]);

/**
 * Puts a file into another folder, under its own name or, where that is taken, `name-2.jpg`, `name-3.jpg` …: nothing is ever written over.
 * The folder is made where it is missing. A file that cannot be moved stays where it is, and so does one that is no longer what it was.
 *
 * @param path of the file
 * @param folder where it goes to
 * @param seen what {@link lookAtFile} said when it was decided where the file goes to; default what is there now
 * @returns its new path; a link that is there already is taken
 * @throws FileError when the folder cannot be written to, or the file has gone or has other contents
 */
export async function placeFile(path: string, folder: string, how: Placing, seen?: BigIntStats): Promise<string> {
  const entry = await lookAtFile(path);
  if (seen !== undefined && !isSame(entry, seen)) throw changed(path);
  try {
    await makeFolder(folder);
  } catch (cause) {
    throw fileSystemError(cause, folder, "write");
  }
  const name = basename(path);
  const ending = extname(name);
  const stem = name.slice(0, name.length - ending.length);
  const isLink = entry.isSymbolicLink();
  for (let copy = 1; ; copy++) {
    const target = join(folder, copy === 1 ? name : `${stem}-${copy}${ending}`);
    try {
      if (how === "link") return await linkTo(path, target);
      // A link is moved as what it leads to: its own words may be of where it lies.
      if (isLink) await symlink(await realpath(path), target);
      else await link(path, target);
    } catch (cause) {
      if (errorCode(cause) === "EEXIST" && copy < most) {
        if (how === "link" && (await leadsTo(target, path))) return target;
        continue;
      }
      if (how === "move" && !isLink && cannotLink.has(errorCode(cause))) return moveByCopy(path, target, entry);
      throw fileSystemError(cause, target, "write");
    }
    await removeOriginal(path, target, entry);
    return target;
  }
}

/**
 * What a file is, and not what a link leads to.
 *
 * @throws FileError when it has gone
 */
export async function lookAtFile(path: string): Promise<BigIntStats> {
  try {
    return await lstat(path, { bigint: true });
  } catch (cause) {
    throw fileSystemError(cause, path, "read");
  }
}

/** A second name changes when the file's entry was changed, but neither its contents nor when those were. */
function isSame(one: BigIntStats, other: BigIntStats): boolean {
  return one.ino === other.ino && one.dev === other.dev && one.size === other.size && one.mtimeNs === other.mtimeNs;
}

function changed(path: string): FileError {
  return new FileError(`${path} has changed meanwhile.`, {
    subject: path,
    expected: "the file that was looked at",
    received: "another one, or other contents",
    advice: "It stays where it is.",
  });
}

async function linkTo(path: string, target: string): Promise<string> {
  const file = await realpath(path);
  try {
    await symlink(file, target);
  } catch (cause) {
    // Windows lets not everybody make them.
    if (errorCode(cause) !== "EPERM") throw cause;
    await link(file, target);
  }
  return target;
}

async function leadsTo(target: string, path: string): Promise<boolean> {
  try {
    return (await readlink(target)) === (await realpath(path));
  } catch {
    return false;
  }
}

/** From disk to disk. */
async function moveByCopy(path: string, target: string, entry: BigIntStats): Promise<string> {
  const made = await writeNewFile(target, await readRegularFile(path));
  try {
    await utimes(made, Number(entry.atimeMs) / 1000, Number(entry.mtimeMs) / 1000);
  } catch (cause) {
    // Disks that keep no times; the photo itself is there.
    if (!cannotLink.has(errorCode(cause))) throw fileSystemError(cause, made, "write");
  }
  await removeOriginal(path, made, entry);
  return made;
}

/** It has a new name by now; where the old one cannot be removed, or is another file's by now, the new one goes again. */
async function removeOriginal(path: string, target: string, entry: BigIntStats): Promise<void> {
  try {
    if (!isSame(await lookAtFile(path), entry)) throw changed(path);
    // Of two who move it one only succeeds; rm takes a file that has gone for removed.
    await unlink(path);
  } catch (cause) {
    await rm(target, { force: true });
    throw fileSystemError(cause, path, "write");
  }
}

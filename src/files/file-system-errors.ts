import { statfsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { FileError } from "../errors/errors.js";
import { byteCount } from "../errors/words.js";

const another = "Free some space, or choose a folder on another disk.";
const permissions = "Change the permissions, or choose another folder.";
const handles = "Close other programs, or raise the limit of open files.";

const words: Readonly<Record<string, readonly [received: string, advice: string]>> = {
  ENOENT: ["no such file or folder", "Check the path."],
  EACCES: ["no permission", permissions],
  EPERM: ["no permission", permissions],
  EROFS: ["a read-only disk", "Choose a folder on another disk."],
  ENOSPC: ["a full disk", another],
  EDQUOT: ["a used-up disk quota", another],
  EFBIG: ["a file larger than the disk or a limit lets it be", "Choose a folder on another disk, or raise the limit."],
  EIO: ["a disk that fails", "Check the disk, or choose a folder on another one."],
  ENOTDIR: ["a file where a folder should be", "Move that file away, or choose another path."],
  EISDIR: ["a folder where a file should be", "Check the path."],
  ELOOP: ["links that lead in a circle", "Check the path."],
  ENAMETOOLONG: ["too long a name", "Choose a shorter path."],
  EBUSY: ["a file that another program uses", "Close that program, or choose another path."],
  ESTALE: ["a shared folder that has gone", "Connect it again, or choose another folder."],
  EMFILE: ["too many open files", handles],
  ENFILE: ["too many open files", handles],
};

/**
 * An error of the file system in words.
 *
 * @param cause what a function of `node:fs` threw; an error that is in words already stays as it is
 * @param path the file or folder
 * @param action what was being done to it
 * @param advice what to do, when more is known than the file system says
 * @param wanted bytes that were to be written, where that is known
 */
export function fileSystemError(
  cause: unknown,
  path: string,
  action: "read" | "write",
  advice?: string,
  wanted?: number,
): FileError {
  if (cause instanceof FileError) return cause;
  const known = words[isFileForFolder(cause) ? "ENOTDIR" : (errorCode(cause) ?? "")];
  const received = known?.[0] ?? (cause instanceof Error ? cause.message : String(cause));
  return new FileError(`${path} cannot be ${action === "read" ? "read" : "written"}.`, {
    subject: path,
    expected: action === "read" ? "a readable file" : "a place that can be written to",
    received: isOutOfRoom(cause) ? `${received}${roomAt(cause, path, wanted)}` : received,
    advice: advice ?? known?.[1] ?? "Check the path and the disk.",
    cause,
  });
}

/** Whether a folder could not be made because there is a file of its name. */
function isFileForFolder(cause: unknown): boolean {
  return (
    errorCode(cause) === "EEXIST" &&
    typeof cause === "object" &&
    cause !== null &&
    "syscall" in cause &&
    cause.syscall === "mkdir"
  );
}

/** The code of a Node error, for example `ENOENT`. */
export function errorCode(cause: unknown): string | undefined {
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
  return typeof code === "string" ? code : undefined;
}

/** Whether something could not be written because there was no room, on the disk or for this user. */
export function isOutOfRoom(cause: unknown): boolean {
  return ["ENOSPC", "EDQUOT"].includes(errorCode(cause) ?? "");
}

/** `, where 14.1 MB are wanted and 0 kB are free`; of a quota the system does not say what is left. */
function roomAt(cause: unknown, path: string, wanted: number | undefined): string {
  const free = errorCode(cause) === "EDQUOT" ? undefined : freeBytes(path);
  const facts = [
    ...(wanted === undefined ? [] : [`${byteCount(wanted)} are wanted`]),
    ...(free === undefined ? [] : [`${byteCount(free)} are free`]),
  ];
  return facts.length === 0 ? "" : `, where ${facts.join(" and ")}`;
}

/**
 * Bytes that are free where a file or folder is, or will be; `undefined` where the system does not say.
 *
 * @param path need not be there
 */
export function freeBytes(path: string): number | undefined {
  for (let folder = resolve(path); ; folder = dirname(folder)) {
    try {
      const { bavail, bsize } = statfsSync(folder);
      return bavail * bsize;
    } catch (cause) {
      const isMissing = ["ENOENT", "ENOTDIR"].includes(errorCode(cause) ?? "");
      if (!isMissing || dirname(folder) === folder) return undefined;
    }
  }
}

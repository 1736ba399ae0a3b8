import { FileError } from "../errors/errors.js";

const words: Readonly<Record<string, readonly [received: string, advice: string]>> = {
  ENOENT: ["no such file or folder", "Check the path."],
  EACCES: ["no permission", "Change the permissions, or choose another folder."],
  EPERM: ["no permission", "Change the permissions, or choose another folder."],
  EROFS: ["a read-only disk", "Choose a folder on another disk."],
  ENOSPC: ["a full disk", "Free some space, or choose a folder on another disk."],
  EDQUOT: ["a used-up disk quota", "Free some space, or choose a folder on another disk."],
  ENOTDIR: ["a file where a folder should be", "Move that file away, or choose another path."],
  EISDIR: ["a folder where a file should be", "Check the path."],
  EMFILE: ["too many open files", "Close other programs, or raise the limit of open files."],
  ENFILE: ["too many open files", "Close other programs, or raise the limit of open files."],
};

/**
 * An error of the file system in words.
 *
 * @param cause what a function of `node:fs` threw; an error that is in words already stays as it is
 * @param path the file or folder
 * @param action what was being done to it
 * @param advice what to do, when more is known than the file system says
 */
export function fileSystemError(cause: unknown, path: string, action: "read" | "write", advice?: string): FileError {
  if (cause instanceof FileError) return cause;
  const known = words[errorCode(cause) ?? ""];
  return new FileError(`${path} cannot be ${action === "read" ? "read" : "written"}.`, {
    subject: path,
    expected: action === "read" ? "a readable file" : "a place that can be written to",
    received: known?.[0] ?? (cause instanceof Error ? cause.message : String(cause)),
    advice: advice ?? known?.[1] ?? "Check the path and the disk.",
    cause,
  });
}

/** The code of a Node error, for example `ENOENT`. */
export function errorCode(cause: unknown): string | undefined {
  const code = typeof cause === "object" && cause !== null && "code" in cause ? cause.code : undefined;
  return typeof code === "string" ? code : undefined;
}

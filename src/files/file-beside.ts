import { realpathSync, statSync } from "node:fs";
import { dirname, isAbsolute, relative, resolve } from "node:path";
import { FileError } from "../errors/errors.js";
import { fileSystemError } from "./file-system-errors.js";

/**
 * The path of a file that another file names. Names and links that lead out of the folder of that other file are refused: a
 * stranger's model must not choose what is read.
 *
 * @param owner path of the file that names it; where that is a link, the folder of what it leads to counts as well
 * @param name what it says, relative to its folder
 * @returns a path of an ordinary file, without links
 * @throws FileError when the name leads out of the folder, or there is no such file
 */
export function fileBeside(owner: string, name: string): string {
  const path = resolve(dirname(owner), name);
  if (isAbsolute(name) || !isInside(resolve(dirname(owner)), path)) throw outside(owner, name);
  let real: string;
  let folders: string[];
  let isFile: boolean;
  try {
    real = realpathSync(path);
    folders = [realpathSync(dirname(owner)), dirname(realpathSync(owner))];
    // A pipe or a device would be waited for.
    isFile = statSync(real).isFile();
  } catch (cause) {
    throw fileSystemError(cause, path, "read", `${owner} needs it: put it into the same folder.`);
  }
  if (!folders.some((folder) => isInside(folder, real))) throw outside(owner, name);
  if (isFile) return real;
  throw new FileError(`${path} cannot be read.`, {
    subject: path,
    expected: `a file, which ${owner} needs`,
    received: "something else of that name",
  });
}

function isInside(folder: string, path: string): boolean {
  const inside = relative(folder, path);
  return inside !== "" && !/^\.\.(?:[\\/]|$)/.test(inside) && !isAbsolute(inside);
}

function outside(owner: string, name: string): FileError {
  return new FileError(`${owner} names a file outside its folder.`, {
    subject: owner,
    expected: "files beside it",
    received: name,
    advice: "Use only models that you trust; what a link leads to must lie in the folder, too.",
  });
}

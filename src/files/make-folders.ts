import { mkdirSync, statSync } from "node:fs";
import { mkdir, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { errorCode } from "./file-system-errors.js";

/** How often a folder that is there may say that it is not, before it is believed: others make and remove folders meanwhile. */
const mostRefusals = 16;

/**
 * Makes a folder and those above it that are missing. Node's own way says of a read-only disk that something on it does not exist, and
 * tries for ever where a folder that is there takes none, as `/proc` does; this says what is so.
 *
 * @returns the highest folder that was made; `undefined` where nothing was missing
 * @throws what `node:fs` throws
 */
export async function makeFolders(path: string): Promise<string | undefined> {
  const whole = resolve(path);
  let made: string | undefined;
  for (let refusals = 0; ;) {
    try {
      await mkdir(whole);
      return made ?? whole;
    } catch (cause) {
      // Some systems say of a folder that is there that it may not be made.
      if (await isFolder(whole)) return made;
      const parent = dirname(whole);
      if (errorCode(cause) !== "ENOENT" || parent === whole) throw cause;
      // The one above was missing when this was tried. That it is there now may be others' doing; where it always is, it takes no folder.
      if (await isFolder(parent)) {
        if (++refusals > mostRefusals) throw cause;
        continue;
      }
      // Somebody may remove it again meanwhile: then it is missing once more.
      made = (await makeFolders(parent)) ?? made;
    }
  }
}

/** The same for those who cannot wait, of folders that nobody removes meanwhile. */
export function makeFoldersSync(path: string): void {
  const whole = resolve(path);
  const isThere = (folder: string): boolean => statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
  if (isThere(whole)) return;
  const parent = dirname(whole);
  if (parent !== whole) makeFoldersSync(parent);
  try {
    mkdirSync(whole);
  } catch (cause) {
    // Another process may have made it.
    if (!isThere(whole)) throw cause;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isDirectory(),
    () => false,
  );
}

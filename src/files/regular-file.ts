import { closeSync, constants, fstatSync, openSync, statSync, type Stats } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";
import { FileError } from "../errors/errors.js";
import { mostText, textOf } from "../errors/text-of.js";

/** What {@link readRegularFile} takes. */
export interface RegularFileOptions {
  /** The most bytes that such a file has; a larger one is refused before memory is taken. Default: any number. */
  readonly most?: number;
}

/** A pipe that is replaced for the file between a look and the opening is not waited for. Windows has no such pipes. */
const flags = constants.O_RDONLY | ((constants as Partial<typeof constants>).O_NONBLOCK ?? 0);

/**
 * Opens a file that a person or another file has named. Only a regular file is opened, or a link to one: a pipe or a device would be
 * waited for, or never end.
 *
 * @returns a handle, which the caller closes
 * @throws FileError at once, naming the file, when something else has that name
 * @throws what `node:fs` throws when there is nothing, or it cannot be opened: see `fileSystemError`
 */
export async function openRegularFile(path: string): Promise<FileHandle> {
  requireRegular(await stat(path), path);
  const handle = await open(path, flags);
  try {
    requireRegular(await handle.stat(), path);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/**
 * {@link openRegularFile} for code that cannot wait.
 *
 * @returns a descriptor, which the caller closes
 */
export function openRegularFileSync(path: string): number {
  requireRegular(statSync(path), path);
  const descriptor = openSync(path, flags);
  try {
    requireRegular(fstatSync(descriptor), path);
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/**
 * Reads a file that a person or another file has named, as {@link openRegularFile} opens it.
 *
 * @throws FileError at once, naming the file, when something else has that name, or it is larger than it may be
 * @throws what `node:fs` throws when it cannot be read: see `fileSystemError`
 */
export async function readRegularFile(path: string, { most = Infinity }: RegularFileOptions = {}): Promise<Buffer> {
  const handle = await openRegularFile(path);
  try {
    const { size } = await handle.stat();
    if (size > most) {
      throw new FileError(`${path} is too large.`, {
        subject: path,
        expected: `at most ${String(most)} bytes`,
        received: `${String(size)} bytes`,
        advice: "Check the path: no such file is as large.",
      });
    }
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

/**
 * {@link readRegularFile} as text in UTF-8, of at most {@link mostText} bytes unless fewer are asked for.
 *
 * @throws FileError when it is another text, or none
 */
export async function readRegularText(path: string, options: RegularFileOptions = {}): Promise<string> {
  return textOf(await readRegularFile(path, { most: mostText, ...options }), path);
}

/** @throws FileError for a name of anything but a regular file */
export function requireRegular(entry: Stats, path: string): void {
  if (entry.isFile()) return;
  throw new FileError(`${path} cannot be read.`, {
    subject: path,
    expected: "a regular file, or a link to one",
    received: kindOf(entry),
    advice: "Check the path.",
  });
}

function kindOf(entry: Stats): string {
  if (entry.isDirectory()) return "a folder where a file should be";
  if (entry.isFIFO()) return "a pipe (FIFO)";
  if (entry.isSocket()) return "a socket";
  return entry.isCharacterDevice() || entry.isBlockDevice() ? "a device" : "something else of that name";
}

import { opendir } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { FileError } from "../errors/errors.js";
import { errorCode } from "../files/file-system-errors.js";

/** The folder of the photos has gone while they were used: no photo of it can be read, and none is to blame. */
export class PhotosGoneError extends FileError {
  override readonly name: string = "PhotosGoneError";
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such folder",
  ENOTDIR: "no folder any more",
  EACCES: "no permission to look into it",
  EPERM: "no permission to look into it",
  EIO: "a disk that fails",
  ESTALE: "a shared folder that has gone",
  ENOTCONN: "a shared folder that has gone",
  EHOSTDOWN: "a shared folder that has gone",
  ENODEV: "a disk that has gone",
  ENXIO: "a disk that has gone",
};

/**
 * The folder of a job's photos. When a photo cannot be read, it says whether that is the photo or the folder: where a disk is pulled out
 * or a share goes away, thousands of photos are not lost one by one.
 */
export class PhotoRoot {
  /** @param directory the folder, in which there were photos when the job began */
  constructor(readonly directory: string) {}

  /**
   * Looks whether the folder is still there, and the folder in it that a photo is in: of its class, or of its set. A place where a disk
   * was is an empty folder.
   *
   * @param path of a photo that could not be read
   * @throws PhotosGoneError when one of both has gone or is empty
   */
  async check(path: string): Promise<void> {
    const within = relative(resolve(this.directory), resolve(path)).split(sep);
    const [first] = within.length > 1 && within[0] !== ".." ? within : [];
    for (const folder of [this.directory, ...(first === undefined ? [] : [join(this.directory, first)])]) {
      const trouble = await troubleWith(folder);
      if (trouble === undefined) continue;
      throw new PhotosGoneError(`The folder ${folder} has gone while its photos were used.`, {
        subject: folder,
        expected: "the photos that were there when they were looked at first",
        received: trouble,
        advice: "Bring it back, or connect its disk again.",
      });
    }
  }
}

/** Why there is nothing to read in a folder; `undefined` where there is something. */
async function troubleWith(folder: string): Promise<string | undefined> {
  try {
    const entries = await opendir(folder);
    try {
      return (await entries.read()) === null ? "an empty folder" : undefined;
    } finally {
      await entries.close();
    }
  } catch (cause) {
    const code = errorCode(cause);
    // What keeps one from looking that has nothing to do with the folder, such as too many open files.
    if (code === undefined || ["EMFILE", "ENFILE", "ENOMEM"].includes(code)) return undefined;
    return reasons[code] ?? String(cause);
  }
}

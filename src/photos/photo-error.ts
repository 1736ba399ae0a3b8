import { FileError } from "../errors/errors.js";

/** A file cannot be used as a photo. */
export class PhotoError extends FileError {
  override readonly name: string = "PhotoError";
  /** The file's path, or the name that was given with the bytes. */
  readonly path: string;
  /** Why, in a few words and without the path. */
  readonly reason: string;
  /** Whether it would take more memory, or has more pixels, than a photo may. */
  readonly isTooLarge: boolean;

  constructor(path: string, reason: string, cause?: unknown, isTooLarge = false) {
    super(`The photo ${path} cannot be used: ${reason}.`, {
      subject: path,
      expected: "a whole photo of a format that is read",
      received: reason,
      cause,
    });
    this.path = path;
    this.reason = reason;
    this.isTooLarge = isTooLarge;
  }
}

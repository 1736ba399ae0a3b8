import { FileError, GraftError } from "../errors/errors.js";

/**
 * Runs what makes something of a file whose contents others wrote: whatever they contain, what goes wrong is said of the file.
 *
 * @param file the file's name
 * @throws FileError in the place of any error that is none of Graft's
 */
export async function readingStrangers<T>(file: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof GraftError) throw cause;
    throw new FileError(`${file} cannot be read.`, {
      subject: file,
      expected: "an intact file",
      received: cause instanceof Error ? `something unusable in it (${cause.message})` : String(cause),
      advice: "Download, copy or save the file again.",
      cause,
    });
  }
}

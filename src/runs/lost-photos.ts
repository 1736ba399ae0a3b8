import { join } from "node:path";
import { z } from "zod";
import { FileError } from "../errors/errors.js";
import { harmlessJson } from "../errors/harmless.js";
import { writeFileAtomically } from "../files/atomic-write.js";
import { errorCode, fileSystemError } from "../files/file-system-errors.js";
import { readRegularText } from "../files/regular-file.js";
import { parseStrangerJson } from "../files/stranger-json.js";
import { runFiles } from "./run-files.js";

/** Beside the checkpoints. */
export const lostFile = "lost.json";

const lostPhotos = z.array(z.object({ path: z.string(), reason: z.string() }));

/** A photo that went while a run used it: parts of it could not be seen any more, and it was learned from as a whole. */
export type LostPhoto = z.infer<typeof lostPhotos>[number];

/**
 * Writes down which photos have gone: who goes on with the run later, with the photos back in their places, has to hear of it.
 *
 * @param run the run's folder
 * @throws FileError when it cannot be written
 */
export async function writeLostPhotos(run: string, photos: readonly LostPhoto[]): Promise<void> {
  await writeFileAtomically(join(run, runFiles.checkpoints, lostFile), `${harmlessJson(photos)}\n`);
}

/**
 * Photos that had gone before a run was stopped.
 *
 * @param run the run's folder
 * @throws FileError when it cannot be read, or is damaged
 */
export async function readLostPhotos(run: string): Promise<readonly LostPhoto[]> {
  const file = join(run, runFiles.checkpoints, lostFile);
  let text: string;
  try {
    text = await readRegularText(file);
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return [];
    throw fileSystemError(cause, file, "read");
  }
  try {
    return parseStrangerJson(text, lostPhotos);
  } catch (cause) {
    throw new FileError(`${file} does not say which photos have gone.`, {
      subject: file,
      expected: "what `graft train` has written",
      received: text.slice(0, 100),
      advice: "Restore the file, or begin the run anew: graft train DIR.",
      cause,
    });
  }
}

import { join } from "node:path";
import { z } from "zod";
import { FileError } from "../errors/errors.js";
import { harmlessJson } from "../errors/harmless.js";
import { textOf } from "../errors/text-of.js";
import { hashBytes } from "../files/checksum.js";
import { fileSystemError } from "../files/file-system-errors.js";
import { linesOf } from "../files/lines.js";
import { readRegularFile } from "../files/regular-file.js";
import { runFiles } from "./run-files.js";
import type { RunInputs } from "./run-inputs.js";

/** A line of `photos.jsonl`. */
const line = z.object({
  /** Within the folder of photos, with `/`. */
  path: z.string(),
  set: z.enum(["training", "validation", "test"]),
  /** Of the photo's bytes. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

/** A list of photos is read up to this size: millions of photos take less. */
const mostBytes = 2 ** 29;

type Photos = RunInputs["photos"];

/**
 * The list of the photos of a run, one JSON object a line: a file of its own, for it is ten times as long as the rest of `run.json` where
 * there are many, and can be read line by line.
 *
 * @returns what is written, and its SHA-256
 */
export function photoList(photos: Photos): { readonly text: string; readonly sha256: string } {
  const lines = (["training", "validation", "test"] as const).flatMap((set) =>
    photos[set].map(([path, sha256]) => `${harmlessJson({ path, set, sha256 } satisfies z.infer<typeof line>)}\n`),
  );
  const text = lines.join("");
  return { text, sha256: hashBytes(Buffer.from(text), "sha256") };
}

/**
 * Reads the photos of a run.
 *
 * @param run the run's folder
 * @param sha256 what `run.json` says of the file
 * @throws FileError when there is none, or it is not the one that was written with that `run.json`
 */
export async function readPhotoList(run: string, sha256: string): Promise<Photos> {
  const file = join(run, runFiles.photos);
  const damaged = (received: string, cause?: unknown): FileError =>
    new FileError(`${file} is not the list of the photos of its run.`, {
      subject: file,
      expected: `the file that was written with ${runFiles.record}`,
      received,
      advice: "Restore the file: without it nobody knows which photos the run had.",
      cause,
    });
  let bytes: Uint8Array;
  try {
    bytes = await readRegularFile(file, { most: mostBytes });
  } catch (cause) {
    throw fileSystemError(cause, file, "read");
  }
  if (hashBytes(bytes, "sha256") !== sha256) throw damaged("other bytes than were written");
  const photos: { [Set in keyof Photos]: Photos[Set][number][] } = { training: [], validation: [], test: [] };
  try {
    for (const text of linesOf(textOf(bytes, file))) {
      if (text === "") continue;
      const { path, set, sha256: hash } = line.parse(JSON.parse(text));
      photos[set].push([path, hash]);
    }
  } catch (cause) {
    throw damaged("lines that are no photos", cause);
  }
  return photos;
}

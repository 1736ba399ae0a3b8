import { datasetPixels, type DatasetPixelOptions } from "./dataset-pixels.js";
import { type DecodedPhoto, type DecodeOptions, decodePhoto } from "./decode.js";
import type { Framing } from "./framing.js";
import { type PhotoBytes, type PhotoFile, readPhotoFile } from "./photo-file.js";
import { readPhoto, type ReadPhotoOptions } from "./read-photo.js";
import type { View } from "./view.js";

/** Work that makes pixels for a network of a photo, by the name of what does it. */
export type PixelWork =
  | {
      readonly kind: "resize";
      readonly options: Framing & { readonly views?: readonly View[] | undefined };
    }
  | { readonly kind: "read"; readonly options: ReadPhotoOptions }
  | { readonly kind: "dataset"; readonly options: DatasetPixelOptions };

/** A photo's file, and the hash that its bytes must have, where it was read before. */
interface JobFile {
  readonly path: string;
  readonly hash?: string | undefined;
  /** What the photo's file holds, where it lies in none: `path` is then what errors call it. */
  readonly bytes?: Uint8Array | undefined;
}

/** Such work on one photo. */
export type PixelJob = PixelWork & JobFile;

/** Work on one photo; `prepare` loads what `resize` needs. */
export type DecodeJob =
  | PixelJob
  | ({ readonly kind: "decode"; readonly options: Pick<DecodeOptions, "resizedTo"> } & JobFile)
  | { readonly kind: "prepare" };

/** What each kind of work gives. */
export interface DecodeResults {
  readonly prepare: Uint8Array;
  readonly decode: DecodedPhoto;
  readonly resize: Uint8Array;
  readonly read: Uint8Array;
  readonly dataset: Float32Array;
}

/** What was made of a photo, and of which file. */
export interface Performed {
  readonly result: DecodeResults[DecodeJob["kind"]];
  /** `undefined` for `prepare`, and where bytes were given. */
  readonly file: Pick<PhotoFile, "hash" | "state"> | undefined;
}

/**
 * Does the work, on whichever thread it is called. A photo's file is read once: the hash is that of the bytes that were decoded.
 *
 * @throws PhotoError when the file cannot be used, or has another hash than it must have
 */
export async function perform(job: DecodeJob): Promise<Performed> {
  if (job.kind === "prepare") {
    await import("./resized-photo.js");
    return { result: new Uint8Array(), file: undefined };
  }
  const { path, bytes } = job;
  const file = bytes === undefined ? await readPhotoFile(path, job.hash) : undefined;
  const read = file && { hash: file.hash, state: file.state };
  const contents = file ?? { path, bytes: bytes ?? new Uint8Array() };
  const held: (() => void)[] = [];
  try {
    return { result: await made(job, contents, (giveBack) => held.push(giveBack)), file: read };
  } finally {
    for (const giveBack of held) giveBack();
  }
}

/** What is copied to the thread that asked for it. */
const copied = { bytesPerPixel: 3 };

async function made(
  job: Exclude<DecodeJob, { readonly kind: "prepare" }>,
  file: PhotoBytes,
  onMemory: DecodeOptions["onMemory"],
): Promise<Performed["result"]> {
  switch (job.kind) {
    case "decode":
      return decodePhoto(file.bytes, { ...job.options, ...copied, name: file.path, onMemory });
    case "resize": {
      // The engine is loaded by those who need it.
      const { resizedPhoto } = await import("./resized-photo.js");
      const { views, ...framing } = job.options;
      return resizedPhoto(file, framing, views, onMemory);
    }
    case "read":
      return readPhoto(file, job.options, onMemory);
    case "dataset":
      return datasetPixels(file, job.options, onMemory);
  }
}

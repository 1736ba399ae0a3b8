import { datasetPixels, type DatasetPixelOptions } from "./dataset-pixels.js";
import { type DecodedPhoto, type DecodeOptions, decodePhoto } from "./decode.js";
import type { Framing } from "./framing.js";
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

/** Such work on one photo. */
export type PixelJob = PixelWork & { readonly path: string };

/** Work on one photo; `prepare` loads what `resize` needs. */
export type DecodeJob =
  | PixelJob
  | { readonly kind: "decode"; readonly path: string; readonly options: Pick<DecodeOptions, "resizedTo"> }
  | { readonly kind: "prepare" };

/** What each kind of work gives. */
export interface DecodeResults {
  readonly prepare: Uint8Array;
  readonly decode: DecodedPhoto;
  readonly resize: Uint8Array;
  readonly read: Uint8Array;
  readonly dataset: Float32Array;
}

/**
 * Does the work, on whichever thread it is called.
 *
 * @throws PhotoError when the file cannot be used
 */
export async function perform(job: DecodeJob): Promise<DecodeResults[DecodeJob["kind"]]> {
  switch (job.kind) {
    case "prepare":
      await import("./resized-photo.js");
      return new Uint8Array();
    case "decode":
      return decodePhoto(job.path, job.options);
    case "resize": {
      // The engine is loaded by those who need it.
      const { resizedPhoto } = await import("./resized-photo.js");
      const { views, ...framing } = job.options;
      return resizedPhoto(job.path, framing, views);
    }
    case "read":
      return readPhoto(job.path, job.options);
    case "dataset":
      return datasetPixels(job.path, job.options);
  }
}

import { harmlessLine } from "../errors/harmless.js";
import type { Checksum } from "../files/checksum.js";
import { cachePath, elsewhere } from "../files/cache.js";
import { downloadFile } from "../files/download.js";

/** A file of weights that Keras publishes. */
export interface PublishedWeights {
  readonly url: string;
  /** Keras's name for the file. */
  readonly file: string;
  /** The one that Keras gives; `undefined` where it gives none. */
  readonly checksum?: Checksum | undefined;
  /** Size in bytes, where it is known. */
  readonly bytes?: number | undefined;
}

/** How far a download is, for a person or a program to look at. */
export type DownloadListener = (progress: {
  readonly what: string;
  readonly received: number;
  readonly total: number | undefined;
}) => void;

/**
 * The file of pretrained weights, which is downloaded to the cache where it is not there yet.
 *
 * @param weights `"imagenet"` for the published ones, or the path of a file
 * @param onProgress told of the download; default: lines on stderr
 * @returns its path
 * @throws DownloadError when the published weights cannot be had; it says what to download, and where to put it
 */
export async function pretrainedFile(
  weights: string,
  published: PublishedWeights,
  onProgress: DownloadListener = progressLines((line) => {
    console.error(harmlessLine(line));
  }),
): Promise<string> {
  if (weights !== "imagenet") return weights;
  const destination = cachePath(`keras/${published.file}`);
  await downloadFile({
    url: published.url,
    destination,
    checksum: published.checksum,
    size: published.bytes,
    elsewhere,
    onProgress: ({ received, total }) => {
      onProgress({ what: published.file, received, total });
    },
  });
  return destination;
}

const megabyte = 1e6;

/** A size as people are told it: `59 MB`. */
export function megabytes(bytes: number): string {
  return `${(bytes / megabyte).toFixed(0)} MB`;
}

/** Says at the start of each file, and then at every tenth of the way, how far a download is. */
export function progressLines(say: (line: string) => void): DownloadListener {
  let shown = -1;
  let of: string | undefined;
  return ({ what, received, total }) => {
    if (what !== of) shown = -1;
    of = what;
    const tenth = total === undefined ? Math.floor(received / (50 * megabyte)) : Math.floor((10 * received) / total);
    if (tenth === shown) return;
    shown = tenth;
    const whole = total === undefined ? "" : ` of ${megabytes(total)} (${tenth * 10} %)`;
    say(`Downloading ${what}: ${megabytes(received)}${whole}`);
  };
}

import { join } from "node:path";
import { FileError } from "../../errors/errors.js";
import { fileSystemError } from "../../files/file-system-errors.js";
import { readRegularFile } from "../../files/regular-file.js";
import { Tensor } from "../../runtime/runtime.js";
import { getFile } from "../utils/get-file.js";
import type { PublishedFile } from "./load-mnist.js";
import type { PhotosAndLabels, TrainAndTest } from "./split.js";

/** A published archive of CIFAR's binary form: records of labels, a byte each, and of a photo, channel by channel. */
export interface PublishedCifar extends PublishedFile {
  /** Name of the archive in the cache. */
  readonly file: string;
  /** Its folder, and the files in it. */
  readonly folder: string;
  readonly train: readonly string[];
  readonly test: readonly string[];
  /** Photos in each of the files to train with, and in the others. */
  readonly counts: readonly [train: number, test: number];
  /** Labels before each photo. */
  readonly labels: number;
}

const pixels = 32 * 32;

/**
 * Reads files of records.
 *
 * @param label which of the labels before each photo
 */
async function readRecords(
  paths: readonly string[],
  count: number,
  labels: number,
  label: number,
): Promise<PhotosAndLabels> {
  const record = labels + 3 * pixels;
  const x = new Uint8Array(paths.length * count * 3 * pixels);
  const y = new Uint8Array(paths.length * count);
  let sample = 0;
  for (const path of paths) {
    const bytes: Uint8Array = await readRegularFile(path).catch((cause: unknown) => {
      throw fileSystemError(cause, path, "read");
    });
    if (bytes.length !== count * record) {
      throw new FileError(`${path} is damaged.`, {
        subject: path,
        expected: `${count * record} bytes: ${count} photos with ${labels === 1 ? "a label" : `${labels} labels`} each`,
        received: `${bytes.length} bytes`,
        advice: "Delete the folder that it is in: the next run unpacks it again.",
      });
    }
    for (let begin = 0; begin < bytes.length; begin += record, sample++) {
      y[sample] = bytes[begin + label] ?? 0;
      // From [3, 32, 32] to [32, 32, 3].
      const from = begin + labels;
      for (let pixel = 0, to = sample * 3 * pixels; pixel < pixels; pixel++, to += 3) {
        x[to] = bytes[from + pixel] ?? 0;
        x[to + 1] = bytes[from + pixels + pixel] ?? 0;
        x[to + 2] = bytes[from + 2 * pixels + pixel] ?? 0;
      }
    }
  }
  return [new Tensor("uint8", x, [sample, 32, 32, 3]), new Tensor("uint8", y, [sample, 1])];
}

/**
 * Loads photos from an archive of CIFAR's binary form, which needs no pickle, unlike that which Keras reads.
 *
 * @param label which of the labels before each photo
 * @throws DownloadError when the archive cannot be had, or is another one
 * @see https://www.cs.toronto.edu/~kriz/cifar.html
 */
export async function loadCifar(published: PublishedCifar, label: number): Promise<TrainAndTest> {
  const { url, hash, file, folder, train, test, counts, labels } = published;
  const unpacked = await getFile({ fname: file, origin: url, fileHash: hash, extract: true });
  const paths = (names: readonly string[]): readonly string[] => names.map((name) => join(unpacked, folder, name));
  return [
    await readRecords(paths(train), counts[0], labels, label),
    await readRecords(paths(test), counts[1], labels, label),
  ];
}

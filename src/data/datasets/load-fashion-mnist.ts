import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { DownloadError, FileError } from "../../errors/errors.js";
import { cacheFolder } from "../../files/cache.js";
import { fileSystemError } from "../../files/file-system-errors.js";
import { readRegularFile } from "../../files/regular-file.js";
import { Tensor } from "../../runtime/runtime.js";
import { getFile } from "../utils/get-file.js";
import type { PhotosAndLabels, TrainAndTest } from "./split.js";

/** Where the four files are, and how many photos they hold. */
export interface PublishedIdx {
  /** Address of the folder, with a slash at the end. */
  readonly url: string;
  readonly train: number;
  readonly test: number;
}

const unpack = promisify(gunzip);

/**
 * Reads MNIST's own format, packed with gzip: two zeros, 8 for bytes, the number of extents, the extents, the bytes.
 *
 * @throws Error that says what is wrong with it
 * @see http://yann.lecun.com/exdb/mnist/
 */
async function readIdx(packed: Buffer, dims: readonly number[]): Promise<Tensor> {
  const bytes = await unpack(packed).catch((cause: unknown) => {
    const begin = JSON.stringify(packed.subarray(0, 40).toString("latin1"));
    throw new Error(`${packed.length} bytes that gzip cannot unpack, and that begin with ${begin}`, { cause });
  });
  const header = new DataView(new ArrayBuffer(4 + 4 * dims.length));
  [0x800 + dims.length, ...dims].forEach((number, index) => {
    header.setUint32(4 * index, number);
  });
  const start = header.byteLength;
  if (Buffer.compare(bytes.subarray(0, start), new Uint8Array(header.buffer)) !== 0) {
    throw new Error(`the header ${bytes.subarray(0, start).toString("hex")}, which is of something else`);
  }
  const length = dims.reduce((product, extent) => product * extent, 1);
  if (bytes.length !== start + length) throw new Error(`${bytes.length - start} bytes in place of ${length}`);
  return new Tensor("uint8", Uint8Array.from(bytes.subarray(start)), dims);
}

/**
 * One of the files, downloaded if it is not there. Keras knows no checksums of these: gzip's own and the shape stand in for them.
 */
async function idxFile(url: string, name: string, dims: readonly number[]): Promise<Tensor> {
  const subfolder = join("datasets", "fashion-mnist");
  const place = join(cacheFolder(), subfolder, name);
  const wasThere = await stat(place).then(
    () => true,
    () => false,
  );
  const file = await getFile({ fname: name, origin: `${url}${name}`, cacheSubdir: subfolder });
  const packed = await readRegularFile(file).catch((cause: unknown) => {
    throw fileSystemError(cause, file, "read");
  });
  try {
    return await readIdx(packed, dims);
  } catch (cause) {
    const expected = `a gzip file of MNIST's format with the shape [${dims.join(", ")}]`;
    const received = cause instanceof Error ? cause.message : String(cause);
    if (wasThere) {
      throw new FileError(`${file} is not the expected file.`, {
        subject: file,
        ...{ expected, received, cause },
        advice: `Delete it, so that the next run downloads it, or put the one of ${url}${name} there.`,
      });
    }
    // Left there it would be taken for the file the next time.
    await rm(file, { force: true });
    throw new DownloadError(`${name} is not the expected file.`, {
      subject: `${url}${name}`,
      ...{ expected, received, cause },
      advice:
        "Something on the way may have replaced it, such as a proxy's login page. " +
        `Try again, or save the right file as ${file}.`,
    });
  }
}

/** Loads photos and labels from four files of MNIST's own format. */
export async function loadFashionMnist({ url, train, test }: PublishedIdx): Promise<TrainAndTest> {
  const part = async (name: string, count: number): Promise<PhotosAndLabels> => {
    const y = await idxFile(url, `${name}-labels-idx1-ubyte.gz`, [count]);
    return [await idxFile(url, `${name}-images-idx3-ubyte.gz`, [count, 28, 28]), y];
  };
  return [await part("train", train), await part("t10k", test)];
}

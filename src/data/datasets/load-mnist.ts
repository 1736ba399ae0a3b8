import { basename, dirname, join, resolve } from "node:path";
import { checkOptionNames, text } from "../../errors/check.js";
import { cacheFolder } from "../../files/cache.js";
import { readNpz } from "../../formats/numpy/npz.js";
import { getFile } from "../utils/get-file.js";
import type { TrainAndTest } from "./split.js";

/** A published file, and the SHA-256 or MD5 of it, hexadecimal. */
export interface PublishedFile {
  readonly url: string;
  readonly hash: string;
}

/** Options of MNIST's `loadData`. */
export interface MnistOptions {
  /** Where the file is kept: a path, or a name in the folder `datasets` of Graft's cache; default `"mnist.npz"`. */
  readonly path?: string | undefined;
}

/**
 * Loads digits from a file of NumPy's arrays.
 *
 * @param owner what asks, for messages
 * @param given the options, or the path alone
 * @throws DownloadError when the file cannot be had, or is another one
 */
export async function loadMnist(
  owner: string,
  published: PublishedFile,
  given: MnistOptions | string,
): Promise<TrainAndTest> {
  const options = typeof given === "string" ? { path: given } : given;
  checkOptionNames(owner, options, ["path"]);
  const { path = "mnist.npz" } = options;
  const place = resolve(join(cacheFolder(), "datasets"), text(owner, "path", path));
  const file = await getFile({
    fname: basename(place),
    origin: published.url,
    fileHash: published.hash,
    cacheDir: dirname(place),
    cacheSubdir: "",
  });
  const [xTrain, yTrain, xTest, yTest] = (await readNpz(file, ["x_train", "y_train", "x_test", "y_test"])) as [
    ...TrainAndTest[0],
    ...TrainAndTest[1],
  ];
  return [
    [xTrain, yTrain],
    [xTest, yTest],
  ];
}

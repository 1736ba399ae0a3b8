import { loadMnist, type MnistOptions } from "./load-mnist.js";
import type { TrainAndTest } from "./split.js";

/**
 * Loads MNIST: handwritten digits, 60,000 to train with and 10,000 to test with. The file is downloaded once (11 MB), and kept in
 * Graft's cache (`GRAFT_CACHE`).
 *
 * @param options `path`: a path, or a name in the folder `datasets` of the cache; default `"mnist.npz"`; or that path alone. What is
 * there is taken if it is the published file, and replaced by it otherwise
 * @returns `[[xTrain, yTrain], [xTest, yTest]]`: `[N, 28, 28]` uint8 from 0 (paper) to 255 (ink), and digits `[N]` uint8
 * @throws DownloadError when the file cannot be had; the message says what to download, and where to put it
 * @see https://keras.io/api/datasets/mnist/#loaddata-function
 */
export async function loadData(options: MnistOptions | string = {}): Promise<TrainAndTest> {
  return loadMnist(
    "mnist.loadData",
    {
      url: "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
      hash: "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
    },
    options,
  );
}

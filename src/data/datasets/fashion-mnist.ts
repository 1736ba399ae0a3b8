import { checkOptionNames } from "../../errors/check.js";
import { loadFashionMnist } from "./load-fashion-mnist.js";
import type { TrainAndTest } from "./split.js";

/**
 * Loads Fashion-MNIST: clothes, 60,000 photos to train with and 10,000 to test with. Four files are downloaded once (31 MB), and kept
 * in Graft's cache (`GRAFT_CACHE`).
 *
 * Classes: T-shirt or top, trouser, pullover, dress, coat, sandal, shirt, sneaker, bag, ankle boot.
 *
 * @param options there are none
 * @returns `[[xTrain, yTrain], [xTest, yTest]]`: `[N, 28, 28]` uint8 from 0 to 255, and classes `[N]` uint8
 * @throws DownloadError when a file cannot be had; the message says what to download, and where to put it
 * @see https://keras.io/api/datasets/fashion_mnist/#loaddata-function
 */
export async function loadData(options: Readonly<Record<string, never>> = {}): Promise<TrainAndTest> {
  checkOptionNames("fashionMnist.loadData", options, []);
  return loadFashionMnist({
    url: "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    train: 60_000,
    test: 10_000,
  });
}

import { checkOptionNames } from "../../errors/check.js";
import { loadCifar } from "./load-cifar.js";
import type { TrainAndTest } from "./split.js";

/**
 * Loads CIFAR-10: small colour photos of ten classes, 50,000 to train with and 10,000 to test with. The archive is downloaded once
 * (170 MB), and kept in Graft's cache (`GRAFT_CACHE`), unpacked too.
 *
 * Classes: airplane, automobile, bird, cat, deer, dog, frog, horse, ship, truck.
 *
 * @param options there are none
 * @returns `[[xTrain, yTrain], [xTest, yTest]]`: `[N, 32, 32, 3]` uint8 from 0 to 255, and classes `[N, 1]` uint8
 * @throws DownloadError when the archive cannot be had; the message says what to download, and where to put it
 * @see https://keras.io/api/datasets/cifar10/#loaddata-function
 */
export async function loadData(options: Readonly<Record<string, never>> = {}): Promise<TrainAndTest> {
  checkOptionNames("cifar10.loadData", options, []);
  return loadCifar(
    {
      url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
      hash: "c32a1d4ab5d03f1284b67883e8d87530",
      file: "cifar-10-binary.tar.gz",
      folder: "cifar-10-batches-bin",
      train: [1, 2, 3, 4, 5].map((batch) => `data_batch_${batch}.bin`),
      test: ["test_batch.bin"],
      counts: [10_000, 10_000],
      labels: 1,
    },
    0,
  );
}

import { checkOptionNames, oneOf, type Word } from "../../errors/check.js";
import { loadCifar } from "./load-cifar.js";
import type { TrainAndTest } from "./split.js";

/** Options of CIFAR-100's `loadData`. */
export interface Cifar100Options {
  /** `"fine"` for 100 classes, `"coarse"` for the 20 groups that they are in; default `"fine"`. */
  readonly labelMode?: Word<LabelMode> | undefined;
}

type LabelMode = "fine" | "coarse";

/**
 * Loads CIFAR-100: small colour photos of 100 classes, 50,000 to train with and 10,000 to test with. The archive is downloaded once
 * (170 MB), and kept in Graft's cache (`GRAFT_CACHE`), unpacked too.
 *
 * @param options `labelMode`, or that word alone; default `"fine"`
 * @returns `[[xTrain, yTrain], [xTest, yTest]]`: `[N, 32, 32, 3]` uint8 from 0 to 255, and classes `[N, 1]` uint8
 * @throws DownloadError when the archive cannot be had; the message says what to download, and where to put it
 * @see https://keras.io/api/datasets/cifar100/#loaddata-function
 */
export async function loadData(options: Cifar100Options | Word<LabelMode> = {}): Promise<TrainAndTest> {
  const owner = "cifar100.loadData";
  const given = typeof options === "string" ? { labelMode: options } : options;
  checkOptionNames(owner, given, ["labelMode"]);
  const mode = oneOf(owner, "labelMode", given.labelMode ?? "fine", ["fine", "coarse"]);
  return loadCifar(
    {
      url: "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
      hash: "03b5dce01913d631647c71ecec9e9cb8",
      file: "cifar-100-binary.tar.gz",
      folder: "cifar-100-binary",
      train: ["train.bin"],
      test: ["test.bin"],
      counts: [50_000, 10_000],
      labels: 2,
    },
    // The group stands before the class.
    mode === "coarse" ? 0 : 1,
  );
}

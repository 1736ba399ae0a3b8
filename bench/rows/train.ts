import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beside, type Figure } from "../figures.js";
import { runKeras } from "../keras.js";
import { Missing, need, type Row } from "../row.js";

/** The built command, as it is installed: `npm run bench` builds it. */
const command = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

/** Does something with a temporary folder, which is removed afterwards. */
function withFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "graft-bench-"));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function percent(share: unknown): string {
  return typeof share === "number" ? `${(100 * share).toFixed(1)} %` : "unknown";
}

/** Runs `graft train` in a process of its own, with nothing kept from earlier runs. */
function train(directory: string, what: string, args: readonly string[]): Figure {
  return withFolder((folder) => {
    const start = performance.now();
    const started = Date.now();
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [command, "train", directory, ...args, "--out", join(folder, "run"), "--json"],
      { encoding: "utf8", maxBuffer: 2 ** 28, env: { ...process.env, GRAFT_CACHE: join(folder, "cache") } },
    );
    const seconds = (performance.now() - start) / 1000;
    if (status !== 0) throw new Missing(`graft train failed: ${stderr.slice(-300)}`);
    const saved = (statSync(join(folder, "run", "model.onnx")).mtimeMs - started) / 1000;
    const done = JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}") as Record<string, number>;
    return {
      what: `graft train, ${what}`,
      unit: "s",
      values: { Graft: { best: seconds } },
      note:
        `From the start of the process to its end, test photos included; the model was saved after ${saved.toFixed(1)} s. Validation ${percent(done["val_accuracy"])}, ` +
        `test ${percent(done["test_accuracy"])}, ${done["epochs"] ?? "?"} epochs.`,
    };
  });
}

/** Seconds of a process in which Keras trains a classifier on features that it computes once, and what came of it. */
interface CachedFeatures {
  readonly seconds: number;
  readonly note: string;
}

/**
 * Runs Keras with cached features on the same photos.
 *
 * @param weights the network's, or `null` for random ones, whose accuracy says nothing
 */
function cachedFeatures(directory: string, network: string, weights: string | null): CachedFeatures {
  return withFolder((folder) => {
    const job = ["--network", network, "--base-dir", directory, "--out", join(folder, "model.keras")];
    const start = performance.now();
    const lines = runKeras("cached_features.py", weights === null ? job : [...job, "--weights", weights]);
    const seconds = (performance.now() - start) / 1000;
    const done = lines.find(({ event }) => event === "done");
    const accuracy =
      weights === null
        ? "random weights, so that its accuracy is meaningless and only the time is compared"
        : `validation ${percent(done?.["val_accuracy"])}, test ${percent(done?.["test_accuracy"])}`;
    return {
      seconds,
      note: `Keras: the network frozen and its features kept, measured likewise; ${accuracy}, ${String(done?.["epochs"])} epochs.`,
    };
  });
}

/** Figures of Graft with the one run of Keras that all of them are compared with. */
function besideKeras(ours: readonly Figure[], { seconds, note }: CachedFeatures): Figure[] {
  return ours.flatMap((own) =>
    beside([own], [{ what: own.what, unit: "s", values: { Keras: { best: seconds } }, note }]),
  );
}

export const trainRow: Row = {
  name: "train",
  about: "graft train on real photos, MobileNetV2 and VGG16, exact and in 8 bits (minutes)",
  run({ baseDir, weights, network, keras }) {
    const directory = need(baseDir, "--base-dir");
    const file = need(weights, "--weights");
    const mobile = ["--network", need(network, "--network"), "--preprocess", "torch"];
    const vgg = ["--network", "vgg16", "--weights", file, "--image-size", "150", "--unfreeze", "none"];
    const int8 = ["--trunk-precision", "int8"];
    const withKeras = (ours: readonly Figure[], theirs: () => CachedFeatures): readonly Figure[] =>
      keras ? besideKeras(ours, theirs()) : ours;
    const mobileFigures = withKeras(
      [
        train(directory, "MobileNetV2 at 224", mobile),
        train(directory, "MobileNetV2 at 224, 8 bits", [...mobile, ...int8]),
      ],
      () => cachedFeatures(directory, "mobilenetv2", null),
    );
    const vggFigures = withKeras(
      [
        train(directory, "VGG16 at 150, frozen, 8 bits", [...vgg, ...int8]),
        train(directory, "VGG16 at 150, frozen", vgg),
      ],
      () => cachedFeatures(directory, "vgg16", file),
    );
    return Promise.resolve([...mobileFigures, ...vggFigures]);
  },
};

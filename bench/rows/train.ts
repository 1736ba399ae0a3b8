import { join } from "node:path";
import { beside, type Figure } from "../figures.js";
import { runKeras } from "../keras.js";
import { need, type Row } from "../row.js";
import { graftTrain, percent, timed, type Times, withFolder } from "../train-process.js";

/** The two figures of a run. */
function figures(what: string, side: "Graft" | "Keras", { saved, whole }: Times, note: string): Figure[] {
  const figure = (until: string, seconds: number): Figure => ({
    what: `graft train, ${what}: ${until}`,
    unit: "s",
    values: { [side]: { best: seconds } },
  });
  return [figure("to the saved model", saved), { ...figure("with test photos", whole), note }];
}

/** Runs `graft train`, and looks when it was done. */
function train(directory: string, what: string, args: readonly string[]): Figure[] {
  const { times, done } = graftTrain(directory, args);
  const accuracies = `Validation ${percent(done["val_accuracy"])}, test ${percent(done["test_accuracy"])}`;
  return figures(what, "Graft", times, `${accuracies}, ${String(done["epochs"])} epochs.`);
}

/**
 * Keras with cached features on the same photos.
 *
 * @param names of the figures that it is compared with
 * @param weights the network's, or `null` for random ones, whose accuracy says nothing
 */
function cachedFeatures(
  names: readonly string[],
  directory: string,
  network: string,
  weights: string | null,
): Figure[] {
  return withFolder((folder) => {
    const model = join(folder, "model.keras");
    const job = ["--network", network, "--base-dir", directory, "--out", model];
    const { times, result } = timed(model, () =>
      runKeras("cached_features.py", weights === null ? job : [...job, "--weights", weights]),
    );
    const done = result.find(({ event }) => event === "done");
    const accuracy =
      weights === null
        ? "random weights, so that its accuracy is meaningless and only the time is compared"
        : `validation ${percent(done?.["val_accuracy"])}, test ${percent(done?.["test_accuracy"])}`;
    const note = `Keras: the network frozen and its features kept, measured likewise; ${accuracy}, ${String(done?.["epochs"])} epochs.`;
    return names.flatMap((what) => figures(what, "Keras", times, note));
  });
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
    const [mobileName, vggName] = ["MobileNetV2 at 224", "VGG16 at 150, frozen"];
    const exactAndInt8 = (name: string, args: readonly string[]): Figure[] => [
      ...train(directory, name, args),
      ...train(directory, `${name}, 8 bits`, [...args, ...int8]),
    ];
    if (!keras) return Promise.resolve([...exactAndInt8(mobileName, mobile), ...exactAndInt8(vggName, vgg)]);
    const both = (name: string): string[] => [name, `${name}, 8 bits`];
    return Promise.resolve([
      ...beside(exactAndInt8(mobileName, mobile), cachedFeatures(both(mobileName), directory, "mobilenetv2", null)),
      ...beside(exactAndInt8(vggName, vgg), cachedFeatures(both(vggName), directory, "vgg16", file)),
    ]);
  },
};

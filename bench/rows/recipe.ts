import { runKeras } from "../keras.js";
import { need, type Row } from "../row.js";
import { graftTrain, percent } from "../train-process.js";

/** What Keras would do with the same photos. */
const [epochs, batchSize] = [30, 32];

export const recipeRow: Row = {
  name: "recipe",
  about: "graft train by default, against 30 epochs of all layers in Keras, computed from its steps (minutes)",
  run({ recipeDir, network, keras }) {
    const directory = need(recipeDir, "--recipe-dir");
    const { times, done, record } = graftTrain(directory, [
      "--network",
      need(network, "--network"),
      "--preprocess",
      "torch",
    ]);
    const photos = record.split.training.length + record.split.validation.length;
    const held = `held out ${percent(done["val_accuracy"])}, test ${percent(done["test_accuracy"])}`;
    const what = `graft train by default: ${photos} photos, 224, MobileNetV2`;
    const note = `Graft: from the start of the process to its end, test photos included; ${held}.`;
    const ours = { what, unit: "s", values: { Graft: { best: times.whole } }, note } as const;
    if (!keras) return Promise.resolve([ours]);
    const classes = String(record.data.classes.length);
    const [step] = runKeras("all_layers.py", ["--classes", classes, "--batch-size", String(batchSize)]);
    const time = step?.["time"];
    if (!isTime(time)) throw new TypeError("The script of Keras prints the time of a step.");
    const steps = epochs * Math.ceil(photos / batchSize);
    const best = (steps * time.best) / 1000;
    return Promise.resolve([
      {
        ...ours,
        values: { ...ours.values, Keras: { best, median: (steps * time.median) / 1000 } },
        note:
          `${note} Keras: ${steps} steps of ${time.best.toFixed(0)} ms, ${epochs} epochs of all layers with AdamW, batch ${batchSize}, ` +
          "computed from ten measured steps; neither reading nor augmenting photos nor validating counts.",
      },
    ]);
  },
};

function isTime(value: unknown): value is { readonly best: number; readonly median: number } {
  return typeof value === "object" && value !== null && "best" in value && "median" in value;
}

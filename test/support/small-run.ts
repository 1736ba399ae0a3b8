import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { layers, models } from "graft-ml";
import { drawColourPhotos } from "./colour-photos.js";
import { eventsOfRun } from "./event-files.js";
import { waveWeights } from "./wave.js";

/**
 * Arguments of a small run of `graft train` that passes every stage of the recipe.
 *
 * @param epochs of the training of the network, 12 or 4
 */
export function smallRun(epochs: 4 | 12 = 12): readonly string[] {
  const rate = epochs === 4 ? "0.006" : "0.003";
  return [
    ...["train", "photos", "--network", "network.keras", "--preprocess", "torch", "--unfreeze", "all"],
    ...["--epochs", String(epochs), "--learning-rate", rate, "--batch-size", "8"],
  ];
}

/**
 * Makes what {@link smallRun} needs.
 *
 * @param folder where `photos` and `network.keras` go
 */
export async function prepareSmallRun(folder: string): Promise<void> {
  await drawColourPhotos(join(folder, "photos"));
  // Training it on these photos is worth it, so each stage of the recipe is passed. Its dropout draws random numbers in each step.
  const network = new models.Sequential([
    layers.Input({ shape: [16, 16, 3] }),
    new layers.Conv2D(4, 3, { activation: "relu", name: "first" }),
    new layers.Dropout(0.05),
    new layers.Conv2D(4, 3, { activation: "relu", name: "last" }),
  ]);
  waveWeights(network);
  await network.save(join(folder, "network.keras"));
}

/** What is the same of runs that are the same: SHA-256 of the model, the history apart from seconds, and TensorBoard's events apart from times. */
export interface RunBytes {
  readonly model: string;
  readonly history: string;
  readonly events: readonly string[];
}

/** @param run its folder */
export async function bytesOfRun(run: string): Promise<RunBytes> {
  const model = await readFile(join(run, "model.onnx"));
  const history = await readFile(join(run, "history.csv"), "utf8");
  const seconds = history.split("\n", 1)[0]?.split(",").indexOf("seconds");
  const rows = history.split("\n").map((row) => row.split(",").filter((_, column) => column !== seconds));
  const events = await eventsOfRun(run);
  return { model: createHash("sha256").update(model).digest("hex"), history: rows.join("\n"), events };
}

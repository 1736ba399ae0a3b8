import { basename, dirname, join } from "node:path";
import { UsageError } from "../errors/errors.js";
import { writeFileAtomically } from "../files/atomic-write.js";
import { checkWritable } from "../files/check-writable.js";
import type { BaseModel } from "../models/base-model.js";
import { lostWeight } from "../models/finite-weights.js";
import type { ModelFiles } from "../models/platform.js";
import { modelFromConfig } from "./keras/from-config.js";
import { loadWeightsFile } from "./keras/load-weights-file.js";
import { writeKerasH5, writeKerasModel, writeKerasWeights } from "./keras/model-file.js";
import { jsonOfModel, modelOfJson } from "./keras/model-json.js";
import { serializeModel } from "./keras/serialize-model.js";
import { affordable } from "./affordable.js";
import { loadModelFile } from "./load-model-file.js";
import { exportModel } from "./onnx/export-model.js";

function requireEnding(path: string, endings: readonly string[], method: string): void {
  // Weights alone are another kind of file, for another method.
  const isWeights = path.endsWith(".weights.h5") && !endings.includes(".weights.h5");
  if (!isWeights && endings.some((ending) => path.endsWith(ending))) return;
  throw new UsageError(`${path} is not a name for this kind of file.`, {
    subject: path,
    expected: `a name that ends in ${endings.join(", ")}`,
    received: basename(path),
    advice: isWeights
      ? "Weights alone are saved by model.saveWeights."
      : `For example: ${method}("model${endings[0] ?? ""}").`,
  });
}

/** What a whole model is saved as. `.h5` and `.hdf5` are the format before `.keras`, which Keras 3 still reads. */
const modelEndings = [".keras", ".h5", ".hdf5"];

/**
 * Models and weights in files of this machine.
 *
 * @param warn where to say what a file holds that could not be taken over
 */
export function createModelFiles(warn: (line: string) => void): ModelFiles {
  // As Keras does, such weights are loaded; what a model with them says is worth nothing.
  const warnOfLostWeight = (model: BaseModel, path: string): void => {
    const lost = lostWeight(model);
    if (lost !== undefined) warn(`${path}: the weight "${lost.path}" holds ${lost.value}.`);
  };
  return {
    async loadModel(path, options) {
      const model = await loadModelFile(path, options, warn);
      warnOfLostWeight(model, path);
      return model;
    },
    modelOfConfig: (serialized, what) => affordable(modelFromConfig(serialized, what, 3, { warn }), what),
    modelOfJson: (json) => affordable(modelOfJson(json, warn), "the JSON of a model"),
    jsonOfModel,
    async saveModel(model, path) {
      requireEnding(path, modelEndings, "model.save");
      const bytes = path.endsWith(".keras") ? await writeKerasModel(model, path) : await writeKerasH5(model);
      await writeFileAtomically(path, bytes);
    },
    async checkSave(model, path, what) {
      if (what === "model") {
        requireEnding(path, modelEndings, "model.save");
        if (model.built) serializeModel(model);
      } else {
        requireEnding(path, [".weights.h5"], "model.saveWeights");
      }
      // Where the folder's name is made of figures, the one that it lies in.
      const fixed = /^[^{]*/.exec(path)?.[0] ?? path;
      await checkWritable(fixed === path ? path : join(dirname(`${fixed}_`), "_"));
    },
    async loadWeights(model, path, options) {
      const skipped = await loadWeightsFile(model, path, options);
      for (const line of skipped) warn(`Skipped: ${line}`);
      warnOfLostWeight(model, path);
      return skipped;
    },
    async exportModel(model, path) {
      requireEnding(path, [".onnx"], "model.export");
      await writeFileAtomically(path, exportModel(model));
    },
    async saveWeights(model, path) {
      requireEnding(path, [".weights.h5"], "model.saveWeights");
      await writeFileAtomically(path, await writeKerasWeights(model));
    },
  };
}

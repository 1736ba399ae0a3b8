import { basename } from "node:path";
import { UsageError } from "../errors/errors.js";
import { writeFileAtomically } from "../files/atomic-write.js";
import type { BaseModel } from "../models/base-model.js";
import { lostWeight } from "../models/finite-weights.js";
import type { ModelFiles } from "../models/platform.js";
import { loadWeightsFile } from "./keras/load-weights-file.js";
import { writeKerasModel, writeKerasWeights } from "./keras/model-file.js";
import { loadModelFile } from "./load-model-file.js";
import { exportModel } from "./onnx/export-model.js";

function requireEnding(path: string, ending: string, method: string): void {
  if (path.endsWith(ending)) return;
  throw new UsageError(`${path} is not a name for this kind of file.`, {
    subject: path,
    expected: `a name that ends in ${ending}`,
    received: basename(path),
    advice: `For example: ${method}("model${ending}").`,
  });
}

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
    async saveModel(model, path) {
      requireEnding(path, ".keras", "model.save");
      await writeFileAtomically(path, await writeKerasModel(model, path));
    },
    async loadWeights(model, path, options) {
      const skipped = await loadWeightsFile(model, path, options);
      for (const line of skipped) warn(`Skipped: ${line}`);
      warnOfLostWeight(model, path);
      return skipped;
    },
    async exportModel(model, path) {
      requireEnding(path, ".onnx", "model.export");
      await writeFileAtomically(path, exportModel(model));
    },
    async saveWeights(model, path) {
      requireEnding(path, ".weights.h5", "model.saveWeights");
      await writeFileAtomically(path, await writeKerasWeights(model));
    },
  };
}

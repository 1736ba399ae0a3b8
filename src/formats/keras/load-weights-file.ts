import { fileSystemError } from "../../files/file-system-errors.js";
import { readRegularFile } from "../../files/regular-file.js";
import type { LoadWeightsOptions } from "../../models/assign-weights.js";
import type { BaseModel } from "../../models/base-model.js";
import { readingStrangers } from "../unreadable.js";
import { loadKerasWeights } from "./model-file.js";

/**
 * Loads the weights of a Keras file on disk into a model, as {@link loadKerasWeights} does with its bytes.
 *
 * @param path the file
 * @returns what was skipped, one line each
 * @throws FileError when the file cannot be read, or holds no weights
 * @throws ShapeError when it does not fit the model
 */
export async function loadWeightsFile(
  model: BaseModel,
  path: string,
  options: LoadWeightsOptions = {},
): Promise<readonly string[]> {
  const bytes = await readRegularFile(path).catch((cause: unknown) => {
    const advice = "Give the path of a file of Keras's weights: HDF5 (.h5, .weights.h5) or .keras.";
    throw fileSystemError(cause, path, "read", advice);
  });
  return readingStrangers(path, () => loadKerasWeights(model, bytes, path, options));
}

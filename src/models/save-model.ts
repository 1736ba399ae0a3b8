import { refuse } from "../errors/check.js";
import { BaseModel } from "./base-model.js";

/**
 * Keras's function for `model.save(path)`.
 *
 * @param path ends in `.keras`
 * @throws UsageError for another ending, or layers that Keras does not have
 * @throws FileError when the file cannot be written
 */
export async function saveModel(model: BaseModel, path: string): Promise<void> {
  const given: unknown = model;
  if (!(given instanceof BaseModel)) refuse("saveModel", "model", "a model", given);
  await given.save(path);
}

/** Keras's function for `model.saveWeights(path)`. */
export async function saveWeights(model: BaseModel, path: string): Promise<void> {
  const given: unknown = model;
  if (!(given instanceof BaseModel)) refuse("saveWeights", "model", "a model", given);
  await given.saveWeights(path);
}

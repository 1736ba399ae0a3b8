import { refuse } from "../errors/check.js";
import type { LoadWeightsOptions } from "./assign-weights.js";
import { BaseModel } from "./base-model.js";

/**
 * Keras's function for `model.loadWeights(path)`.
 *
 * @returns what was skipped, one line each
 */
export async function loadWeights(
  model: BaseModel,
  path: string,
  options: LoadWeightsOptions = {},
): Promise<readonly string[]> {
  const given: unknown = model;
  if (!(given instanceof BaseModel)) refuse("loadWeights", "model", "a model", given);
  return given.loadWeights(path, options);
}

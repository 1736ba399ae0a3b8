import { FileError } from "../errors/errors.js";
import type { BaseModel } from "../models/base-model.js";
import { memoryBudget, memoryText } from "../runtime/node/memory.js";

/**
 * A model that a file describes, if its weights fit the budget of memory: a line of a configuration can ask for terabytes. Weights are
 * taken when they are first needed, and thus after this.
 *
 * @param file for messages
 * @returns the model
 * @throws FileError naming the largest weight, when they do not
 */
export function affordable<M extends BaseModel>(model: M, file: string): M {
  if (!model.built) return model;
  let [bytes, largest] = [0, model.weights[0]];
  for (const weight of model.weights) {
    bytes += 4 * weight.size;
    if (weight.size > (largest?.size ?? 0)) largest = weight;
  }
  const budget = memoryBudget();
  if (bytes <= budget) return model;
  throw new FileError(`The weights of ${file} need too much memory.`, {
    subject: file,
    expected: `up to ${memoryText(budget)}, half of this machine's memory`,
    received: `${memoryText(bytes)}, the largest weight being "${largest?.path ?? ""}" of [${largest?.shape.join(", ") ?? ""}]`,
    advice: "The file is damaged, or for a larger machine.",
  });
}

import { BaseModel } from "../../models/base-model.js";
import type { Surroundings } from "../../models/surroundings.js";
import type { Callback, CallbackContext, CallbackParams, EvaluateOptions } from "../../models/training-types.js";
import type { Layer } from "../../nn/layer.js";
import type { Variable } from "../../nn/variable.js";
import type { Trained } from "../../nn/weight-use.js";
import { checkCallback } from "../callbacks/check-callback.js";
import { CallbackList } from "./callback-list.js";
import { ProgbarLogger } from "../callbacks/progbar-logger.js";
import type { Host } from "../machine.js";
import type { TrainingMemory } from "./training-memory.js";

/** What a call of `fit`, `evaluate` or `predict` works with. */
export interface Call {
  readonly host: Host;
  readonly model: BaseModel;
  readonly memory: TrainingMemory;
}

/**
 * The callbacks of a call, with the bar that `verbose` asks for.
 *
 * @param given callbacks of the user
 * @param own callbacks of the call itself
 * @throws UsageError for what is no callback
 */
export function callbackList(
  given: EvaluateOptions["callbacks"],
  verbose: CallbackParams["verbose"],
  own: readonly Callback[] = [],
): CallbackList {
  const callbacks: readonly Callback[] = given === undefined ? [] : [given].flat();
  for (const callback of callbacks) checkCallback(callback);
  const shows = callbacks.some((callback) => callback instanceof ProgbarLogger);
  return new CallbackList([...callbacks, ...(verbose === 0 || shows ? [] : [new ProgbarLogger()]), ...own]);
}

/** The context of events outside of `fit`. */
export function contextOf(model: BaseModel, machine: Surroundings, steps: number): CallbackContext {
  const stopTraining = (): void => {
    model.stopTraining = true;
  };
  return { model, machine, epochs: 1, steps, stopTraining };
}

/** Weights of the layers that learn, statistics included: no more than these does a training change. */
function changedBy(layer: Layer): readonly Variable[] {
  if (layer instanceof BaseModel) return layer.layers.flatMap(changedBy);
  return layer.trainable ? layer.weights : [];
}

/** What a training of a model works on. */
export function trainedBy(model: BaseModel): Trained {
  const changed = new Set(changedBy(model));
  return {
    name: model.name,
    owners: [model, model.compilation?.optimizer].filter((owner) => typeof owner === "object"),
    changed: [...changed],
    constant: model.weights.filter((weight) => !changed.has(weight)),
  };
}

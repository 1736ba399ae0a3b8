import type { SerializedObject } from "../config.js";
import { factories, Registry } from "../registry.js";
import * as catalogue from "./catalogue.js";
import type { Optimizer } from "./optimizer.js";

/** An optimizer, its name in Keras, or what Keras wrote into a file. */
export type OptimizerLike = Optimizer | string | SerializedObject;

const registry = new Registry(
  "optimizer",
  factories<Optimizer>(catalogue),
  // Keras's own spelling: adamw, rmsprop.
  Object.fromEntries(Object.values(catalogue).map(({ className }) => [className.toLowerCase(), className])),
);

/**
 * The optimizer that an option stands for.
 *
 * @throws UsageError when there is none of that name
 * @see https://keras.io/api/optimizers/
 */
export function resolveOptimizer(like: OptimizerLike): Optimizer {
  return registry.resolve(like, "update");
}

import type { SerializedObject } from "../config.js";
import { serializeObject } from "../serialize-object.js";
import { refuse } from "../../errors/check.js";
import { Optimizer } from "./optimizer.js";
import { type OptimizerLike, resolveOptimizer } from "./resolve-optimizer.js";

/* Keras's three functions for what files and options say of optimizers. */

/**
 * The optimizer that an option stands for.
 *
 * @param identifier an optimizer, its name in Keras, or what {@link serialize} gives
 * @returns `undefined` for nothing, which `null` is too
 * @throws UsageError when there is none of that name
 */
export function get(identifier: OptimizerLike): Optimizer;
export function get(identifier: OptimizerLike | null | undefined): Optimizer | undefined;
export function get(identifier: OptimizerLike | null | undefined): Optimizer | undefined {
  return identifier === null || identifier === undefined ? undefined : resolveOptimizer(identifier);
}

/** What files say of an optimizer: its class, and what its constructor takes, in Keras's snake_case. */
export function serialize(optimizer: Optimizer): SerializedObject {
  const given: unknown = optimizer;
  if (!(given instanceof Optimizer))
    refuse("optimizers.serialize", "optimizer", "an object, such as get gives it", given);
  return serializeObject("keras.optimizers", given);
}

/**
 * Makes an optimizer of what {@link serialize} gives, or of its name.
 *
 * @throws UsageError when the class or an option is unknown
 */
export function deserialize(config: SerializedObject | string): Optimizer {
  return get(config);
}

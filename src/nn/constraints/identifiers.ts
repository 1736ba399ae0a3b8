import type { SerializedObject } from "../config.js";
import { serializeObject } from "../serialize-object.js";
import { refuse } from "../../errors/check.js";
import { Constraint } from "./constraint.js";
import { type ConstraintLike, resolveConstraint } from "./resolve-constraint.js";

/* Keras's three functions for what files and options say of constraints. */

/**
 * The constraint that an option stands for.
 *
 * @param identifier a constraint, its class, its name in Keras, or what {@link serialize} gives
 * @returns `undefined` for nothing, which `null` is too
 * @throws UsageError when there is none of that name
 */
export function get(identifier: ConstraintLike): Constraint;
export function get(identifier: ConstraintLike | null | undefined): Constraint | undefined;
export function get(identifier: ConstraintLike | null | undefined): Constraint | undefined {
  return identifier === null || identifier === undefined ? undefined : resolveConstraint(identifier);
}

/** What files say of a constraint: its class, and what its constructor takes, in Keras's snake_case. */
export function serialize(constraint: Constraint): SerializedObject {
  const given: unknown = constraint;
  if (!(given instanceof Constraint))
    refuse("constraints.serialize", "constraint", "an object, such as get gives it", given);
  return serializeObject("keras.constraints", given);
}

/**
 * Makes a constraint of what {@link serialize} gives, or of its name.
 *
 * @throws UsageError when the class or an option is unknown
 */
export function deserialize(config: SerializedObject | string): Constraint {
  return get(config);
}

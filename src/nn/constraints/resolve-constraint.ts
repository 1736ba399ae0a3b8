import { type Word } from "../../errors/check.js";
import type { SerializedObject } from "../config.js";
import type { SnakeCase } from "../names.js";
import { factories, Registry } from "../registry.js";
import * as catalogue from "./catalogue.js";
import type { Constraint } from "./constraint.js";

/** A constraint, its name in Keras, or what Keras wrote into a file. */
export type ConstraintLike = Constraint | Word<SnakeCase<keyof typeof catalogue>> | SerializedObject;

const registry = new Registry("constraint", factories<Constraint>(catalogue));

/**
 * The constraint that an option stands for.
 *
 * @throws UsageError when there is none of that name
 */
export function resolveConstraint(like: ConstraintLike | undefined): Constraint | undefined {
  return like === undefined ? undefined : registry.resolve(like, "apply");
}

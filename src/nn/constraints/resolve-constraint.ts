import { type Word } from "../../errors/check.js";
import type { SerializedObject } from "../config.js";
import type { SnakeCase } from "../names.js";
import { factories, Registry } from "../registry.js";
import * as catalogue from "./catalogue.js";
import type { SymbolicTensor } from "../symbolic-tensor.js";
import { isClassOf } from "../named.js";
import { Constraint } from "./constraint.js";
import { FunctionConstraint } from "./function-constraint.js";

/** A condition of a user's own, written with functions of `ops`: the weight that fulfils it, in Keras's order of axes. */
export type OwnConstraint = (weight: SymbolicTensor) => SymbolicTensor;

/** A constraint, its class, its name in Keras, or what Keras wrote into a file. */
export type ConstraintLike =
  Constraint | (new () => Constraint) | OwnConstraint | Word<SnakeCase<keyof typeof catalogue>> | SerializedObject;

const registry = new Registry("constraint", factories<Constraint>(catalogue));

/**
 * The constraint that an option stands for.
 *
 * @throws UsageError when there is none of that name
 */
export function resolveConstraint(like: ConstraintLike | undefined): Constraint | undefined {
  if (isClassOf(like, Constraint)) return new like();
  if (typeof like === "function") return new FunctionConstraint(like);
  return like === undefined ? undefined : registry.resolve(like, "project");
}

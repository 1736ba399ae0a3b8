import { isSerializedObject, type SerializedObject } from "../config.js";
import { factory, Registry } from "../registry.js";
import type { Constraint } from "./constraint.js";
import { MaxNorm } from "./max-norm.js";
import { MinMaxNorm } from "./min-max-norm.js";
import { NonNeg } from "./non-neg.js";
import { UnitNorm } from "./unit-norm.js";

/** A constraint, its name in Keras, or what Keras wrote into a file. */
export type ConstraintLike = Constraint | "max_norm" | "min_max_norm" | "non_neg" | "unit_norm" | SerializedObject;

const registry = new Registry<Constraint>("constraint", {
  MaxNorm: factory(MaxNorm),
  MinMaxNorm: factory(MinMaxNorm),
  NonNeg: factory(NonNeg),
  UnitNorm: factory(UnitNorm),
});

/**
 * The constraint that an option stands for.
 *
 * @throws UsageError when there is none of that name
 */
export function resolveConstraint(like: ConstraintLike | undefined): Constraint | undefined {
  return typeof like === "string" || isSerializedObject(like) ? registry.create(like) : like;
}

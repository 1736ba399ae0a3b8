import { isSerializedObject, type SerializedObject } from "../config.js";
import { factory, Registry } from "../registry.js";
import { L1 } from "./l1.js";
import { L1L2 } from "./l1-l2.js";
import { L2 } from "./l2.js";
import { OrthogonalRegularizer } from "./orthogonal-regularizer.js";
import type { Regularizer } from "./regularizer.js";

/** A regularizer, its name in Keras, or what Keras wrote into a file. */
export type RegularizerLike = Regularizer | "l1" | "l2" | "l1_l2" | "orthogonal_regularizer" | SerializedObject;

const registry = new Registry<Regularizer>(
  "regularizer",
  {
    L1: factory(L1),
    L2: factory(L2),
    L1L2: factory(L1L2),
    OrthogonalRegularizer: factory(OrthogonalRegularizer),
  },
  { l1_l2: "L1L2" },
);

/**
 * The regularizer that an option stands for.
 *
 * @throws UsageError when there is none of that name
 */
export function resolveRegularizer(like: RegularizerLike | undefined): Regularizer | undefined {
  return typeof like === "string" || isSerializedObject(like) ? registry.create(like) : like;
}

import { type Word } from "../../errors/check.js";
import type { SerializedObject } from "../config.js";
import type { SnakeCase } from "../names.js";
import { factories, Registry } from "../registry.js";
import * as catalogue from "./catalogue.js";
import type { Regularizer } from "./regularizer.js";

/** A regularizer, its name in Keras, or what Keras wrote into a file. */
export type RegularizerLike = Regularizer | Word<SnakeCase<keyof typeof catalogue>> | SerializedObject;

const registry = new Registry("regularizer", factories<Regularizer>(catalogue), { l1_l2: "L1L2" });

/**
 * The regularizer that an option stands for.
 *
 * @throws UsageError when there is none of that name
 */
export function resolveRegularizer(like: RegularizerLike | undefined): Regularizer | undefined {
  return like === undefined ? undefined : registry.resolve(like, "penalty");
}

import { type Word } from "../../errors/check.js";
import type { SerializedObject } from "../config.js";
import type { SnakeCase } from "../names.js";
import { factories, Registry } from "../registry.js";
import * as catalogue from "./catalogue.js";
import type { SymbolicTensor } from "../symbolic-tensor.js";
import { FunctionRegularizer } from "./function-regularizer.js";
import { isClassOf } from "../named.js";
import { Regularizer } from "./regularizer.js";

/** A penalty of a user's own, written with functions of `ops`: a single number of a weight in Keras's order of axes. */
export type OwnRegularizer = (weight: SymbolicTensor) => SymbolicTensor;

/** A regularizer, its class, its name in Keras, or what Keras wrote into a file. */
export type RegularizerLike =
  Regularizer | (new () => Regularizer) | OwnRegularizer | Word<SnakeCase<keyof typeof catalogue>> | SerializedObject;

const registry = new Registry("regularizer", factories<Regularizer>(catalogue), { l1_l2: "L1L2" });

/**
 * The regularizer that an option stands for.
 *
 * @throws UsageError when there is none of that name
 */
export function resolveRegularizer(like: RegularizerLike | undefined): Regularizer | undefined {
  if (isClassOf(like, Regularizer)) return new like();
  if (typeof like === "function") return new FunctionRegularizer(like);
  return like === undefined ? undefined : registry.resolve(like, "penalty");
}

import type { SerializedObject } from "../config.js";
import { serializeObject } from "../serialize-object.js";
import { refuse } from "../../errors/check.js";
import { Regularizer } from "./regularizer.js";
import { type RegularizerLike, resolveRegularizer } from "./resolve-regularizer.js";

/* Keras's three functions for what files and options say of regularizers. */

/**
 * The regularizer that an option stands for.
 *
 * @param identifier a regularizer, its class, its name in Keras, or what {@link serialize} gives
 * @returns `undefined` for nothing, which `null` is too
 * @throws UsageError when there is none of that name
 */
export function get(identifier: RegularizerLike): Regularizer;
export function get(identifier: RegularizerLike | null | undefined): Regularizer | undefined;
export function get(identifier: RegularizerLike | null | undefined): Regularizer | undefined {
  return identifier === null || identifier === undefined ? undefined : resolveRegularizer(identifier);
}

/** What files say of a regularizer: its class, and what its constructor takes, in Keras's snake_case. */
export function serialize(regularizer: Regularizer): SerializedObject {
  const given: unknown = regularizer;
  if (!(given instanceof Regularizer))
    refuse("regularizers.serialize", "regularizer", "an object, such as get gives it", given);
  return serializeObject("keras.regularizers", given);
}

/**
 * Makes a regularizer of what {@link serialize} gives, or of its name.
 *
 * @throws UsageError when the class or an option is unknown
 */
export function deserialize(config: SerializedObject | string): Regularizer {
  return get(config);
}

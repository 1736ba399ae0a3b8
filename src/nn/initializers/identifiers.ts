import type { SerializedObject } from "../config.js";
import { serializeObject } from "../serialize-object.js";
import { refuse } from "../../errors/check.js";
import { Initializer } from "./initializer.js";
import { type InitializerLike, resolveInitializer } from "./resolve-initializer.js";

/* Keras's three functions for what files and options say of initializers. */

/**
 * The initializer that an option stands for.
 *
 * @param identifier an initializer, its class, its name in Keras, or what {@link serialize} gives
 * @returns `undefined` for nothing, which `null` is too
 * @throws UsageError when there is none of that name
 */
export function get(identifier: InitializerLike): Initializer;
export function get(identifier: InitializerLike | null | undefined): Initializer | undefined;
export function get(identifier: InitializerLike | null | undefined): Initializer | undefined {
  return identifier === null || identifier === undefined ? undefined : resolveInitializer(identifier);
}

/** What files say of an initializer: its class, and what its constructor takes, in Keras's snake_case. */
export function serialize(initializer: Initializer): SerializedObject {
  const given: unknown = initializer;
  if (!(given instanceof Initializer))
    refuse("initializers.serialize", "initializer", "an object, such as get gives it", given);
  return serializeObject("keras.initializers", given);
}

/**
 * Makes an initializer of what {@link serialize} gives, or of its name.
 *
 * @throws UsageError when the class or an option is unknown
 */
export function deserialize(config: SerializedObject | string): Initializer {
  return get(config);
}

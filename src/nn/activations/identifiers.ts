import { refuse } from "../../errors/check.js";
import type { Config, SerializedObject } from "../config.js";
import { findCustom, serializeFunction } from "../saving/custom-objects.js";
import * as functions from "./functions.js";
import { type ActivationLike, type OwnActivation, resolveActivation } from "./resolve-activation.js";

/* Keras's three functions for what files and options say of activation functions. */

/** An activation function as scripts call it: of arrays or symbolic tensors. */
export type ActivationFunction = typeof functions.sigmoid;

/** The functions by their names in Keras. */
const byName = new Map<string, ActivationFunction>(
  Object.values(functions).flatMap((call): [string, ActivationFunction][] =>
    "activationName" in call ? [[call.activationName, call as ActivationFunction]] : [],
  ),
);

/**
 * The activation function that an option stands for.
 *
 * @param identifier a function, its name in Keras, or what files say of one; nothing, or `null`, is `linear`
 * @throws UsageError when there is none of that name
 */
export function get(identifier?: ActivationLike | null): ActivationFunction | OwnActivation {
  if (typeof identifier === "function") return identifier as OwnActivation;
  const { name } = resolveActivation(identifier);
  const own = findCustom([name]) as OwnActivation | undefined;
  return byName.get(name) ?? own ?? refuse("activations.get", "identifier", "the name of a function", identifier);
}

/** What files say of an activation function: the name of Keras's, otherwise that under which it is registered. */
export function serialize(activation: ActivationFunction | OwnActivation): string | Config {
  const given: unknown = activation;
  if (typeof given !== "function") refuse("activations.serialize", "activation", "a function", given);
  const { activationName } = given as { readonly activationName?: string };
  return activationName ?? serializeFunction(given as OwnActivation);
}

/**
 * The activation function of what {@link serialize} gives, or of its name.
 *
 * @throws UsageError when there is none of that name
 */
export function deserialize(config: SerializedObject | string): ActivationFunction | OwnActivation {
  return get(config);
}

import { show, type Word } from "../../errors/check.js";
import { UsageError } from "../../errors/errors.js";
import { didYouMean } from "../../errors/nearest.js";
import type { Value } from "../../graph/value.js";
import { isSerializedObject, type SerializedObject } from "../config.js";
import { snakeCase, type SnakeCase } from "../names.js";
import * as catalogue from "./catalogue.js";

/** A function that acts on the values between layers; rank 4 is `[N, C, H, W]` there. */
export type Activation = (x: Value) => Value;

/** Other names, and the function that each stands for. */
const aliases = { swish: catalogue.silu, hard_swish: catalogue.hardSilu } as const;

/** Keras's string names of activation functions. */
export type ActivationName = SnakeCase<keyof typeof catalogue> | keyof typeof aliases;

/** The functions by name; the first name of one is that which files have. */
const table: ReadonlyMap<string, Activation> = new Map<string, Activation>([
  ...Object.entries(catalogue).map(([name, activation]) => [snakeCase(name), activation] as const),
  ...Object.entries(aliases),
]);

/** An activation function, its name in Keras, or what Keras wrote into a file. */
export type ActivationLike = Activation | Word<ActivationName> | SerializedObject;

/** An activation function and its name in Keras. */
export interface NamedActivation {
  readonly name: string;
  readonly apply: Activation;
}

/**
 * The activation function that an option stands for.
 *
 * @param like default: `linear`
 * @throws UsageError when there is none of that name
 * @see https://keras.io/api/layers/activations/
 */
export function resolveActivation(like: ActivationLike = "linear"): NamedActivation {
  if (typeof like === "function") {
    const known = [...table].find(([, activation]) => activation === like);
    return { name: known?.[0] ?? like.name, apply: like };
  }
  const given: unknown = like;
  if (typeof given !== "string" && !isSerializedObject(given)) {
    throw new UsageError("This is no activation function.", {
      subject: "activation",
      expected: "a function, or Keras's name of one",
      received: show(given),
    });
  }
  // Keras writes a function as an object whose configuration is the name.
  const name: string = isSerializedObject(like) ? JSON.stringify(like.config).replaceAll('"', "") : like;
  const known = table.get(name);
  if (known === undefined) {
    throw new UsageError(`There is no activation function "${name}".`, {
      subject: "activation",
      expected: "the name of a Keras activation function",
      received: `"${name}"`,
      advice: didYouMean(name, [...table.keys()]),
    });
  }
  // Keras writes the names behind the aliases: swish becomes silu.
  return resolveActivation(known);
}

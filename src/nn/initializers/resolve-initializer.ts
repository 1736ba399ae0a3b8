import { type Word } from "../../errors/check.js";
import type { SerializedObject } from "../config.js";
import type { SnakeCase } from "../names.js";
import { factories, Registry } from "../registry.js";
import * as catalogue from "./catalogue.js";
import { isClassOf } from "../named.js";
import { FunctionInitializer } from "./function-initializer.js";
import { Initializer, type OwnValues } from "./initializer.js";

/** Keras's string names of initializers. */
type Name = keyof typeof catalogue | SnakeCase<keyof typeof catalogue> | "zero" | "one" | "uniform" | "normal";

/** First values of a user's own, in Keras's order: of a shape, numbers in row-major order, or an array. */
export type OwnInitializer = (shape: readonly number[]) => OwnValues;

/** An initializer, its class, its name in Keras, or what Keras wrote into a file. */
export type InitializerLike = Initializer | (new () => Initializer) | OwnInitializer | Word<Name> | SerializedObject;

const registry = new Registry<Initializer>("initializer", factories<Initializer>(catalogue), {
  zero: "Zeros",
  one: "Ones",
  uniform: "RandomUniform",
  normal: "RandomNormal",
  OrthogonalInitializer: "Orthogonal",
  IdentityInitializer: "Identity",
});

/**
 * The initializer that an option stands for.
 *
 * @throws UsageError when there is none of that name
 * @see https://keras.io/api/layers/initializers/ – everything but STFT
 */
export function resolveInitializer(like: InitializerLike): Initializer {
  if (isClassOf(like, Initializer)) return new like();
  if (typeof like === "function") return new FunctionInitializer(like);
  return registry.resolve(like, "values");
}

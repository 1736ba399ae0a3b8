import { type Word } from "../../errors/check.js";
import type { SerializedObject } from "../config.js";
import type { SnakeCase } from "../names.js";
import { factories, Registry } from "../registry.js";
import * as catalogue from "./catalogue.js";
import type { Initializer } from "./initializer.js";

/** Keras's string names of initializers. */
type Name = keyof typeof catalogue | SnakeCase<keyof typeof catalogue> | "zero" | "one" | "uniform" | "normal";

/** An initializer, its name in Keras, or what Keras wrote into a file. */
export type InitializerLike = Initializer | Word<Name> | SerializedObject;

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
  return registry.resolve(like, "values");
}

import { Constant } from "./constant.js";
import { GlorotNormal } from "./glorot-normal.js";
import { GlorotUniform } from "./glorot-uniform.js";
import { HeNormal } from "./he-normal.js";
import { HeUniform } from "./he-uniform.js";
import { Identity } from "./identity.js";
import { LecunNormal } from "./lecun-normal.js";
import { LecunUniform } from "./lecun-uniform.js";
import { Ones } from "./ones.js";
import { Orthogonal } from "./orthogonal.js";
import { RandomNormal } from "./random-normal.js";
import { RandomUniform } from "./random-uniform.js";
import { TruncatedNormal } from "./truncated-normal.js";
import { VarianceScaling } from "./variance-scaling.js";
import { Zeros } from "./zeros.js";
import { isSerializedObject, type SerializedObject } from "../config.js";
import { factory, Registry } from "../registry.js";
import type { Initializer } from "./initializer.js";

/** Keras's string names of initializers. */
type Name =
  | "glorot_uniform"
  | "GlorotUniform"
  | "glorot_normal"
  | "GlorotNormal"
  | "he_uniform"
  | "HeUniform"
  | "he_normal"
  | "HeNormal"
  | "lecun_uniform"
  | "LecunUniform"
  | "lecun_normal"
  | "LecunNormal"
  | "variance_scaling"
  | "VarianceScaling"
  | "zeros"
  | "Zeros"
  | "ones"
  | "Ones"
  | "constant"
  | "Constant"
  | "random_uniform"
  | "RandomUniform"
  | "random_normal"
  | "RandomNormal"
  | "truncated_normal"
  | "TruncatedNormal"
  | "orthogonal"
  | "Orthogonal"
  | "identity"
  | "Identity"
  | "zero"
  | "one"
  | "uniform"
  | "normal";

/** An initializer, its name in Keras, or what Keras wrote into a file. */
export type InitializerLike = Initializer | Name | SerializedObject;

const registry = new Registry<Initializer>(
  "initializer",
  {
    GlorotUniform: factory(GlorotUniform),
    GlorotNormal: factory(GlorotNormal),
    HeUniform: factory(HeUniform),
    HeNormal: factory(HeNormal),
    LecunUniform: factory(LecunUniform),
    LecunNormal: factory(LecunNormal),
    VarianceScaling: factory(VarianceScaling),
    Zeros: factory(Zeros),
    Ones: factory(Ones),
    Constant: factory(Constant),
    RandomUniform: factory(RandomUniform),
    RandomNormal: factory(RandomNormal),
    TruncatedNormal: factory(TruncatedNormal),
    Orthogonal: factory(Orthogonal),
    Identity: factory(Identity),
  },
  {
    zero: "Zeros",
    one: "Ones",
    uniform: "RandomUniform",
    normal: "RandomNormal",
    OrthogonalInitializer: "Orthogonal",
    IdentityInitializer: "Identity",
  },
);

/**
 * The initializer that an option stands for.
 *
 * @throws UsageError when there is none of that name
 * @see https://keras.io/api/layers/initializers/ – everything but STFT
 */
export function resolveInitializer(like: InitializerLike): Initializer {
  return typeof like === "string" || isSerializedObject(like) ? registry.create(like) : like;
}

import { functionOf } from "../named.js";
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

/* Keras's other names, which make an initializer without `new`. */

/** {@link Constant}. */
export const constant = functionOf(Constant);

/** {@link GlorotNormal}. */
export const glorotNormal = functionOf(GlorotNormal);

/** {@link GlorotUniform}. */
export const glorotUniform = functionOf(GlorotUniform);

/** {@link HeNormal}. */
export const heNormal = functionOf(HeNormal);

/** {@link HeUniform}. */
export const heUniform = functionOf(HeUniform);

/** {@link Identity}. */
export const identity = functionOf(Identity);

/** {@link LecunNormal}. */
export const lecunNormal = functionOf(LecunNormal);

/** {@link LecunUniform}. */
export const lecunUniform = functionOf(LecunUniform);

/** {@link Ones}. */
export const ones = functionOf(Ones);

/** {@link Orthogonal}. */
export const orthogonal = functionOf(Orthogonal);

/** {@link RandomNormal}. */
export const randomNormal = functionOf(RandomNormal);

/** {@link RandomUniform}. */
export const randomUniform = functionOf(RandomUniform);

/** {@link TruncatedNormal}. */
export const truncatedNormal = functionOf(TruncatedNormal);

/** {@link VarianceScaling}. */
export const varianceScaling = functionOf(VarianceScaling);

/** {@link Zeros}. */
export const zeros = functionOf(Zeros);

import { functionOf } from "../named.js";
import { MaxNorm } from "./max-norm.js";
import { MinMaxNorm } from "./min-max-norm.js";
import { NonNeg } from "./non-neg.js";
import { UnitNorm } from "./unit-norm.js";

/* Keras's other names, which make a constraint without `new`. */

/** {@link MaxNorm}: `maxNorm(3)`. */
export const maxNorm = functionOf(MaxNorm);

/** {@link MinMaxNorm}: `minMaxNorm(0.5, 2)`. */
export const minMaxNorm = functionOf(MinMaxNorm);

/** {@link NonNeg}. */
export const nonNeg = functionOf(NonNeg);

/** {@link UnitNorm}. */
export const unitNorm = functionOf(UnitNorm);

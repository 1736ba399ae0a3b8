import {
  klDivergence,
  logCosh,
  meanAbsoluteError,
  meanAbsolutePercentageError,
  meanSquaredError,
  meanSquaredLogarithmicError,
} from "./functions.js";

/* Other names of functions, which `tf.keras.losses` has to this day. */

/** {@link meanSquaredError}. */
export const mse = meanSquaredError;

/** {@link meanSquaredError}. */
export const MSE = meanSquaredError;

/** {@link meanAbsoluteError}. */
export const mae = meanAbsoluteError;

/** {@link meanAbsoluteError}. */
export const MAE = meanAbsoluteError;

/** {@link meanAbsolutePercentageError}. */
export const mape = meanAbsolutePercentageError;

/** {@link meanAbsolutePercentageError}. */
export const MAPE = meanAbsolutePercentageError;

/** {@link meanSquaredLogarithmicError}. */
export const msle = meanSquaredLogarithmicError;

/** {@link meanSquaredLogarithmicError}. */
export const MSLE = meanSquaredLogarithmicError;

/** {@link klDivergence}. */
export const kld = klDivergence;

/** {@link klDivergence}. */
export const KLD = klDivergence;

/** {@link klDivergence}. */
export const kullbackLeiblerDivergence = klDivergence;

/** {@link logCosh}. */
export const logcosh = logCosh;

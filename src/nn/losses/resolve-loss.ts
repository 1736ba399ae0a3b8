import { isSerializedObject, type SerializedObject } from "../config.js";
import { factories, Registry } from "../registry.js";
import * as catalogue from "./catalogue.js";
import type { Loss } from "./loss.js";

/** A loss, its name in Keras, or what Keras wrote into a file. */
export type LossLike = Loss | string | SerializedObject;

const registry = new Registry<Loss>("loss", factories<Loss>(catalogue), {
  mse: "MeanSquaredError",
  MSE: "MeanSquaredError",
  mae: "MeanAbsoluteError",
  MAE: "MeanAbsoluteError",
  bce: "BinaryCrossentropy",
  BCE: "BinaryCrossentropy",
  mape: "MeanAbsolutePercentageError",
  MAPE: "MeanAbsolutePercentageError",
  msle: "MeanSquaredLogarithmicError",
  MSLE: "MeanSquaredLogarithmicError",
  kld: "KLDivergence",
  KLD: "KLDivergence",
  kullback_leibler_divergence: "KLDivergence",
  logcosh: "LogCosh",
});

/**
 * The loss that an option stands for.
 *
 * @throws UsageError when there is none of that name
 * @see https://keras.io/api/losses/
 */
export function resolveLoss(like: LossLike): Loss {
  if (!isSerializedObject(like)) return registry.resolve(like, "perSample");
  // Everywhere else null means the default.
  const { config } = like;
  return registry.create(config["reduction"] === null ? { ...like, config: { ...config, reduction: "none" } } : like);
}

/** Whether there is a loss of this name. */
export function isLossName(name: string): boolean {
  return registry.has(name);
}

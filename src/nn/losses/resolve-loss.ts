import { isSerializedObject, type SerializedObject } from "../config.js";
import { factories, Registry } from "../registry.js";
import * as catalogue from "./catalogue.js";
import { FunctionLoss, type LossFunction } from "./function-loss.js";
import { isClassOf } from "../named.js";
import { type CustomObject, findCustom, makeCustom } from "../saving/custom-objects.js";
import { Loss } from "./loss.js";

/** A loss, its class, its name in Keras, or what Keras wrote into a file. */
export type LossLike = Loss | (new () => Loss) | LossFunction | string | SerializedObject;

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
  if (isClassOf(like, Loss)) return new like();
  if (typeof like === "function") return lossOfFunction(like);
  const name = typeof like === "string" ? like : undefined;
  const own = name !== undefined && !registry.has(name) ? findCustom([name]) : undefined;
  if (own !== undefined) return lossOfCustom(own);
  if (!isSerializedObject(like)) return registry.resolve(like, "perSample");
  // Everywhere else null means the default.
  const { config } = like;
  return registry.create(config["reduction"] === null ? { ...like, config: { ...config, reduction: "none" } } : like);
}

/** Keras's class of a loss that is given as Keras's function of it; `undefined` for functions of a user's own. */
export function lossNameOf(like: object): string | undefined {
  return "lossName" in like && typeof like.lossName === "string" ? like.lossName : undefined;
}

/** A registered class of losses, or a registered function. */
function lossOfCustom(own: CustomObject): Loss {
  return own.prototype instanceof Loss ? (makeCustom(own, {}) as Loss) : new FunctionLoss(own as LossFunction);
}

/** One of Keras's losses for its own function, else the function as a loss. */
function lossOfFunction(like: LossFunction): Loss {
  const name = lossNameOf(like);
  return name === undefined ? new FunctionLoss(like) : registry.create(name);
}

/** Keras's names of the classes of losses. */
export function lossNames(): readonly string[] {
  return registry.classNames;
}

/** Whether there is a loss of this name. */
export function isLossName(name: string): boolean {
  return registry.has(name);
}

import { refuse } from "../../errors/check.js";
import { camelCase } from "../../errors/former-names.js";
import { type Config, isSerializedObject, type SerializedObject } from "../config.js";
import { serializeObject } from "../serialize-object.js";
import { snakeCase } from "../names.js";
import { serializeFunction } from "../saving/custom-objects.js";
import { FunctionLoss, type LossFunction } from "./function-loss.js";
import * as functions from "./functions.js";
import { Loss } from "./loss.js";
import { lossNameOf, type LossLike, lossNames, resolveLoss } from "./resolve-loss.js";

/* Keras's three functions for what files and options say of losses. */

/** The functions, by the names of the classes of their losses. */
const byClass = new Map<string, LossFunction>(
  Object.values(functions).map((call) => [call.lossName, call as LossFunction]),
);

/**
 * The loss that an option stands for. As in Keras a name of a function, such as `"mse"`, gives the function, with one number
 * for each sample; a name of a class, such as `"MeanSquaredError"`, gives a loss.
 *
 * @param identifier a loss, its class, its name in Keras, or what {@link serialize} gives
 * @returns `undefined` for nothing, which `null` is too
 * @throws UsageError when there is none of that name
 */
export function get(identifier: LossLike | null | undefined): Loss | LossFunction | undefined {
  if (identifier === null || identifier === undefined) return undefined;
  if (isSerializedObject(identifier) && identifier.class_name === "function") {
    const name: unknown = identifier.config;
    if (typeof name !== "string") refuse("losses.get", "config", "the name of a function", name);
    return get(name);
  }
  const loss = resolveLoss(identifier);
  if (loss instanceof FunctionLoss) return loss.own;
  const isFunction = typeof identifier === "function" && lossNameOf(identifier) !== undefined;
  const isName = typeof identifier === "string" && !lossNames().includes(identifier);
  return isFunction || isName ? (byClass.get(loss.className) ?? loss) : loss;
}

/** What files say of a loss: its class, and what its constructor takes, in Keras's snake_case; of a function its name. */
export function serialize(loss: Loss | LossFunction): SerializedObject | Config {
  const given: unknown = loss;
  if (given instanceof Loss) return serializeObject("keras.losses", given);
  if (typeof given !== "function") refuse("losses.serialize", "loss", "a loss, or a function", given);
  const name = lossNameOf(given);
  const saved = serializeFunction(given as LossFunction);
  return name === undefined
    ? saved
    : { ...saved, config: snakeCase(nameOfFunction(name)), registered_name: "function" };
}

/** Name of the function of a class of losses. */
function nameOfFunction(className: string): string {
  const found = Object.entries(functions).find(([, call]) => call.lossName === className);
  return found?.[0] ?? camelCase(className);
}

/**
 * Makes a loss of what {@link serialize} gives, or of its name.
 *
 * @throws UsageError when the class or an option is unknown
 */
export function deserialize(config: SerializedObject | string): Loss | LossFunction {
  return get(config) ?? refuse("losses.deserialize", "config", "{ class_name, config }, or a name", config);
}

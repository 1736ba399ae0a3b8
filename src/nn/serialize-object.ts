import type { Config, SerializedObject } from "./config.js";
import { type CustomObject, customModule, isRegistered } from "./saving/custom-objects.js";

/** What {@link serializeObject} needs of an object. */
interface Configurable {
  readonly className: string;
  getConfig(): Config;
}

/**
 * An object as Keras 3 writes it into files, or `null` where there is none.
 *
 * @param module Keras's module, such as `"keras.initializers"`
 */
export function serializeObject(module: string, object: Configurable): SerializedObject;
export function serializeObject(module: string, object: Configurable | undefined): SerializedObject | null;
export function serializeObject(module: string, object: Configurable | undefined): SerializedObject | null {
  if (object === undefined) return null;
  const { constructor: Class } = object;
  const names = isRegistered(Class) ? customModule(Class as CustomObject) : { module, registered_name: null };
  return { ...names, class_name: object.className, config: object.getConfig() };
}

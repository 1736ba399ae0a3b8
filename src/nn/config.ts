import { type CustomObject, customModule, isRegistered } from "./saving/custom-objects.js";

/** A configuration as Keras writes it: constructor arguments by their snake_case names. */
export type Config = Readonly<Record<string, unknown>>;

/** An object in a Keras file: its class and what its constructor takes. */
export interface SerializedObject {
  readonly class_name: string;
  /** What the constructor takes; a function's is its name. */
  readonly config: Config;
  readonly module?: string | null;
  readonly registered_name?: string | null;
}

/** Whether something read from a file says a class and its configuration. */
export function isSerializedObject(value: unknown): value is SerializedObject {
  return typeof value === "object" && value !== null && "class_name" in value && "config" in value;
}

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

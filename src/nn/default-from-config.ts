import { isPlainObject, refuse } from "../errors/check.js";
import type { Config } from "./config.js";
import { inheritedFromConfig, makeCustom, type CustomObject } from "./saving/custom-objects.js";

/** How the objects of the package's classes are made of their configurations. */
const makers = new WeakMap<object, (config: Config) => unknown>();

/** Says how objects of a class of the package are made. */
export function makesFromConfig(Class: object, make: (config: Config) => unknown): void {
  makers.set(Class, make);
}

/**
 * What `fromConfig` does where a class does not say it itself: gives the constructor the configuration.
 *
 * @param Class the class
 * @throws UsageError for an option that it does not have
 */
export function fromConfigOf(Class: unknown, config: Config): unknown {
  if (typeof Class !== "function")
    refuse("fromConfig", "class", "a call such as layers.Dense.fromConfig(config)", Class);
  if (!isPlainObject(config)) refuse(`${Class.name}.fromConfig`, "config", "what getConfig gives", config);
  const make = makers.get(Class);
  return make === undefined ? makeCustom(Class as CustomObject, config) : make(config);
}

/** {@link fromConfigOf} as a static method, which all classes inherit. */
export function defaultFromConfig(this: unknown, config: Config): unknown {
  return fromConfigOf(this, config);
}

inheritedFromConfig.add(defaultFromConfig);

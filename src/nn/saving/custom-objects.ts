import { checkOptionNames, isPlainObject, refuse } from "../../errors/check.js";
import { UsageError } from "../../errors/errors.js";
import { camelCase } from "../../errors/former-names.js";
import type { Config } from "../config.js";

/** A class or a function of a user's own that files may name. */
export type CustomObject = (abstract new (...args: never[]) => unknown) | ((...args: never[]) => unknown);

/** Custom objects by the names that files have for them. */
export type CustomObjects = Readonly<Record<string, CustomObject>>;

/** An object without names of its own: a user may call a class `constructor`. */
const byName = Object.create(null) as Record<string, CustomObject>;
const registeredNames = new Map<unknown, string>();
/** Those of calls that are under way, such as `loadModel(path, { customObjects })`. */
const scopes: CustomObjects[] = [];

/** Options of {@link registerKerasSerializable}. */
export interface RegisterOptions {
  /** Default `"Custom"`. */
  readonly package?: string;
  /** Default: the class's `className`, or the name in JavaScript, which minifiers change. */
  readonly name?: string | undefined;
}

/** The name of a class or function of a user's own. */
function plainName(object: CustomObject): string {
  const { className } = object as { readonly className?: unknown };
  return Object.hasOwn(object, "className") && typeof className === "string" ? className : object.name;
}

/**
 * Registers a class or function of one's own under the name `package>name`, so that models with it can be saved and loaded. It
 * gives back what it is given, and may be written as a decorator.
 *
 * @throws UsageError when the name is taken by another one
 * @see https://keras.io/api/models/model_saving_apis/serialization_utils/
 *
 * @example
 * ```ts
 * import { layers, ops, saving, type SymbolicTensor } from "graft-ml";
 *
 * class Double extends layers.Layer {
 *   static readonly className: string = "Double";
 *   override call(x: SymbolicTensor): SymbolicTensor {
 *     return ops.multiply(x, 2);
 *   }
 * }
 * saving.registerKerasSerializable({ package: "mine" })(Double);
 * console.log(saving.getRegisteredName(Double)); // → mine>Double
 * ```
 */
export function registerKerasSerializable(
  options: RegisterOptions = {},
): <T extends CustomObject>(object: T, context?: unknown) => T {
  if (typeof options !== "object") {
    refuse(
      "registerKerasSerializable",
      "options",
      "{ package, name }, and the class in a second pair of brackets",
      options,
    );
  }
  checkOptionNames("registerKerasSerializable", options, ["package", "name"]);
  return (object) => {
    if (typeof object !== "function") refuse("registerKerasSerializable", "object", "a class or a function", object);
    const name = `${options.package ?? "Custom"}>${options.name ?? plainName(object)}`;
    const known = byName[name];
    if (known !== undefined && known !== object && known.toString() !== object.toString()) {
      throw new UsageError(`The name "${name}" is registered for something else.`, {
        subject: name,
        expected: "a name of its own for each class and function",
        received: `"${name}" twice`,
        advice: "Give one of them another name or package.",
      });
    }
    byName[name] = object;
    registeredNames.set(object, name);
    return object;
  };
}

/** The name under which a class or function is registered; of others its own. */
export function getRegisteredName(object: CustomObject): string {
  if (typeof object !== "function") refuse("getRegisteredName", "object", "a class or a function", object);
  return registeredNames.get(object) ?? plainName(object);
}

/** Whether a class or function is registered. */
export function isRegistered(object: unknown): boolean {
  return registeredNames.has(object);
}

/** The class or function that a name stands for; `undefined` where there is none. */
export function getRegisteredObject(name: string): CustomObject | undefined {
  for (const scope of [...scopes].reverse()) if (Object.hasOwn(scope, name)) return scope[name];
  return byName[name];
}

/**
 * Custom objects by the names under which files may name them, for the whole process: what is added to it is known from then on.
 *
 * @see https://keras.io/api/models/model_saving_apis/serialization_utils/#getcustomobjects-function
 *
 * @example
 * ```ts
 * import { layers, ops, saving, type SymbolicTensor } from "graft-ml";
 *
 * const softer = (x: SymbolicTensor): SymbolicTensor => ops.multiply(x, ops.sigmoid(x));
 * Object.assign(saving.getCustomObjects(), { softer });
 * console.log(new layers.Activation("softer").apply(layers.Input({ shape: [4] })).shape); // → [ 'N', 4 ]
 * ```
 */
export function getCustomObjects(): Record<string, CustomObject> {
  return byName;
}

/** The custom object that a file names; {@link getRegisteredObject} of its registered name, or of its plain one. */
export function findCustom(names: readonly (string | null | undefined)[]): CustomObject | undefined {
  for (const name of names) {
    if (typeof name !== "string") continue;
    const found = getRegisteredObject(name) ?? getRegisteredObject(name.replace(/^.*>/, ""));
    if (found !== undefined) return found;
  }
  return undefined;
}

/**
 * Custom objects for a while.
 *
 * @see https://keras.io/api/models/model_saving_apis/serialization_utils/#customobjectscope-class
 */
export class CustomObjectScope {
  constructor(private readonly objects: CustomObjects) {}

  /** Does something at once, in which files may name the objects. */
  runNow<T>(work: () => T): T {
    const { objects } = this;
    const given: unknown = objects;
    if (!isPlainObject(given)) refuse("CustomObjectScope", "customObjects", "an object such as { Scale }", given);
    scopes.push(objects);
    try {
      return work();
    } finally {
      scopes.splice(scopes.lastIndexOf(objects), 1);
    }
  }

  /** Does something, also in promises, in which files may name the objects. */
  async run<T>(work: () => T | Promise<T>): Promise<T> {
    scopes.push(this.objects);
    try {
      return await work();
    } finally {
      scopes.splice(scopes.lastIndexOf(this.objects), 1);
    }
  }
}

/** Functions that classes of a user's own inherit as `fromConfig`: one that is none of these is the user's. */
export const inheritedFromConfig = new WeakSet<object>();

/** A class as {@link makeCustom} uses it. */
interface CustomClass {
  readonly positional?: readonly string[];
  fromConfig?(config: Config): unknown;
  new (...args: readonly unknown[]): unknown;
}

/**
 * Makes an object of a class of a user's own from its configuration: by its static `fromConfig`, or by its constructor, which
 * is given the options in camelCase, those in its static `positional` in front.
 */
export function makeCustom(Class: CustomObject, config: Config): unknown {
  const Custom = Class as unknown as CustomClass;
  const own: unknown = Reflect.get(Custom, "fromConfig");
  if (typeof own === "function" && !inheritedFromConfig.has(own)) return Custom.fromConfig?.(config);
  // Those of a class that it extends, such as the ends of a Model, are its constructor's where the configuration says them.
  const { positional: listed = [] } = Custom;
  const positional = Object.hasOwn(Custom, "positional") || listed.some((name) => name in config) ? listed : [];
  const options = Object.entries(config)
    .filter(([name, value]) => name !== "dtype" && value !== null && !positional.includes(name))
    .map(([name, value]) => [camelCase(name), value]);
  return new Custom(...positional.map((name) => config[name] ?? undefined), Object.fromEntries(options));
}

/** An object, or a function, of a user's own as Keras writes it. */
export function customModule(object: CustomObject): {
  readonly module: string | null;
  readonly registered_name: string;
} {
  return { module: isRegistered(object) ? null : "__main__", registered_name: getRegisteredName(object) };
}

/** A function of a user's own as Keras writes it. */
export function serializeFunction(own: CustomObject): Config {
  const name = getRegisteredName(own);
  return {
    module: "builtins",
    class_name: "function",
    config: name,
    registered_name: isRegistered(own) ? name : "function",
  };
}

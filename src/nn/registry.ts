import { refuseUnknown, show } from "../errors/check.js";
import { UsageError } from "../errors/errors.js";
import { camelCase } from "../errors/former-names.js";
import { didYouMean } from "../errors/nearest.js";
import { type Config, isSerializedObject, type SerializedObject } from "./config.js";
import { makesFromConfig } from "./default-from-config.js";
import { optionNames } from "./named.js";
import { snakeCase } from "./names.js";
import { findCustom, makeCustom } from "./saving/custom-objects.js";

/** Makes an object of one class from Keras's configuration. */
export type Factory<T> = (config: Config) => T;

/** A class whose objects files know by its name and a configuration. */
interface SerializableClass<T> {
  /** Keras's name of it. */
  readonly className: string;
  new (...args: never[]): T;
}

function factory<T>(Class: SerializableClass<T>): Factory<T> {
  const Constructor = Class as unknown as new (options: object) => T;
  const known = new Set(optionNames(Class));
  const make = (config: Config): T => {
    // Absent and null mean the same in Keras's files: the default. What the class does not know, the registry refuses.
    const given = Object.entries(config).flatMap(([name, value]) => {
      const option = camelCase(name);
      return value === null || value === undefined || !known.has(option) ? [] : [[option, value]];
    });
    return new Constructor(Object.fromEntries(given) as object);
  };
  makesFromConfig(Class, (config) => checked(Class.className, make(config), config));
  return make;
}

/** @throws UsageError when a configuration says what the object does not */
function checked<T>(owner: string, made: T, config: Config): T {
  const known = (made as { getConfig(): Config }).getConfig();
  const unknown = Object.keys(config).find((key) => !(key in known) && config[key] !== null && key !== "dtype");
  if (unknown !== undefined) refuseUnknown(owner, unknown, Object.keys(known));
  return made;
}

/** Factories of a folder's classes by the names that these say; a class that says none does not compile here. */
export function factories<T>(catalogue: Readonly<Record<string, SerializableClass<T>>>): Record<string, Factory<T>> {
  return Object.fromEntries(Object.values(catalogue).map((Class) => [Class.className, factory(Class)]));
}

/** The classes of one kind that Graft has, found by the names that Keras gives them. */
export class Registry<T extends { getConfig(): Config }> {
  private readonly byName = new Map<string, Factory<T>>();
  private readonly offered: readonly string[];
  /** Keras's names of the classes. */
  readonly classNames: string[];

  /**
   * @param kind what the classes are, for messages: `"initializer"`
   * @param factories by Keras's class name
   * @param aliases other names, and the class name that each stands for
   */
  constructor(
    private readonly kind: string,
    factories: Readonly<Record<string, Factory<T>>>,
    aliases: Readonly<Record<string, string>> = {},
  ) {
    for (const [className, make] of Object.entries(factories)) {
      this.byName.set(className, make);
      this.byName.set(snakeCase(className), make);
    }
    for (const [alias, className] of Object.entries(aliases)) {
      const make = this.byName.get(className);
      if (make !== undefined) this.byName.set(alias, make);
    }
    this.classNames = Object.keys(factories);
    this.offered = [...this.byName.keys()];
  }

  /** Whether there is a class of this name. */
  has(name: string): boolean {
    return this.byName.has(name);
  }

  /**
   * What an option stands for: an object of the kind, a name, or what Keras wrote into a file.
   *
   * @param method which objects of the kind have
   * @throws UsageError when it is none of them
   */
  resolve(like: T | string | SerializedObject, method: keyof T): T {
    // From JavaScript it may be anything.
    const given: unknown = like;
    if (typeof given === "string") return this.create(given);
    if (isSerializedObject(given)) return this.create(given);
    if (typeof given === "object" && given !== null && typeof (given as T)[method] === "function") return given as T;
    throw new UsageError(`This is no ${this.kind}.`, {
      subject: this.kind,
      expected: `a ${this.kind}, or Keras's name of one`,
      received: show(given),
    });
  }

  /**
   * Makes an object from a name, with all defaults, or from what Keras wrote into a file.
   *
   * @throws UsageError when the class or one of the arguments is unknown
   */
  create(identifier: string | SerializedObject): T {
    const name = typeof identifier === "string" ? identifier : identifier.class_name;
    const config = typeof identifier === "string" ? {} : identifier.config;
    const registered = typeof identifier === "string" ? undefined : identifier.registered_name;
    const custom = this.byName.has(name) && !registered?.includes(">") ? undefined : findCustom([registered, name]);
    if (custom !== undefined) return makeCustom(custom, config) as T;
    const make = this.byName.get(name);
    if (make === undefined) {
      const advice =
        didYouMean(name, this.offered) ??
        `A ${this.kind} of your own has to be registered: saving.registerKerasSerializable()(${name}).`;
      throw new UsageError(`There is no ${this.kind} "${name}".`, {
        subject: this.kind,
        expected: `the name of a Keras ${this.kind}`,
        received: `"${name}"`,
        advice,
      });
    }
    return checked(`The ${this.kind} ${name}`, make(config), config);
  }
}

import { checkOptionNames, isPlainObject, show } from "../errors/check.js";
import { UsageError } from "../errors/errors.js";
import { defaultFromConfig } from "./default-from-config.js";
import type { Config } from "./config.js";

/** A class that may say its name, and what its constructor takes. */
interface MaybeNamed {
  readonly name: string;
  readonly className?: string;
  /** The arguments that the constructor takes by position, before one object of all others; default none. */
  readonly positional?: readonly string[];
  /** Options that may follow those by position, in Keras's order; default none. */
  readonly following?: readonly string[];
  /** Names of the options that come to those of the class that it extends; default none. */
  readonly options?: readonly string[];
  /** Options of the class that it extends which it sets itself, so that nobody can give them; default none. */
  readonly fixedOptions?: readonly string[];
}

/**
 * The name of an object's class, as files know it: what the class itself says by a static `className`.
 *
 * A class of a user's own that says none goes by its name in JavaScript, not by that of the class that it extends, whose
 * files it would not fit. A minifier may change such a name; who bundles says it: `static className = "MyLayer"`.
 */
export function classNameOf(object: object): string {
  return nameOf(object.constructor);
}

function nameOf(Class: MaybeNamed): string {
  return Object.hasOwn(Class, "className") ? (Class.className ?? Class.name) : Class.name;
}

/** A static list of a class and those of all classes that it extends. */
function inherited(Class: MaybeNamed, list: "positional" | "options" | "fixedOptions"): string[] {
  const names: string[] = [];
  for (let each: unknown = Class; typeof each === "function"; each = Object.getPrototypeOf(each)) {
    if (Object.hasOwn(each, list)) names.push(...((each as MaybeNamed)[list] ?? []));
  }
  return names;
}

/** What constructors pass on to each other: the options of a class, and those that it sets itself. */
function passedOptions(Class: MaybeNamed): readonly string[] {
  return [...new Set([...inherited(Class, "positional"), ...inherited(Class, "options")])];
}

/** Names of all options of a class: its own, and those of the classes that it extends; arguments by position are among them. */
export function optionNames(Class: MaybeNamed): readonly string[] {
  const fixed = inherited(Class, "fixedOptions");
  return passedOptions(Class).filter((name) => !fixed.includes(name));
}

/**
 * The check of a class that sets options of the class that it extends: later it is not known whose they are.
 *
 * @throws UsageError for an option that the class does not have
 */
export function checkOwnOptions(Class: MaybeNamed, options: object): void {
  checkOptionNames(nameOf(Class), options, withDtype(options, optionNames(Class)));
}

/** Graft computes in float32, and Keras has the option everywhere. */
function withDtype(options: object, names: readonly string[]): readonly string[] {
  return isPlainObject(options) && options["dtype"] === "float32" ? [...names, "dtype"] : names;
}

/** What stands for arguments of some names; Keras has `dtype` everywhere, and Graft computes in float32. */
type Values<O, Names extends readonly string[]> = {
  [I in keyof Names]: Names[I] extends keyof O
    ? O[Names[I]]
    : Names[I] extends "dtype"
      ? "float32" | null | undefined
      : never;
};

type Steps<O, Names extends readonly string[], Taken extends readonly unknown[]> =
  | [...Taken, options?: { readonly [K in keyof O]?: O[K] | null | undefined }]
  | (Names extends readonly [infer First extends string, ...infer Rest extends readonly string[]]
      ? Steps<O, Rest, [...Taken, Values<O, [First]>[0] | null | undefined]>
      : never);

/**
 * Arguments of a constructor that takes some of its options by position, in Keras's order, as many as one likes, and all others
 * by name behind; `null` and `undefined` stand for one that is left away.
 *
 * @typeParam Following names of those that may be left away, as the class's static `following`
 * @typeParam Positional names of those before, as its static `positional`
 */
export type ByPosition<O, Following extends readonly string[], Positional extends readonly string[] = []> =
  | Steps<O, Following, Values<O, Positional>>
  | [options: { readonly [K in keyof O]: undefined extends O[K] ? O[K] | null : O[K] }];

/** Options whose default is Python's `None` in each of Keras's classes that has them, beside regularizers and constraints. */
const noneByDefault: ReadonlySet<string> = new Set([
  "activation",
  "attentionAxes",
  "baseline",
  "batchSize",
  "brightnessFactor",
  "classId",
  "clipnorm",
  "clipvalue",
  "contrastFactor",
  "dataFormat",
  "dtype",
  "emaOverwriteFrequency",
  "flashAttention",
  "globalClipnorm",
  "gradientAccumulationSteps",
  "hueFactor",
  "ignoreClass",
  "initialValueThreshold",
  "inputAxes",
  "inputShape",
  "labelWeights",
  "lossScaleFactor",
  "name",
  "noiseShape",
  "numLabels",
  "outputAxes",
  "outputPadding",
  "outputShape",
  "saturationFactor",
  "seed",
  "sharedAxes",
  "slidingWindow",
  "strides",
  "thresholds",
  "topK",
  "valueDim",
  "warmupTarget",
  "weightDecay",
  "weights",
  "widthFactor",
]);

/** Options whose default is Python's `None` in these classes of Keras alone. */
const noneByDefaultIn: ReadonlySet<string> = new Set(["F1Score.threshold", "FBetaScore.threshold", "ReLU.maxValue"]);

/** An option whose default is Python's `None` in all of Keras's classes but these. */
const neverNoneIn: ReadonlySet<string> = new Set(["AdamW.weightDecay"]);

/** Whether an argument of a class is left away: as `undefined`, or as `null` where that is Keras's default. */
function isAbsent(owner: string, name: string, value: unknown): boolean {
  if (value !== null) return value === undefined;
  const full = `${owner}.${name}`;
  if (noneByDefaultIn.has(full) || /(Regularizer|Constraint)$/.test(name)) return true;
  return noneByDefault.has(name) && !neverNoneIn.has(full);
}

/**
 * The options of a constructor that takes some of them by position, as `new Conv2D(8, 3, { strides: 2 })` or
 * `new Conv2D(8, { kernelSize: 3 })`, or all by name as Keras's keyword arguments, `new Conv2D({ filters: 8, kernelSize: 3, strides: 2 })`.
 *
 * @param Class whose `positional` says the names of the first arguments, and `following` those that may come behind them
 * @param given the constructor's arguments
 * @throws UsageError when an argument is given twice, or there are too many
 */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- who calls it knows its options
export function byName<O extends object>(Class: MaybeNamed, given: readonly unknown[]): O {
  const { positional = [], following = [] } = Class;
  // Options are a plain object; an object of a class is a value, such as a schedule, as is what a file says of one.
  const found = given.findIndex((one) => isPlainObject(one) && !("class_name" in one));
  const at = found < 0 ? given.length : found;
  const options = (given[at] ?? {}) as Readonly<Record<string, unknown>>;
  const [values, rest] = [given.slice(0, at), given.slice(at + 1)];
  const owner = nameOf(Class);
  const inOrder = [...positional, ...following];
  // A function says itself what null is, such as a dataset without batches.
  const isLeftAway = (name: string, value: unknown): boolean =>
    typeof Class === "function" ? isAbsent(owner, name, value) : value === undefined;
  const byPosition = inOrder.filter((name, index) => !isLeftAway(name, values[index]));
  const twice = byPosition.find((name) => !isLeftAway(name, options[name]));
  const tooMany = [...values.slice(inOrder.length), ...rest].find((value) => value !== undefined);
  if (twice !== undefined || tooMany !== undefined) {
    throw new UsageError(`${owner} was given ${twice === undefined ? "too many arguments" : `"${twice}" twice`}.`, {
      subject: twice ?? owner,
      expected: `${[...inOrder, "{ options }"].join(", ")}, or all in one object of options`,
      received:
        twice === undefined ? `${given.length} arguments, ${show(tooMany)} among them` : "by position and by name",
      advice: twice === undefined ? "Give what else there is by name, in one object at the end." : undefined,
    });
  }
  const named = byPosition.map((name) => [name, values[inOrder.indexOf(name)]] as const);
  const others = Object.entries(options).filter(([name, value]) => value === undefined || !isLeftAway(name, value));
  return Object.fromEntries([...others, ...named]) as O;
}

/**
 * What files know by its class's name. Each class of the package says it, so that it stays the same in a bundle whose
 * identifiers are shortened: `static readonly className: string = "Dense";`.
 */
export abstract class Named {
  /**
   * Makes an object of what `getConfig` gives; Keras's classmethod `from_config`. A class of one's own whose constructor does
   * not take one object of options in camelCase overrides it.
   */
  static fromConfig: (config: Config) => unknown = defaultFromConfig;

  /**
   * @param options all options of the constructor, as they were given
   * @throws UsageError for one that the class does not have
   */
  constructor(options: object = {}) {
    checkOptionNames(nameOf(new.target), options, withDtype(options, passedOptions(new.target)));
  }

  /** Name of the class, Keras's where Keras has it, such as `"Dense"`. */
  get className(): string {
    return classNameOf(this);
  }
}

/** Whether something is a class, rather than an object, that extends another one: Keras makes an object of it. */
export function isClassOf<T>(value: unknown, Base: abstract new (...args: never[]) => T): value is new () => T {
  return typeof value === "function" && (value === Base || value.prototype instanceof Base);
}

/**
 * Keras's functions beside its classes, such as `l2(0.01)` for `new L2(0.01)`.
 *
 * @returns a function that takes what the constructor takes
 */
export function functionOf<A extends unknown[], T>(Class: new (...args: A) => T): (...args: A) => T {
  return (...args) => new Class(...args);
}

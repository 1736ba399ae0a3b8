import { UsageError } from "./errors.js";
import { adviceFor } from "./former-names.js";
import { didYouMean } from "./nearest.js";

/* The checks of options: of what constructors and functions are given. */

/** How a value looks to the one who wrote it: short, whatever it is. */
export function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) {
    const items = value.slice(0, 8).map(show);
    return `[${[...items, ...(value.length > 8 ? ["…"] : [])].join(", ")}]`;
  }
  if (typeof value === "function") return value.name === "" ? "a function" : `the function ${value.name}`;
  if (typeof value === "string") return JSON.stringify(value.length > 200 ? `${value.slice(0, 200)}…` : value);
  if (value === null || typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value === "bigint" || typeof value === "symbol") return value.toString();
  if (typeof value !== "object") return typeof value;
  if (!isPlainObject(value)) {
    // There are objects that inherit nothing, not even that.
    const { name } = (Reflect.get(value, "constructor") ?? Object) as { readonly name: string };
    return /^[AEIOU]/.test(name) ? `an ${name}` : `a ${name}`;
  }
  const entries = Object.entries(value);
  const items = entries.slice(0, 4).map(([key, item]) => `${key}: ${isPlainObject(item) ? "{…}" : show(item)}`);
  return entries.length === 0 ? "{}" : `{ ${[...items, ...(entries.length > 4 ? ["…"] : [])].join(", ")} }`;
}

/** Whether something is an object as one writes it with braces, rather than one of a class. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // Records of names that users give have a prototype of their own, without names of its own.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** @throws UsageError that says of a class that an option of its constructor is not usable */
export function refuse(owner: string, option: string, expected: string, received: unknown, advice?: string): never {
  throw new UsageError(`${owner}: the option ${option} is not usable.`, {
    subject: option,
    expected,
    received: show(received),
    advice,
  });
}

/**
 * @param received the value, or words for it
 * @throws UsageError that says of a function that it cannot take an option
 */
export function refuseOption(
  owner: string,
  option: string,
  expected: string,
  received: unknown,
  advice?: string,
): never {
  throw new UsageError(`${owner} cannot take this ${option}.`, {
    subject: option,
    expected,
    received: String(received),
    advice,
  });
}

/**
 * @param asked the option in the spelling of `known`
 * @throws UsageError that says of a class or function that it does not have an option
 */
export function refuseUnknown(owner: string, option: string, known: readonly string[], asked = option): never {
  throw new UsageError(`${owner} has no option "${option}".`, {
    subject: option,
    expected: known.join(", ") || "no options",
    received: `"${option}"`,
    advice: adviceFor(option, known) ?? didYouMean(asked, known),
  });
}

/** Options that are `true` or `false` wherever they are; names that mean a number elsewhere, such as `scale`, are not here. */
const switches: ReadonlySet<string> = new Set([
  ...["allOps", "applyClassBalancing", "centered", "dropRemainder", "relativeStep", "removeDiagonal", "renorm"],
  ...["reshuffleEachIteration", "rmsScaling"],
  ...["amsgrad", "antialias", "append", "byName", "cropToAspectRatio", "cycle", "deleteCheckpoint", "doubleCheckpoint"],
  ...["expandNested", "extract", "featurewiseCenter", "featurewiseStdNormalization", "followLinks", "forceDownload"],
  ...[
    "fromLogits",
    "horizontalFlip",
    "includePreprocessing",
    "includeTop",
    "keepdims",
    "maskZero",
    "minimalistic",
    "multiLabel",
  ],
  ...["nesterov", "padToAspectRatio", "raiseError", "restoreBestWeights", "returnAttentionScores", "returnDict"],
  ...["samplewiseCenter", "samplewiseStdNormalization", "saveBestOnly", "saveWeightsOnly", "showDtype"],
  ...[
    "showLayerActivations",
    "showLayerNames",
    "showShapes",
    "showTrainable",
    "shuffle",
    "skipMismatch",
    "sparseYPred",
  ],
  ...[
    "sparseYTrue",
    "staircase",
    "swapOnEpoch",
    "synchronized",
    "trainable",
    "untar",
    "useBias",
    "useCausalMask",
    "useEma",
    "useGate",
  ],
  ...["validateFilenames", "verticalFlip", "writeStepsPerSecond", "zcaWhitening"],
]);

/**
 * Refuses what is no object of options, options that a class or function does not have, and other things than `true` and `false`
 * where it is one of these: `"false"` would be true, and 0 is `false` in one place and not in another. TypeScript cannot do so in
 * JavaScript. `undefined` is the same as leaving an option away.
 *
 * @throws UsageError for the first one
 */
export function checkOptionNames(owner: string, options: unknown, known: readonly string[]): void {
  if (!isPlainObject(options)) {
    throw new UsageError(`${owner} takes its options in an object.`, {
      subject: owner,
      expected: known.length === 0 ? "no options" : `an object with some of ${known.join(", ")}`,
      received: show(options),
    });
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name) && options[name] !== undefined);
  if (unknown !== undefined) refuseUnknown(owner, unknown, known);
  for (const [name, value] of Object.entries(options)) {
    if (switches.has(name) && value !== undefined && typeof value !== "boolean") {
      refuse(owner, name, "true or false", value);
    }
  }
}

/** A text that is not empty, such as a name or a path. */
export function text(owner: string, option: string, value: unknown): string {
  return typeof value === "string" && value !== "" ? value : refuse(owner, option, "a text that is not empty", value);
}

/** Whether a value is a whole number of at least `least`. */
export function isWhole(value: unknown, least: number): value is number {
  return Number.isSafeInteger(value) && Number(value) >= least;
}

/** A whole number of at least `least`. */
export function wholeNumber(owner: string, option: string, value: number, least = 1): number {
  if (isWhole(value, least)) return value;
  const bound = least === -Infinity ? "" : ` of at least ${least}`;
  return refuse(owner, option, `a whole number${bound}`, value);
}

/** A list of whole numbers of at least `least`. */
export function wholeNumbers(owner: string, option: string, value: readonly number[], least = 1): readonly number[] {
  if (Array.isArray(value) && value.every((item) => isWhole(item, least))) return value;
  return refuse(owner, option, `a list of whole numbers of at least ${least}`, value);
}

/** A list of finite numbers. */
export function numbers(owner: string, option: string, value: readonly number[]): readonly number[] {
  const list: unknown = value;
  if (Array.isArray(list) && value.every((item) => Number.isFinite(item))) return value;
  return refuse(owner, option, "a list of numbers", value);
}

/** One whole number, such as an axis, or a list of them; negative ones count from the end. */
export function wholeOrList(owner: string, option: string, value: number | readonly number[]): readonly number[] {
  const list: readonly unknown[] = [value].flat();
  if (list.every((item) => isWhole(item, -Infinity))) return list;
  return refuse(owner, option, "a whole number, or a list of them", value);
}

/** One finite number, or a list of them. */
export function numberOrList<T extends number | readonly number[]>(owner: string, option: string, value: T): T {
  const list: readonly unknown[] = [value].flat();
  return list.every((item) => Number.isFinite(item))
    ? value
    : refuse(owner, option, "a number, or a list of them", value);
}

/** A finite number above 0. */
export function positiveNumber(owner: string, option: string, value: number): number {
  if (typeof value === "number" && Number.isFinite(value) && value > 0) return value;
  return refuse(owner, option, "a number above 0", value);
}

/** Bounds of a number that do not belong to what is allowed, as against those of {@link numberWithin}. */
export interface OpenBounds {
  /** The number is greater. */
  readonly above?: number;
  /** The number is at least this. */
  readonly from?: number;
  /** The number is at most this. */
  readonly to?: number;
  /** The number is less. */
  readonly below?: number;
}

/** A finite number within bounds, some of which are outside themselves. */
export function numberInside(owner: string, option: string, value: number, bounds: OpenBounds): number {
  const { above = -Infinity, from = -Infinity, to = Infinity, below = Infinity } = bounds;
  if (Number.isFinite(value) && value > above && value >= from && value <= to && value < below) return value;
  const words = [
    ...(above > -Infinity ? [`above ${above}`] : []),
    ...(from > -Infinity ? [`of at least ${from}`] : []),
    ...(to < Infinity ? [`of at most ${to}`] : []),
    ...(below < Infinity ? [`below ${below}`] : []),
  ];
  return refuse(owner, option, `a number ${words.join(" and ")}`, value);
}

/** A finite number in `[low, high]`. */
export function numberWithin(owner: string, option: string, value: number, low = -Infinity, high = Infinity): number {
  if (typeof value === "number" && Number.isFinite(value) && value >= low && value <= high) return value;
  const bounds = [...(low > -Infinity ? [`at least ${low}`] : []), ...(high < Infinity ? [`at most ${high}`] : [])];
  return refuse(owner, option, `a number${bounds.length === 0 ? "" : ` of ${bounds.join(" and ")}`}`, value);
}

/**
 * One of some words, which editors offer. Any text compiles, so that options held in a variable fit without `as const`; what is
 * none of the words is refused when it is used.
 */
export type Word<T extends string> = T | (string & Record<never, never>);

/** Options as a variable holds them: texts for words, numbers for some numbers, lists for pairs. They are checked when used. */
export type Loose<O> = { readonly [K in keyof O]: LooseValue<O[K]> };

type LooseValue<V> = V extends string
  ? Word<V>
  : V extends number
    ? number
    : V extends readonly [number, ...number[]]
      ? readonly number[]
      : V;

/** One number for height and width, or a list of one for each. */
export type Pair = number | readonly number[];

/** Height and width from a {@link Pair}, both whole numbers of at least `least`. */
export function pair(owner: string, option: string, value: Pair, least = 1): readonly [number, number] {
  // From JavaScript or a file it may be anything.
  const given: unknown = value;
  const [high, wide, ...others]: readonly unknown[] = Array.isArray(given) ? (given as unknown[]) : [given, given];
  if (isWhole(high, least) && isWhole(wide, least) && others.length === 0) return [high, wide];
  return refuse(owner, option, `a whole number of at least ${least}, or [height, width] of two`, value);
}

/** One of some words; case does not matter. */
export function oneOf<T extends string>(owner: string, option: string, value: string, words: readonly T[]): T {
  // From JavaScript or a file it may be anything.
  const given = show(value).replaceAll('"', "");
  const found = words.find((word) => word === given.toLowerCase());
  if (found !== undefined) return found;
  return refuse(owner, option, words.map((word) => `"${word}"`).join(" or "), value, didYouMean(given, words));
}

/** The order of axes: Graft has Keras's default only. */
export type DataFormat = "channels_last";

/** Refuses any order of axes but `"channels_last"`. */
export function channelsLastOnly(owner: string, value: string | undefined): DataFormat {
  if (value === undefined || value === "channels_last") return "channels_last";
  return refuse(
    owner,
    "dataFormat",
    `"channels_last"`,
    value,
    "Graft's public shapes are [batch, height, width, channels]; transpose the inputs and leave the option away.",
  );
}

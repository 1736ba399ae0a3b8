import { UsageError } from "./errors.js";
import { didYouMean } from "./nearest.js";

/* The checks of options: of what constructors and functions are given. */

/** How a value looks to the one who wrote it. */
function show(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  // JSON has no NaN, no infinities, no large whole numbers and no functions.
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "function") return String(value);
  return JSON.stringify(value);
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
    advice: didYouMean(asked, known),
  });
}

/**
 * Refuses options that a class or function does not have, which TypeScript cannot do in JavaScript.
 *
 * @throws UsageError for the first one
 */
export function checkOptionNames(owner: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) refuseUnknown(owner, unknown, known);
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

/** A finite number in `[low, high]`. */
export function numberWithin(owner: string, option: string, value: number, low = -Infinity, high = Infinity): number {
  if (typeof value === "number" && Number.isFinite(value) && value >= low && value <= high) return value;
  const bounds = [...(low > -Infinity ? [`at least ${low}`] : []), ...(high < Infinity ? [`at most ${high}`] : [])];
  return refuse(owner, option, `a number${bounds.length === 0 ? "" : ` of ${bounds.join(" and ")}`}`, value);
}

/** One number for height and width, or one for each. */
export type Pair = number | readonly [number, number];

/** Height and width from a {@link Pair}, both whole numbers of at least `least`. */
export function pair(owner: string, option: string, value: Pair, least = 1): readonly [number, number] {
  // From JavaScript or a file it may be anything.
  const [high, wide, ...others]: readonly unknown[] = typeof value === "number" ? [value, value] : Array.from(value);
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

/**
 * Options of a constructor whose first option Keras users give by position: `new MaxPooling2D(2)` is
 * `new MaxPooling2D({ poolSize: 2 })`.
 *
 * @param first the value of the option `name`, or all options
 */
export function withFirst<O extends object>(first: unknown, options: O | undefined, name: keyof O): O {
  if (first === undefined) return { ...options } as O;
  // Options are a plain object; an object of a class is a value, such as a schedule.
  if (typeof first === "object" && first !== null && Object.getPrototypeOf(first) === Object.prototype) {
    return first as O;
  }
  return { ...options, [name]: first } as O;
}

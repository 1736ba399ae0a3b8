import { UsageError } from "../errors/errors.js";
import { ownValue } from "../errors/named-record.js";
import { didYouMean } from "../errors/nearest.js";

/** One thing for each input or output of a model: in the model's order, or by name. */
export type Each<T> = readonly T[] | Readonly<Record<string, T>>;

/** One thing for all inputs or outputs of a model, or one for each. */
export type PerOutput<T> = T | Each<T>;

/** What things are said for: the inputs or the outputs of a model. */
export interface Places {
  /** The model's name, for messages. */
  readonly model: string;
  readonly what: "input" | "output";
  /** Their names, in the model's order. */
  readonly names: readonly string[];
}

/** Whether something is a list. */
export function isList<T>(value: PerOutput<T>): value is readonly T[] {
  return Array.isArray(value);
}

/** Whether something is an object without a class, as one writes it with braces. */
export function isRecord<T>(value: PerOutput<T>): value is Readonly<Record<string, T>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value) as object | null;
  // Named records inherit nothing that has a name.
  return prototype === Object.prototype || prototype === null || !("constructor" in prototype);
}

/** The same structure with something else in it. */
export function mapEach<T, U>(value: PerOutput<T>, change: (item: T) => U): PerOutput<U> {
  if (isList(value)) return value.map(change);
  if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, change(item)]));
  return change(value);
}

/** `"a", "b"` */
export function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(", ");
}

/**
 * What is said by name, in the model's order; `undefined` where nothing is said.
 *
 * @param subject what is said, such as `lossWeights`
 * @throws UsageError for a name that the model does not have
 */
export function inOrder<T>(
  record: Readonly<Record<string, T>>,
  subject: string,
  { model, what, names }: Places,
): (T | undefined)[] {
  const strange = Object.keys(record).find((name) => !names.includes(name));
  if (strange !== undefined) {
    throw new UsageError(`The model "${model}" has no ${what} "${strange}".`, {
      subject,
      expected: `names of its ${what}s: ${quoted(names)}`,
      received: `"${strange}"`,
      advice: didYouMean(strange, names),
    });
  }
  return names.map((name) => ownValue(record, name));
}

/**
 * What is said for every input or output, in the model's order.
 *
 * @param subject what is said, such as `lossWeights`
 * @param none what stands where there is to be nothing, for the message
 * @throws UsageError when it is not said for each, or for one that the model does not have
 */
export function forEachPlace<T>(each: Each<T>, subject: string, places: Places, none?: string): readonly T[] {
  const { model, what, names } = places;
  const items = isList(each) ? each : inOrder(each, subject, places);
  const missing = isList(each) ? undefined : names.find((name) => !Object.hasOwn(each, name));
  if (items.length !== names.length || missing !== undefined) {
    throw new UsageError(`${subject} is not said for each ${what} of the model "${model}".`, {
      subject,
      expected: `one for each of ${quoted(names)}`,
      received: missing === undefined ? `${items.length}` : `none for "${missing}"`,
      advice: none === undefined ? undefined : `Say ${none} where there is none.`,
    });
  }
  return items as readonly T[];
}

import { z } from "zod";

/** The most values of a file: those of a record of some millions of photos. Each takes up to 60 bytes when it is parsed, however short it is. */
const mostValues = 2 ** 24;

/** Lists and records up to this length are looked at as they are. */
const few = 100;
/** So many kinds of elements are kept of a longer one; nothing that is meant has more. */
const mostKinds = 20;

const [quote, backslash, comma, openList, openRecord] = [0x22, 0x5c, 0x2c, 0x5b, 0x7b];

/** Says of a file that it has more values than any that is meant. */
class TooManyValues extends SyntaxError {}

/**
 * Parses the JSON of a file that may be a stranger's, and checks it: without taking a hundred times the memory of the text, and without a million
 * issues where a list of a million elements has none that is right.
 *
 * @param most the most values, default some millions
 * @throws SyntaxError when it is no JSON, or has more values than any such file
 * @throws ZodError when it is something else; its issues are few
 */
export function parseStrangerJson<T>(text: string, schema: z.ZodType<T>, most = mostValues): T {
  if (!hasAtMost(most, text)) throw new TooManyValues(`more than ${String(most)} values`);
  const value: unknown = JSON.parse(text);
  schema.parse(oneOfEachKind(value));
  return schema.parse(value);
}

/** What {@link parseStrangerJson} has found instead of what was expected, for messages. */
export function foundInstead(cause: unknown): string {
  if (cause instanceof z.ZodError) return z.prettifyError(cause).split("\n").join(" ").slice(0, 300);
  return cause instanceof TooManyValues ? cause.message : "no JSON";
}

function hasAtMost(most: number, text: string): boolean {
  let [values, isText] = [1, false];
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) isText = !isText;
    else if (isText) at += code === backslash ? 1 : 0;
    else if (code === comma || code === openList || code === openRecord) values++;
    if (values > most) return false;
  }
  return true;
}

/** A value whose long lists and records are cut to one element of each kind: what is wrong with the whole is, as a rule, wrong with it. */
export function oneOfEachKind(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return kinds(value, (element: unknown) => element).map(oneOfEachKind);
  const entries = kinds(Object.entries(value), ([, element]) => element as unknown);
  return Object.fromEntries(entries.map(([name, element]) => [name, oneOfEachKind(element)]));
}

function kinds<T>(elements: readonly T[], valueOf: (element: T) => unknown): readonly T[] {
  if (elements.length <= few) return elements;
  const found = new Map<string, T>();
  for (const element of elements) {
    const kind = kindOf(valueOf(element));
    if (!found.has(kind)) found.set(kind, element);
    if (found.size === mostKinds) break;
  }
  return [...found.values()];
}

function kindOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return value === null ? "null" : typeof value;
  if (Array.isArray(value)) return `[${value.slice(0, few).map(simpleKind).join()}]`;
  return JSON.stringify(
    Object.entries(value)
      .slice(0, few)
      .map(([name, inner]) => [name, simpleKind(inner)]),
  );
}

function simpleKind(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "list" : typeof value;
}

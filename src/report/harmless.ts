/*
 * Names of files, classes, nodes and layers come from strangers. Shown as they are, they could clear a terminal, write over what
 * stands there, or look like lines of Graft's own.
 */

/** Control characters but line feed and tab, and those that turn the direction of a text round. */
// eslint-disable-next-line no-control-regex -- they are what is looked for
const controls = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
const controlsAndLines = new RegExp(`${controls.source}|[\\n\\t]`, "g");

/** `\x1b`, `\n`, `\u202e`. */
function escaped(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\t") return "\\t";
  const code = character.charCodeAt(0).toString(16);
  return code.length > 2 ? `\\u${code.padStart(4, "0")}` : `\\x${code.padStart(2, "0")}`;
}

/** A text with its lines, in which whatever would steer a terminal is spelled out. */
export function harmless(text: string): string {
  return text.replace(controls, escaped);
}

/** A text of one line: line feeds are spelled out as well. */
export function harmlessLine(text: string): string {
  return text.replace(controlsAndLines, escaped);
}

/** The same value with all texts in it as {@link harmlessLine} makes them; keys of records stay. */
export function harmlessTexts<T>(value: T): T {
  if (typeof value === "string") return harmlessLine(value) as T;
  if (Array.isArray(value)) return value.map((element: unknown) => harmlessTexts(element)) as T;
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, harmlessTexts<unknown>(inner)])) as T;
}

/** JSON of one line that parses to exactly the value, and steers no terminal: JSON itself leaves some of it as it is. */
export function harmlessJson(value: unknown): string {
  return JSON.stringify(value).replace(
    controls,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/*
 * Names of files, classes, nodes and layers come from strangers. Shown as they are, they could clear a terminal, write over what
 * stands there, or look like lines of Graft's own.
 */

/**
 * Control characters but line feed and tab, those that turn the direction of a text round, and those that nobody sees: two names that
 * look alike would differ by them. A joiner stays where writing needs it: between the parts of an emoji, and between letters
 * but those of alphabets that know none.
 */
const controls =
  // eslint-disable-next-line no-control-regex -- they are what is looked for
  /[\0-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|(?<![\p{Extended_Pictographic}\p{Emoji_Modifier}\p{M}]|(?![\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Han}])\p{L})[\u200c\u200d]/gu;
const controlsAndLines = new RegExp(`${controls.source}|[\\n\\t]`, "gu");

/** `\x1b`, `\n`, `\u202e`. */
function escaped(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\t") return "\\t";
  const code = (character.codePointAt(0) ?? 0).toString(16);
  if (code.length > 4) return `\\u{${code}}`;
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
  return JSON.stringify(value).replace(controls, (character) =>
    Array.from({ length: character.length }, (_, index) => {
      return `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`;
    }).join(""),
  );
}

/*
 * Names of files, classes, nodes and layers come from strangers. Shown as they are, they could clear a terminal, write over what
 * stands there, or look like lines of Graft's own.
 */

/**
 * Control characters but line feed and tab, those that turn the direction of a text round, and those that nobody sees or that look like a
 * space: two names that look alike would differ by them. A joiner stays where writing needs it: between the parts of an emoji, and between letters
 * but those of alphabets that know none. So does what chooses between forms, behind signs that have some.
 */
const controls = new RegExp(
  [
    // eslint-disable-next-line no-control-regex -- they are what is looked for
    /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb]/u,
    // Blanks that are not what they look like: who types the name with a space names another file. U+3000 is the space of its writing.
    /[\u00a0\u1680\u2000-\u200a\u202f\u205f]/u,
    // Nothing, or a blank as wide as a letter.
    // eslint-disable-next-line no-misleading-character-class -- each is meant by itself
    /[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u200b\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufff8]/u,
    /[\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e00ff}\u{e01f0}-\u{e0fff}]/u,
    /(?<![\p{Extended_Pictographic}\p{Emoji_Modifier}\p{M}]|(?![\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{Script=Han}])\p{L})[\u200c\u200d]/u,
    /(?<!\p{Extended_Pictographic}|[\p{Script=Han}\p{Script=Mongolian}\p{Script=Myanmar}]|(?!\p{ASCII})\p{S}|[\d#*](?=.\u20e3))[\ufe00-\ufe0f\u{e0100}-\u{e01ef}\u180b-\u180d\u180f]/u,
  ]
    .map(({ source }) => source)
    .join("|"),
  "gu",
);
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

/** A text that stands by itself, such as a name: as {@link harmlessLine} makes it, and blanks at its ends, which nobody sees, are spelled out. */
export function harmlessName(text: string): string {
  return harmlessLine(text.replace(/^\p{Zs}+|\p{Zs}+$/gu, (blanks) => Array.from(blanks, escaped).join("")));
}

/** The same value with all texts in it as {@link harmlessName} makes them; keys of records stay. */
export function harmlessTexts<T>(value: T): T {
  if (typeof value === "string") return harmlessName(value) as T;
  if (Array.isArray(value)) return value.map((element: unknown) => harmlessTexts(element)) as T;
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, harmlessTexts<unknown>(inner)])) as T;
}

/**
 * JSON that parses to exactly the value, and steers no terminal: JSON itself leaves some of it as it is.
 *
 * @param indent spaces by which what is inside is indented; default none, all on one line
 */
export function harmlessJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replace(controls, (character) =>
    Array.from({ length: character.length }, (_, index) => {
      return `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`;
    }).join(""),
  );
}

type Alignment = "left" | "right";

/** A name longer than this is cut in the middle, where names of one kind differ least. */
const longest = 32;

const segmenter = new Intl.Segmenter();

/** What a reader takes for characters: an emoji with its modifiers or a letter with its accents is one. */
function charactersOf(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

const wide =
  /^(?:[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation})/u;

/** Width of a text in a terminal, in cells: Chinese, Japanese and Korean characters and most emoji take two. */
export function textWidth(text: string): number {
  return charactersOf(text).reduce((width, character) => width + (wide.test(character) ? 2 : 1), 0);
}

/** A text filled up with spaces to a width in cells. */
export function pad(text: string, width: number, alignment: Alignment = "left"): string {
  const space = " ".repeat(Math.max(0, width - textWidth(text)));
  return alignment === "left" ? text + space : space + text;
}

/** A text of at most so many characters; a longer one loses its middle. */
export function shorten(text: string, length = longest): string {
  const characters = charactersOf(text);
  if (characters.length <= length) return text;
  const tail = Math.floor((length - 1) / 2);
  return `${characters.slice(0, length - 1 - tail).join("")}…${characters.slice(characters.length - tail).join("")}`;
}

/**
 * Lays out a table for people: columns as wide as needed, two spaces between them, no frame.
 *
 * @param header names of the columns; with none, the table has no header
 * @param rows cells; long ones are shortened
 * @param alignments of the columns; default left
 * @returns lines without the final newline
 */
export function textTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  alignments: readonly Alignment[] = [],
): string {
  const all = (header.length > 0 ? [header, ...rows] : rows).map((row) => row.map((cell) => shorten(cell)));
  const columns = Math.max(0, ...all.map(({ length }) => length));
  const widths = Array.from({ length: columns }, (_, column) =>
    Math.max(...all.map((row) => textWidth(row[column] ?? ""))),
  );
  return all
    .map((row) =>
      row
        .map((cell, column) => pad(cell, widths[column] ?? 0, alignments[column] ?? "left"))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

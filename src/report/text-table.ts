import { harmlessName } from "../errors/harmless.js";
import { shorten, textWidth } from "./text-width.js";
import { greatest } from "../onnx/extremes.js";

type Alignment = "left" | "right";

/** A name longer than this is cut in the middle, where names of one kind differ least. */
const longest = 32;

/** A text filled up with spaces to a width in cells. */
export function pad(text: string, width: number, alignment: Alignment = "left"): string {
  const space = " ".repeat(Math.max(0, width - textWidth(text)));
  return alignment === "left" ? text + space : space + text;
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
  const all = (header.length > 0 ? [header, ...rows] : rows).map((row) =>
    row.map((cell) => shorten(harmlessName(cell), longest)),
  );
  const columns = greatest(
    all.map(({ length }) => length),
    0,
  );
  const widths = Array.from({ length: columns }, (_, column) =>
    greatest(all.map((row) => textWidth(row[column] ?? ""))),
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

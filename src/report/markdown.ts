import { harmlessName } from "../errors/harmless.js";

/** A name as it may stand in Markdown, also in a table: none of its signs mean anything. */
export function markdownName(name: string): string {
  return harmlessName(name).replace(/[\\`*_{}[\]()<>#+.!|~&:-]/g, (sign) => `\\${sign}`);
}

/** A table whose first column is to the left and all others to the right. Cells are Markdown. */
export function markdownTable(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const rule = heading.map((_, column) => (column === 0 ? ":--" : "--:"));
  return [line(heading), line(rule), ...rows.map(line)].join("\n");
}

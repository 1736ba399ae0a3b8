/**
 * Where a spreadsheet would see the beginning of a formula, some of which start programs: at the beginning of a cell, and behind whatever
 * it may take for the end of one, which is a semicolon where a comma is the decimal point. Full-width signs count as the plain ones do.
 */
const formula = /(^|[,;|\t\r\n"])([\0-\x20"'\u00a0\u3000]*[=+\-@\uff1d\uff0b\uff0d\uff20])|^(?=[\t\r\n])/g;

/**
 * A cell of comma-separated values. Names of layers, metrics and classes come from others: a text that a spreadsheet would take for a
 * formula has an apostrophe in front, which makes it a text; numbers stay.
 *
 * @param value text, number or truth; `null` for an empty cell
 * @param separator between two cells
 */
export function csvCell(value: string | number | boolean | null, separator = ","): string {
  const text = value === null ? "" : String(value);
  const plain = typeof value === "string" ? text.replace(formula, "$1'$2") : text;
  const needsQuotes = plain.includes(separator) || /["\r\n]/.test(plain);
  return needsQuotes ? `"${plain.replaceAll('"', '""')}"` : plain;
}

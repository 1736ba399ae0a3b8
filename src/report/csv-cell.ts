/** What spreadsheets take for the beginning of a formula, in full width too. */
const formula = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

/**
 * A cell of a CSV file, quoted where it must be. Texts may be named by others: one that spreadsheets take for a formula, some of which
 * start programs, gets an apostrophe in front, which makes it a text.
 *
 * @param value `null` and `undefined` for an empty cell
 */
export function csvCell(value: string | number | boolean | null | undefined): string {
  const text = value === null || value === undefined ? "" : String(value);
  const plain = typeof value === "string" && formula.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}

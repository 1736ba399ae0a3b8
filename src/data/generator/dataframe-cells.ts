import { UsageError } from "../../errors/errors.js";
import { didYouMean } from "../../errors/nearest.js";
import type { Columns } from "./columns.js";
import { type DataframeClassMode, dataframeOwner } from "./dataframe-options.js";
import { refuseOption } from "../../errors/check.js";

/**
 * The values of a column.
 *
 * @param option that names the column, for the error
 * @throws UsageError when there is no such column
 */
export function column({ rows, columns }: Columns, name: string, option: string): readonly unknown[] {
  const cells = columns.get(name);
  if (cells !== undefined) return cells;
  // Rows say the names of columns: where there are none, no name is wrong.
  if (rows === 0) return [];
  const names = [...columns.keys()];
  return refuseOption(dataframeOwner, option, `a column: ${names.join(", ")}`, name, didYouMean(name, names));
}

/** Refuses what a cell holds. */
export function refuseCell(name: string, row: number, expected: string, received: unknown): never {
  throw new UsageError(`Row ${row + 1} of the table has something unusable in the column "${name}".`, {
    subject: name,
    expected,
    received: received === "" ? "nothing" : String(received),
  });
}

/** A cell that must hold text. */
export function asText(value: unknown, name: string, row: number): string {
  return typeof value === "string" && value !== "" ? value : refuseCell(name, row, "text", value);
}

/** A cell that must hold a number, or text that is one. */
export function asNumber(value: unknown, name: string, row: number): number {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : refuseCell(name, row, "a number", value);
}

/** Classes of a cell: a name, or a list of names. */
export function classNames(value: unknown, mode: DataframeClassMode, name: string, row: number): readonly string[] {
  if (mode === "categorical" && Array.isArray(value)) return value.map((one: unknown) => asText(one, name, row));
  return [asText(value, name, row)];
}

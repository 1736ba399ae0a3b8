import { UsageError } from "../../errors/errors.js";
import { dataframeOwner } from "./dataframe-options.js";

/** A table, whoever it came from: its columns by their names, which may be any text. */
export interface Columns {
  readonly rows: number;
  /** As many cells each as there are rows. */
  readonly columns: ReadonlyMap<string, readonly unknown[]>;
}

function refuseTable(expected: string, received: string): never {
  throw new UsageError(`${dataframeOwner} cannot take this table.`, {
    subject: "dataframe",
    expected,
    received,
    advice: 'For example [{ filename: "a.jpg", class: "cat" }] or { filename: ["a.jpg"], class: ["cat"] }.',
  });
}

/** What something is, for messages. */
function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? `a list of ${value.length}` : typeof value;
}

/**
 * A table from its rows, or from lists of the cells of each column.
 *
 * @param dataframe objects with a value for each column, or one object of lists
 * @throws UsageError when it is neither, or its columns are not of one length
 */
export function columnsOf(dataframe: object): Columns {
  // From JavaScript it may be anything.
  const given: unknown = dataframe;
  const either = "rows as objects, an object of columns, or the path of a CSV file";
  if (typeof given !== "object" || given === null) return refuseTable(either, kindOf(given));
  if (!Array.isArray(given)) {
    const columns = new Map(
      Object.entries(given).map(([name, cells]: [string, unknown]) => [name, cellsOf(name, cells)]),
    );
    const [[first, { length: rows }] = ["", []]] = columns;
    for (const [name, { length }] of columns) {
      if (length === rows) continue;
      refuseTable(`as many cells in each column: ${rows}, as in "${first}"`, `${length} in "${name}"`);
    }
    return { rows, columns };
  }
  const rows: readonly unknown[] = given;
  const wrong = rows.findIndex((row) => typeof row !== "object" || row === null || Array.isArray(row));
  if (wrong >= 0) refuseTable("rows as objects", `${kindOf(rows[wrong])} as row ${wrong + 1}`);
  const names = [...new Set(rows.flatMap((row) => Object.keys(row as object)))];
  const cell = (row: unknown, name: string): unknown =>
    Object.hasOwn(row as object, name) ? (row as Readonly<Record<string, unknown>>)[name] : undefined;
  return { rows: rows.length, columns: new Map(names.map((name) => [name, rows.map((row) => cell(row, name))])) };
}

/** The cells of a column: a list, or an array of numbers. */
function cellsOf(name: string, cells: unknown): readonly unknown[] {
  if (Array.isArray(cells)) return cells as readonly unknown[];
  if (ArrayBuffer.isView(cells) && !(cells instanceof DataView)) return Array.from(cells as Float32Array);
  return refuseTable("a list of cells for each column", `${kindOf(cells)} for "${name}"`);
}

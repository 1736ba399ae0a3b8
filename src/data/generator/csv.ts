import { FileError } from "../../errors/errors.js";
import type { Columns } from "./columns.js";
import { readRegularText } from "../../files/regular-file.js";

/**
 * Splits comma-separated text into records of fields; quoted fields may hold commas, quotes written twice, and line ends.
 *
 * @see https://www.rfc-editor.org/rfc/rfc4180 Line ends may be LF alone, and empty lines are left out
 */
function parseCsv(text: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n][^,\r\n]*|))(,|\r\n|\n|\r|$)/gy;
  const content = text.replace(/^\uFEFF/, "");
  while (field.lastIndex < content.length || record.length > 0) {
    const match = field.exec(content);
    if (match === null) {
      throw new FileError("The comma-separated text is damaged.", {
        subject: "CSV",
        expected: "fields in quotes that end before a comma or the end of a line",
        received: content.slice(field.lastIndex).slice(0, 40),
      });
    }
    const [, quoted, plain, end] = match;
    record.push(quoted?.replaceAll('""', '"') ?? plain ?? "");
    if (end === ",") {
      // A comma at the very end has one more, empty field behind it.
      if (field.lastIndex === content.length) record.push("");
      else continue;
    }
    if (record.length > 1 || record[0] !== "") records.push(record);
    record = [];
  }
  return records;
}

/**
 * Reads a table: the first line holds the names of the columns.
 *
 * @returns all cells are text
 * @throws FileError when the file cannot be read, is empty, or a line has another number of fields than the first
 */
export async function readCsv(path: string): Promise<Columns> {
  let text: string;
  try {
    text = await readRegularText(path, { most: 2 ** 29 });
  } catch (cause) {
    if (cause instanceof FileError) throw cause;
    throw new FileError(`The table ${path} cannot be read.`, {
      subject: path,
      expected: "a CSV file",
      received: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }
  const [names, ...records] = parseCsv(text);
  if (names === undefined) {
    throw new FileError(`The table ${path} is empty.`, {
      subject: path,
      expected: "a line with names of columns",
      received: "no line",
    });
  }
  const wrong = records.findIndex(({ length }) => length !== names.length);
  const record = records[wrong];
  if (record !== undefined) {
    throw new FileError(`Record ${wrong + 1} of ${path} does not fit its first line.`, {
      subject: path,
      expected: `${names.length} fields: ${names.join(", ")}`,
      received: `${record.length}: ${record.join(", ").slice(0, 80)}`,
    });
  }
  return {
    rows: records.length,
    columns: new Map(names.map((name, column) => [name, records.map((fields) => fields[column] ?? "")])),
  };
}

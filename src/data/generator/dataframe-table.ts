import { stat } from "node:fs/promises";
import { extname, isAbsolute, join } from "node:path";
import { platform } from "../../models/platform.js";
import { float32 } from "../../onnx/tensor-data.js";
import type { Columns } from "./columns.js";
import { asNumber, asText, classNames, column, refuseCell } from "./dataframe-cells.js";
import { type DataframeClassMode, dataframeOwner, type FlowFromDataframeOptions } from "./dataframe-options.js";
import { subsetOf } from "./flow-options.js";
import { refuseOption } from "../../errors/check.js";
import { kerasExtensions } from "./keras-extensions.js";
import { type ClassNumber, classNumbers, oneHot } from "./labels.js";
import { compareCodePoints } from "../../photos/photo.js";
import type { LabelsOf, Samples } from "./samples.js";

/** What is left of a table after all checks. */
export interface Table {
  readonly filenames: readonly string[];
  readonly filepaths: readonly string[];
  readonly labels: Samples["labels"];
  readonly weights: Samples["weights"];
  readonly classNames: readonly string[] | undefined;
  readonly classes: readonly ClassNumber[];
}

async function isPhoto(path: string): Promise<boolean> {
  if (!kerasExtensions.includes(extname(path).slice(1).toLowerCase())) return false;
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** Which files can be used, a row each; says how many cannot. */
async function usable(paths: readonly string[], { xCol = "filename" }: FlowFromDataframeOptions): Promise<boolean[]> {
  const valid = await Promise.all(paths.map(isPhoto));
  const invalid = paths.filter((_, row) => valid[row] !== true);
  if (invalid.length > 0) {
    platform().warn(
      `Found ${invalid.length} invalid image filename(s) in xCol="${xCol}", such as ${invalid[0] ?? ""}. ` +
        "These filename(s) will be ignored.",
    );
  }
  return valid;
}

/** Classes of a table. */
interface NamedClasses {
  /** Names of the classes in the order of their numbers. */
  readonly classes: readonly string[];
  /** The classes of each row of the whole table; an empty list for a row of others alone. */
  readonly numbers: readonly ClassNumber[];
}

/** @param usable numbers of the rows whose files can be used: their classes count, unless they are named */
function namedClasses(
  all: Columns,
  usable: readonly number[],
  mode: DataframeClassMode,
  options: FlowFromDataframeOptions,
): NamedClasses | undefined {
  if (mode !== "categorical" && mode !== "binary" && mode !== "sparse") return undefined;
  const { yCol = "class" } = options;
  const labelColumn = typeof yCol === "string" ? yCol : (yCol[0] ?? "");
  const labels = column(all, labelColumn, "yCol").map((value, row) => classNames(value, mode, labelColumn, row));
  const given = [...new Set(options.classes ?? [])];
  const present = (rows: readonly (readonly string[])[]): readonly string[] =>
    [...new Set(rows.flat())].sort(compareCodePoints);
  // As in Keras the number of classes of "binary" is that of the whole table.
  if (mode === "binary" && (given.length > 0 ? given : present(labels)).length !== 2) {
    const found = given.length > 0 ? (options.classes ?? []) : present(labels);
    const received = `${found.length}: ${found.slice(0, 5).join(", ")}`;
    refuseOption(dataframeOwner, "classMode", 'two classes for classMode "binary"', received);
  }
  const classes = given.length > 0 ? given : present(usable.map((row) => labels[row] ?? []));
  const numbers = labels.map((names): ClassNumber => {
    const of = names.map((name) => classes.indexOf(name)).filter((index) => index >= 0);
    return of.length === 1 ? (of[0] ?? 0) : of;
  });
  return { classes, numbers };
}

/** How much each of the rows that are left counts in the loss, if the table says so. */
function weightsOf(
  all: Columns,
  rows: readonly number[],
  { weightCol }: FlowFromDataframeOptions,
): LabelsOf | undefined {
  if (weightCol === undefined || weightCol === null) return undefined;
  const weights = column(all, weightCol, "weightCol").map((value, row) => asNumber(value, weightCol, row));
  return (keys) =>
    float32(
      keys.map((key) => weights[rows[key] ?? 0] ?? 0),
      [keys.length],
    );
}

/**
 * Checks a table and takes what is asked for.
 *
 * @param all the whole table
 * @param validationSplit share of the rows that subset "validation" takes
 * @throws UsageError when a column is missing or holds something unusable
 */
export async function readTable(
  all: Columns,
  options: FlowFromDataframeOptions,
  validationSplit: number,
): Promise<Table> {
  const { xCol = "filename", yCol = "class", validateFilenames = true } = options;
  const mode = options.classMode === undefined ? "categorical" : options.classMode;
  const names = column(all, xCol, "xCol").map((value, row) => asText(value, xCol, row));
  const paths = names.map((name) => (isAbsolute(name) ? name : join(options.directory ?? "", name)));
  const valid = validateFilenames ? await usable(paths, options) : paths.map(() => true);
  const withFiles = [...Array(all.rows).keys()].filter((row) => valid[row] === true);
  const named = namedClasses(all, withFiles, mode, options);
  const hasClass = (row: number): boolean => named === undefined || [named.numbers[row] ?? []].flat().length > 0;
  const rows = subsetOf(withFiles.filter(hasClass), options.subset, validationSplit);
  const weights = weightsOf(all, rows, options);
  return {
    filenames: rows.map((row) => names[row] ?? ""),
    filepaths: rows.map((row) => paths[row] ?? ""),
    labels: labelsOf(mode, yCol, all, rows, named),
    weights,
    classNames: named?.classes,
    classes: named === undefined ? [] : rows.map((row) => named.numbers[row] ?? 0),
  };
}

/**
 * What the labels of the rows that are left look like.
 *
 * @param all the whole table
 * @param rows numbers of those that are left
 * @param named classes of the rows that are left, for modes that have classes
 */
function labelsOf(
  mode: DataframeClassMode,
  yCol: string | readonly string[],
  all: Columns,
  rows: readonly number[],
  named: NamedClasses | undefined,
): Samples["labels"] {
  if (mode === null) return undefined;
  if (mode === "input") return "input";
  if (mode === "raw") {
    const names = typeof yCol === "string" ? [yCol] : yCol;
    const columns = names.map((name) => column(all, name, "yCol").map((value, row) => asNumber(value, name, row)));
    // One column by its name gives [samples], a list of columns [samples, columns], as pandas does.
    return (keys) =>
      float32(
        keys.flatMap((key) => columns.map((values) => values[rows[key] ?? 0] ?? 0)),
        typeof yCol === "string" ? [keys.length] : [keys.length, names.length],
      );
  }
  if (mode === "multi_output") {
    const outputs = (typeof yCol === "string" ? [yCol] : yCol).map((name) => numbersOf(all, name, rows));
    return (keys) => outputs.map((output) => output(keys));
  }
  const of = (keys: readonly number[]): ClassNumber[] => keys.map((key) => named?.numbers[rows[key] ?? 0] ?? 0);
  const classes = named?.classes.length ?? 0;
  return mode === "categorical" ? (keys) => oneHot(of(keys), classes) : (keys) => classNumbers(of(keys));
}

/** Labels of one output: the numbers of a column, `[keys]`, or lists of as many numbers each, `[keys, numbers]`. */
function numbersOf(all: Columns, name: string, rows: readonly number[]): LabelsOf {
  const cells = column(all, name, "yCol");
  const lists = cells.map((cell, row): readonly number[] =>
    Array.isArray(cell) ? cell.map((one: unknown) => asNumber(one, name, row)) : [asNumber(cell, name, row)],
  );
  const isList = cells.some((cell) => Array.isArray(cell));
  const width = lists[rows[0] ?? 0]?.length ?? 1;
  for (const row of rows) {
    if (lists[row]?.length === width && Array.isArray(cells[row]) === isList) continue;
    refuseCell(name, row, isList ? `a list of ${width} numbers, as in the other rows` : "a number", lists[row]);
  }
  return (keys) =>
    float32(
      keys.flatMap((key) => lists[rows[key] ?? 0] ?? []),
      isList ? [keys.length, width] : [keys.length],
    );
}

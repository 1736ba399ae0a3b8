import { stat } from "node:fs/promises";
import { extname, isAbsolute, join } from "node:path";
import { FileError, UsageError } from "../../errors/errors.js";
import { didYouMean } from "../../errors/nearest.js";
import { platform } from "../../models/platform.js";
import { float32, type TensorData } from "../../onnx/tensor-data.js";
import { BatchIterator, type MultiOutputBatch, type Samples, type WeightedBatch } from "./batch-iterator.js";
import { readCsv } from "./csv.js";
import {
  checkIteratorOptions,
  checkOptionNames,
  checkPhotoOptions,
  type IteratorOptions,
  iteratorOptionNames,
  type PhotoOptions,
  photoOptionNames,
  refuseOption,
  subsetOf,
} from "./flow-options.js";
import type { ImageDataGenerator } from "./image-data-generator.js";
import { type ClassMode, type ClassNumber, classNumbers, oneHot } from "./labels.js";
import { compareCodePoints } from "../../photos/photo.js";
import { photoSamples } from "./photo-samples.js";
import { kerasExtensions } from "../../photos/scan.js";

/** A row of a table, by the names of its columns. */
export type DataframeRow = Readonly<Record<string, unknown>>;

/**
 * What labels look like: as for folders, or `raw`: the numbers of `yCol`; or `multi_output`: a tensor for each column of
 * `yCol`, for models with several outputs.
 */
export type DataframeClassMode = ClassMode | "raw" | "multi_output";

/** Options of `flowFromDataframe`; names, meaning and defaults are Keras's. */
export interface FlowFromDataframeOptions extends IteratorOptions, PhotoOptions {
  /** Folder that the names of files are relative to; default: the current one. */
  readonly directory?: string | null;
  /** Column of the files' names; default `"filename"`. */
  readonly xCol?: string;
  /** Column of the labels; for `classMode: "raw"` and `"multi_output"` there may be several. Default `"class"`. */
  readonly yCol?: string | readonly string[];
  /** Column of how much each sample counts in the loss; default none. */
  readonly weightCol?: string | null;
  /** Default `"categorical"`, for which a label may be a list of classes. */
  readonly classMode?: DataframeClassMode;
  /** Names of the classes in the order of their numbers, rows of others being left out; default all, sorted. */
  readonly classes?: readonly string[] | null;
  /** Whether rows of files that do not exist, or are no photos by their names, are left out; default `true`. */
  readonly validateFilenames?: boolean;
}

const owner = "flowFromDataframe";

function check(options: FlowFromDataframeOptions, validationSplit: number): void {
  const own = ["directory", "xCol", "yCol", "weightCol", "classMode", "classes", "validateFilenames"];
  checkOptionNames(owner, options, [...iteratorOptionNames, ...photoOptionNames, ...own]);
  checkIteratorOptions(owner, options, validationSplit);
  checkPhotoOptions(owner, options);
  const mode: unknown = options.classMode === undefined ? "categorical" : options.classMode;
  if (!["categorical", "binary", "sparse", "input", "raw", "multi_output", null].includes(mode as string | null)) {
    const modes = '"categorical", "binary", "sparse", "input", "raw", "multi_output" or null';
    refuseOption(owner, "classMode", modes, mode);
  }
  if (mode === "multi_output" && !Array.isArray(options.yCol)) {
    refuseOption(owner, "yCol", 'a list of columns for classMode "multi_output"', String(options.yCol));
  }
  if (Array.isArray(options.yCol) && mode !== "raw" && mode !== "multi_output") {
    refuseOption(owner, "yCol", `the name of one column for classMode ${JSON.stringify(mode)}`, String(options.yCol));
  }
}

/** The values of a column, with a name for each row in messages. */
function column(rows: readonly DataframeRow[], name: string, option: string): unknown[] {
  const [first] = rows;
  if (first !== undefined && !(name in first)) {
    const advice = didYouMean(name, Object.keys(first));
    refuseOption(owner, option, `a column: ${Object.keys(first).join(", ")}`, name, advice);
  }
  return rows.map((row) => row[name]);
}

function refuseCell(name: string, row: number, expected: string, received: unknown): never {
  throw new UsageError(`Row ${row + 1} of the table has something unusable in the column "${name}".`, {
    subject: name,
    expected,
    received: received === "" ? "nothing" : String(received),
  });
}

function asText(value: unknown, name: string, row: number): string {
  return typeof value === "string" && value !== "" ? value : refuseCell(name, row, "text", value);
}

function asNumber(value: unknown, name: string, row: number): number {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : refuseCell(name, row, "a number", value);
}

/** Classes of a cell: a name, or a list of names. */
function classNames(value: unknown, mode: DataframeClassMode, name: string, row: number): readonly string[] {
  if (mode === "categorical" && Array.isArray(value)) return value.map((one: unknown) => asText(one, name, row));
  return [asText(value, name, row)];
}

async function isPhoto(path: string): Promise<boolean> {
  if (!kerasExtensions.includes(extname(path).slice(1).toLowerCase())) return false;
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** What is left of a table after all checks. */
interface Table {
  readonly filenames: readonly string[];
  readonly filepaths: readonly string[];
  readonly truth: Samples["truth"];
  readonly weights: Samples["weights"];
  readonly classNames: readonly string[] | undefined;
  readonly classes: readonly ClassNumber[];
}

function picked(values: readonly number[], keys: readonly number[]): TensorData<"float32"> {
  return float32(
    keys.map((key) => values[key] ?? 0),
    [keys.length],
  );
}

async function read(
  all: readonly DataframeRow[],
  options: FlowFromDataframeOptions,
  validationSplit: number,
): Promise<Table> {
  const { xCol = "filename", yCol = "class", validateFilenames = true } = options;
  const mode = options.classMode === undefined ? "categorical" : options.classMode;
  const names = column(all, xCol, "xCol").map((value, row) => asText(value, xCol, row));
  const paths = names.map((name) => (isAbsolute(name) ? name : join(options.directory ?? "", name)));
  const valid = validateFilenames ? await Promise.all(paths.map(isPhoto)) : paths.map(() => true);
  const invalid = paths.filter((_, row) => valid[row] !== true);
  if (invalid.length > 0) {
    platform().warn(
      `Found ${invalid.length} invalid image filename(s) in xCol="${xCol}", such as ${invalid[0] ?? ""}. ` +
        "These filename(s) will be ignored.",
    );
  }
  let rows = [...all.keys()].filter((row) => valid[row] === true);

  const named = mode === "categorical" || mode === "binary" || mode === "sparse";
  const labelColumn = typeof yCol === "string" ? yCol : (yCol[0] ?? "");
  const labels = named
    ? column(all, labelColumn, "yCol").map((value, row) => classNames(value, mode, labelColumn, row))
    : [];
  const given = options.classes ?? [];
  // As in Keras the number of classes of "binary" is that of the whole table.
  const present = [...new Set(labels.flat())].sort(compareCodePoints);
  if (mode === "binary" && (given.length > 0 ? new Set(given) : new Set(present)).size !== 2) {
    const found = given.length > 0 ? given : present;
    refuseOption(
      owner,
      "classMode",
      'two classes for classMode "binary"',
      `${found.length}: ${found.slice(0, 5).join(", ")}`,
    );
  }
  let classes: readonly string[] | undefined;
  if (named) {
    classes =
      given.length > 0
        ? [...new Set(given)]
        : [...new Set(rows.flatMap((row) => labels[row] ?? []))].sort(compareCodePoints);
    rows = rows.filter((row) => labels[row]?.some((name) => classes?.includes(name)));
  }
  rows = [...subsetOf(rows, options.subset, validationSplit)];
  const numbers = (named ? rows : []).map((row): ClassNumber => {
    const of = (labels[row] ?? []).map((name) => classes?.indexOf(name) ?? -1).filter((index) => index >= 0);
    return of.length === 1 ? (of[0] ?? 0) : of;
  });
  const { weightCol } = options;
  const weights =
    weightCol === undefined || weightCol === null
      ? undefined
      : column(all, weightCol, "weightCol").map((value, row) => asNumber(value, weightCol, row));
  return {
    filenames: rows.map((row) => names[row] ?? ""),
    filepaths: rows.map((row) => paths[row] ?? ""),
    truth: truthOf(mode, yCol, all, rows, numbers, classes?.length ?? 0),
    weights:
      weights &&
      ((keys) =>
        picked(
          weights,
          keys.map((key) => rows[key] ?? 0),
        )),
    classNames: classes,
    classes: numbers,
  };
}

function truthOf(
  mode: DataframeClassMode,
  yCol: string | readonly string[],
  all: readonly DataframeRow[],
  rows: readonly number[],
  numbers: readonly ClassNumber[],
  classes: number,
): Samples["truth"] {
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
  const of = (keys: readonly number[]): ClassNumber[] => keys.map((key) => numbers[key] ?? 0);
  return mode === "categorical" ? (keys) => oneHot(of(keys), classes) : (keys) => classNumbers(of(keys));
}

/** Labels of one output: the numbers of a column, `[keys]`, or lists of as many numbers each, `[keys, numbers]`. */
function numbersOf(
  all: readonly DataframeRow[],
  name: string,
  rows: readonly number[],
): (keys: readonly number[]) => TensorData<"float32"> {
  const lists = column(all, name, "yCol").map((cell, row): readonly number[] =>
    Array.isArray(cell) ? cell.map((one: unknown) => asNumber(one, name, row)) : [asNumber(cell, name, row)],
  );
  const isList = all.some((row) => Array.isArray(row[name]));
  const width = lists[rows[0] ?? 0]?.length ?? 1;
  for (const row of rows) {
    if (lists[row]?.length === width && Array.isArray(all[row]?.[name]) === isList) continue;
    refuseCell(name, row, isList ? `a list of ${width} numbers, as in the other rows` : "a number", lists[row]);
  }
  return (keys) =>
    float32(
      keys.flatMap((key) => lists[rows[key] ?? 0] ?? []),
      isList ? [keys.length, width] : [keys.length],
    );
}

/** Photos that a table names, in batches, round after round: what `flowFromDataframe` gives. */
export class DataframeIterator<
  Given extends WeightedBatch | MultiOutputBatch = WeightedBatch,
> extends BatchIterator<Given> {
  readonly targetSize: readonly [height: number, width: number];
  readonly classMode: DataframeClassMode;
  /** Number of each class by its name; empty where labels are no classes. */
  readonly classIndices: Readonly<Record<string, number>>;
  /** Names of the files as the table has them. */
  readonly filenames: readonly string[];
  /** Paths of the files. */
  readonly filepaths: readonly string[];
  /** Number of the class of each photo, or a list of numbers where it belongs to several. */
  readonly classes: readonly ClassNumber[];

  private constructor(datagen: ImageDataGenerator, table: Table, options: FlowFromDataframeOptions) {
    super(datagen, photoSamples(table.filepaths, options, table.truth, table.weights), options);
    this.targetSize = [this.imageShape[0], this.imageShape[1]];
    this.classMode = options.classMode === undefined ? "categorical" : options.classMode;
    this.classIndices = Object.fromEntries((table.classNames ?? []).map((name, index) => [name, index]));
    this.filenames = table.filenames;
    this.filepaths = table.filepaths;
    this.classes = table.classes;
  }

  /**
   * Reads a table, checks it, and says how many photos there are, as Keras does.
   *
   * @throws UsageError for impossible options and cells
   * @throws FileError when the table cannot be read or nothing is left of it
   */
  static async open<Given extends WeightedBatch | MultiOutputBatch>(
    datagen: ImageDataGenerator,
    dataframe: readonly DataframeRow[] | string,
    options: FlowFromDataframeOptions,
  ): Promise<DataframeIterator<Given>> {
    const { validationSplit = 0 } = datagen.options;
    check(options, validationSplit);
    const rows = typeof dataframe === "string" ? await readCsv(dataframe) : dataframe;
    const table = await read(rows, options, validationSplit);
    const count = table.filenames.length;
    if (count === 0) {
      throw new FileError("The table names no photo that can be used.", {
        subject: typeof dataframe === "string" ? dataframe : "dataframe",
        expected: `rows whose files exist and end in ${kerasExtensions.join(", ")}`,
        received: `${rows.length} rows, none of which is left`,
        advice: "Is `directory` right?",
      });
    }
    const validated = options.validateFilenames === false ? "non-validated" : "validated";
    const belonging = table.classNames === undefined ? "" : ` belonging to ${table.classNames.length} classes`;
    platform().print(`Found ${count} ${validated} image filenames${belonging}.`);
    return new DataframeIterator<Given>(datagen, table, options);
  }
}

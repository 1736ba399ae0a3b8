import {
  checkIteratorOptions,
  checkPhotoOptions,
  type IteratorOptions,
  iteratorOptionNames,
  type PhotoOptions,
  photoOptionNames,
} from "./flow-options.js";
import { checkOptionNames, refuseOption } from "../../errors/check.js";
import type { ClassMode } from "./labels.js";

/**
 * A table: a list of rows, objects with a value for each column; or an object with a list of cells for each column; or the path
 * of a CSV file with a line of names.
 */
export type Dataframe = object | string;

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

/** What errors call the function. */
export const dataframeOwner = "flowFromDataframe";

/**
 * Checks the options of `flowFromDataframe`.
 *
 * @param validationSplit of the generator
 * @throws UsageError for an unknown or an impossible one
 */
export function checkDataframeOptions(options: FlowFromDataframeOptions, validationSplit: number): void {
  const own = ["directory", "xCol", "yCol", "weightCol", "classMode", "classes", "validateFilenames"];
  checkOptionNames(dataframeOwner, options, [...iteratorOptionNames, ...photoOptionNames, ...own]);
  checkIteratorOptions(dataframeOwner, options, validationSplit);
  checkPhotoOptions(dataframeOwner, options);
  const mode: unknown = options.classMode === undefined ? "categorical" : options.classMode;
  if (!["categorical", "binary", "sparse", "input", "raw", "multi_output", null].includes(mode as string | null)) {
    const modes = '"categorical", "binary", "sparse", "input", "raw", "multi_output" or null';
    refuseOption(dataframeOwner, "classMode", modes, mode);
  }
  if (mode === "multi_output" && !Array.isArray(options.yCol)) {
    refuseOption(dataframeOwner, "yCol", 'a list of columns for classMode "multi_output"', String(options.yCol));
  }
  if (Array.isArray(options.yCol) && mode !== "raw" && mode !== "multi_output") {
    refuseOption(
      dataframeOwner,
      "yCol",
      `the name of one column for classMode ${JSON.stringify(mode)}`,
      String(options.yCol),
    );
  }
}

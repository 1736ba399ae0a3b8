import { FileError } from "../../errors/errors.js";
import { namedRecord } from "../../errors/named-record.js";
import { platform } from "../../models/platform.js";
import { BatchIterator, type MultiOutputBatch, type WeightedBatch } from "./batch-iterator.js";
import { columnsOf } from "./columns.js";
import { readCsv } from "./csv.js";
import {
  checkDataframeOptions,
  type Dataframe,
  type DataframeClassMode,
  type FlowFromDataframeOptions,
} from "./dataframe-options.js";
import { readTable, type Table } from "./dataframe-table.js";
import { kerasExtensions } from "./keras-extensions.js";
import type { ClassNumber } from "./labels.js";
import { type Tensor, toTensor } from "../../runtime/runtime.js";
import { photoSamples } from "./photo-samples.js";
import type { PixelSteps } from "./pixel-steps.js";

/** Photos that a table names, in batches, round after round: what `flowFromDataframe` gives. */
export class DataframeIterator<
  Given extends WeightedBatch | MultiOutputBatch | Tensor = WeightedBatch,
> extends BatchIterator<Given> {
  readonly targetSize: readonly [height: number, width: number];
  readonly classMode: DataframeClassMode;
  /** Number of each class by its name, in the order of the numbers; empty where labels are no classes. */
  readonly classIndices: Readonly<Record<string, number>>;
  /** Names of the files as the table has them. */
  readonly filenames: readonly string[];
  /** Paths of the files. */
  readonly filepaths: readonly string[];
  /** Number of the class of each photo, or a list of numbers where it belongs to several. */
  readonly classes: readonly ClassNumber[];
  /** What the photos are compared with: {@link classes}, for `classMode: "raw"` and `"multi_output"` the numbers of the columns. */
  readonly labels: readonly ClassNumber[] | Tensor | readonly Tensor[];

  private constructor(table: Table, options: FlowFromDataframeOptions, steps: PixelSteps) {
    const samples = photoSamples(table.filepaths, options, table.labels, table.weights);
    super({ ...samples, labelNames: table.classNames }, options, steps);
    this.targetSize = [this.imageShape[0], this.imageShape[1]];
    this.classMode = options.classMode === undefined ? "categorical" : options.classMode;
    this.classIndices = namedRecord((table.classNames ?? []).map((name, index) => [name, index]));
    this.filenames = table.filenames;
    this.filepaths = table.filepaths;
    this.classes = table.classes;
    const isTarget = this.classMode === "raw" || this.classMode === "multi_output";
    const targets =
      isTarget && typeof table.labels === "function" ? table.labels([...table.filenames.keys()]) : undefined;
    this.labels = targets === undefined ? table.classes : "data" in targets ? toTensor(targets) : targets.map(toTensor);
  }

  /**
   * Reads a table, checks it, and says how many photos there are, as Keras does.
   *
   * @throws UsageError for impossible options and cells
   * @throws FileError when the table cannot be read or nothing is left of it
   */
  static async open<Given extends WeightedBatch | MultiOutputBatch | Tensor>(
    dataframe: Dataframe,
    options: FlowFromDataframeOptions,
    steps: PixelSteps,
    validationSplit = 0,
  ): Promise<DataframeIterator<Given>> {
    checkDataframeOptions(options, validationSplit);
    const cells = typeof dataframe === "string" ? await readCsv(dataframe) : columnsOf(dataframe);
    const table = await readTable(cells, options, validationSplit);
    const count = table.filenames.length;
    if (count === 0) {
      throw new FileError("The table names no photo that can be used.", {
        subject: typeof dataframe === "string" ? dataframe : "dataframe",
        expected: `rows whose files exist and end in ${kerasExtensions.join(", ")}`,
        received: `${cells.rows} rows, none of which is left`,
        advice: "Is `directory` right?",
      });
    }
    const validated = options.validateFilenames === false ? "non-validated" : "validated";
    const belonging = table.classNames === undefined ? "" : ` belonging to ${table.classNames.length} classes`;
    platform().print(`Found ${count} ${validated} image filenames${belonging}.`);
    return new DataframeIterator<Given>(table, options, steps);
  }
}

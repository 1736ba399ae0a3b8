import { checkOptionNames, isWhole } from "../../errors/check.js";
import { UsageError } from "../../errors/errors.js";
import { Generator } from "../../random/generator.js";
import { nextRandomStream } from "../../random/seed.js";
import { Dataset } from "../dataset/dataset.js";
import { type Element, type SliceOf, slicesOf } from "../dataset/element.js";

/** How {@link splitDataset} divides; names and meaning are Keras's. */
export interface SplitDatasetOptions {
  /** Samples of the first part: a whole number, or a share between 0 and 1; default: what the second one leaves. */
  readonly leftSize?: number | null | undefined;
  /** Samples of the second part; default: what the first one leaves. */
  readonly rightSize?: number | null | undefined;
  /** Whether samples are put in random order before; default `false`. */
  readonly shuffle?: boolean | undefined;
  /** Seed of that order; default: the seed of `setRandomSeed`. */
  readonly seed?: number | null | undefined;
}

const owner = "splitDataset";

/** Python's rounding: a half goes to the even number. */
function rounded(value: number): number {
  const below = Math.floor(value);
  return value - below === 0.5 ? below + (below % 2) : Math.round(value);
}

function sizeOf(name: "leftSize" | "rightSize", size: number | undefined, total: number): number | undefined {
  if (size === undefined) return undefined;
  if (typeof size === "number" && size > 0 && size < 1) return rounded(size * total);
  if (isWhole(size, 1) && size < total) return size;
  throw new UsageError(`${owner} cannot take this ${name}.`, {
    subject: name,
    expected: `a share between 0 and 1, or a whole number from 1 to ${total - 1}, for there are ${total} samples`,
    received: String(size),
  });
}

/** Numbers of samples of both parts. */
function sizes(total: number, { leftSize, rightSize }: SplitDatasetOptions): readonly [left: number, right: number] {
  const [first, second] = [leftSize ?? undefined, rightSize ?? undefined];
  const [left, right] = [sizeOf("leftSize", first, total), sizeOf("rightSize", second, total)];
  const both = [left ?? total - (right ?? total), right ?? total - (left ?? total)] as const;
  const shares = first !== undefined && second !== undefined && first < 1 && second < 1 ? first + second : 0;
  if (both[0] > 0 && both[1] > 0 && both[0] + both[1] <= total && shares <= 1) return both;
  throw new UsageError(`${owner} cannot divide ${total} samples like this.`, {
    subject: "leftSize, rightSize",
    expected: "one of the two at least, and samples on both sides, not more than there are",
    received: `leftSize ${String(first)}, rightSize ${String(second)}: ${both[0]} and ${both[1]} samples`,
  });
}

/**
 * Divides samples into two datasets. They are all held in memory, as in Keras.
 *
 * @param dataset a `Dataset`, of which batches are divided by their samples and made batches of that size again; or arrays as
 * `Dataset.fromTensorSlices` takes them
 * @throws UsageError when a part would be empty
 * @see https://keras.io/api/utils/python_utils/#splitdataset-function
 */
export async function splitDataset<T>(
  dataset: Dataset<T>,
  options: SplitDatasetOptions,
): Promise<[left: Dataset<T>, right: Dataset<T>]>;
export async function splitDataset<const X>(
  dataset: X,
  options: SplitDatasetOptions,
): Promise<[left: Dataset<SliceOf<X>>, right: Dataset<SliceOf<X>>]>;
export async function splitDataset(
  dataset: unknown,
  options: SplitDatasetOptions,
): Promise<[left: Dataset, right: Dataset]> {
  checkOptionNames(owner, options, ["leftSize", "rightSize", "shuffle", "seed"]);
  const samples: Element[] = [];
  const batchSize = dataset instanceof Dataset ? dataset.batchSize : undefined;
  if (dataset instanceof Dataset) {
    if (dataset.cardinality() === Dataset.INFINITE_CARDINALITY) {
      throw new UsageError(`${owner} cannot divide a dataset without end.`, {
        subject: "dataset",
        expected: "a dataset that ends",
        received: "one that is repeated for ever",
      });
    }
    const whole = dataset as Dataset;
    const rows = batchSize === undefined ? whole : whole.unbatch();
    for await (const sample of rows) samples.push(sample);
  } else {
    const slices = slicesOf(dataset, owner);
    for (let row = 0; row < slices.rows; row++) samples.push(slices.row(row));
  }
  const [left, right] = sizes(samples.length, options);
  if (options.shuffle ?? false) {
    const seed = options.seed ?? undefined;
    (seed === undefined ? nextRandomStream(owner) : new Generator(seed).fork(owner)).shuffle(samples);
  }
  const part = (list: readonly Element[]): Dataset => {
    const all = Dataset.fromElements(list);
    return batchSize === undefined ? all : all.batch(batchSize);
  };
  return [part(samples.slice(0, left)), part(samples.slice(samples.length - right))];
}

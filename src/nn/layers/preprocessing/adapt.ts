import { UsageError } from "../../../errors/errors.js";

/** Batches that a layer can adapt to: a dataset, a flow of an `ImageDataGenerator`, or a `PyDataset`. */
export type AdaptSource =
  AsyncIterable<unknown> | { readonly length: number | undefined; getItem(index: number): unknown };

/** What sources of batches may have; a flow goes on for ever, but knows its batches by number. */
interface Members {
  readonly length?: unknown;
  readonly at?: (index: number) => unknown;
  readonly getItem?: (index: number) => unknown;
  readonly cardinality?: () => number;
}

/** Whether a value gives batches one after the other. */
export function isSource(value: object): value is AdaptSource {
  return Symbol.asyncIterator in value || typeof (value as Members).getItem === "function";
}

/**
 * The batches of one round.
 *
 * @param owner name of the layer, for messages
 * @throws UsageError when there is no end
 */
export async function* roundOf(source: AdaptSource, owner: string): AsyncGenerator {
  const { at, getItem, cardinality } = source as Members;
  const ask = getItem ?? at;
  const length = ask === undefined ? undefined : (source as Members).length;
  if (cardinality?.call(source) === -1 || (ask !== undefined && typeof length !== "number")) {
    throw new UsageError(`Normalization "${owner}" cannot be adapted.`, {
      subject: owner,
      expected: "batches that end",
      received: "some without end",
      advice: "Take as many as are needed: dataset.take(100).",
    });
  }
  if (ask !== undefined) for (let index = 0; index < Number(length); index++) yield await ask.call(source, index);
  else yield* source as AsyncIterable<unknown>;
}

/** Mean and variance of numbers in several places, of which batches come one after the other. */
export class Moments {
  private count = 0;
  private mean = new Float64Array();
  /** Sums of squared differences from the mean. */
  private squares = new Float64Array();

  /**
   * Adds a batch, with its own mean: the difference of two large sums of squares would lose the variance.
   *
   * @param places how many there are, each with as many numbers
   * @param each goes through all numbers of the batch, with their places
   * @see Chan, Golub, LeVeque: Updating Formulae and a Pairwise Algorithm for Computing Sample Variances, 1979
   */
  add(places: number, each: (visit: (place: number, value: number) => void) => void): void {
    const [mean, squares] = [new Float64Array(places), new Float64Array(places)];
    let all = 0;
    each((place, value) => {
      mean[place] = (mean[place] ?? 0) + value;
      all += 1;
    });
    if (all === 0) return;
    const count = all / places;
    for (const [place, sum] of mean.entries()) mean[place] = sum / count;
    each((place, value) => {
      squares[place] = (squares[place] ?? 0) + (value - (mean[place] ?? 0)) ** 2;
    });
    const total = this.count + count;
    for (let place = 0; place < places; place++) {
      const before = this.mean[place] ?? 0;
      const step = (mean[place] ?? 0) - before;
      mean[place] = before + (step * count) / total;
      squares[place] = (squares[place] ?? 0) + (this.squares[place] ?? 0) + (step ** 2 * this.count * count) / total;
    }
    [this.mean, this.squares, this.count] = [mean, squares, total];
  }

  /** What was found; `undefined` without numbers. */
  result(): { readonly mean: Float64Array; readonly variance: Float64Array } | undefined {
    const { count, mean, squares } = this;
    return count === 0 ? undefined : { mean, variance: squares.map((sum) => sum / count) };
  }
}

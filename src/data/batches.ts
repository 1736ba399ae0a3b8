import { UsageError } from "../errors/errors.js";
import { Generator, type GeneratorState } from "../random/generator.js";

/** How photos are put into batches. */
export interface BatchesOptions {
  /** Photos in a batch, 1 or more. Default 32. */
  readonly batchSize?: number;
  /** Whether each epoch has an order of its own; otherwise photos come in the order of the list. Default true. */
  readonly shuffle?: boolean;
  /** Seed of the orders, a whole number. Default 0. */
  readonly seed?: number;
}

/** Where a {@link Batches} stands, as plain JSON. */
export interface BatchesState {
  readonly count: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  /** The generator that the orders of the epochs are drawn from. */
  readonly generator: GeneratorState;
  /** Epochs that are through, and with it the number of the present one, counted from 0. */
  readonly epoch: number;
  /** Batches of the present epoch that were given out. */
  readonly batch: number;
}

/** One batch of an epoch. */
export interface Batch {
  /** Number of the epoch, counted from 0. */
  readonly epoch: number;
  /** Number of the batch in its epoch, counted from 0. */
  readonly batch: number;
  /** Whether it is the last one of its epoch. */
  readonly last: boolean;
  /** Which photos: indices in the list. */
  readonly indices: readonly number[];
}

/**
 * The order in which photos are used: epoch after epoch without end, each photo once an epoch, in batches of which the
 * last may be smaller.
 *
 * The order of an epoch depends on the seed and the number of the epoch alone, so that a run which is resumed from a saved
 * state goes on as if it had not stopped. As with Keras's `flow_from_directory`, every epoch is shuffled anew; the
 * orders themselves are not Keras's, whose generator is NumPy's.
 *
 * @see https://keras.io/api/data_loading/image/ `flow_from_directory`
 */
export class Batches implements Iterable<Batch> {
  readonly count: number;
  readonly batchSize: number;
  readonly shuffle: boolean;
  readonly #generator: Generator;
  #epoch: number;
  #batch: number;
  /** The order of `#ordered.epoch`: kept while its batches are given out. */
  #ordered: { readonly epoch: number; readonly indices: readonly number[] } | undefined;

  /**
   * @param count how many photos there are, 1 or more
   * @param options size of batches, shuffling, seed
   * @throws UsageError when the count or the size of batches is not a whole positive number, or the seed is not usable
   */
  constructor(count: number, options?: BatchesOptions);
  /**
   * @param state what {@link Batches.save} gave
   * @throws UsageError when the state is not usable
   */
  constructor(state: BatchesState);
  constructor(from: number | BatchesState, options: BatchesOptions = {}) {
    const state =
      typeof from === "number"
        ? {
            count: from,
            batchSize: options.batchSize ?? 32,
            shuffle: options.shuffle ?? true,
            generator: new Generator(options.seed ?? 0).fork("batches").save(),
            epoch: 0,
            batch: 0,
          }
        : from;
    const { count, batchSize, epoch, batch } = state;
    check("the number of photos", count, 1);
    check("batchSize", batchSize, 1);
    check("the epoch", epoch, 0);
    check("the number of batches given out", batch, 0);
    if (batch >= Math.ceil(count / batchSize)) {
      throw new UsageError("The saved state of the batches is not usable.", {
        subject: "batches",
        expected: `fewer than ${Math.ceil(count / batchSize)} batches given out, for ${count} photos by ${batchSize}`,
        received: String(batch),
      });
    }
    this.count = count;
    this.batchSize = batchSize;
    this.shuffle = state.shuffle;
    this.#generator = new Generator(state.generator);
    this.#epoch = epoch;
    this.#batch = batch;
  }

  /** Number of batches in an epoch, the last and perhaps smaller one included. */
  get batchesPerEpoch(): number {
    return Math.ceil(this.count / this.batchSize);
  }

  /** Number of the epoch that the next batch belongs to, counted from 0. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Where it stands, as plain JSON; `new Batches(state)` goes on from here. */
  save(): BatchesState {
    return {
      count: this.count,
      batchSize: this.batchSize,
      shuffle: this.shuffle,
      generator: this.#generator.save(),
      epoch: this.#epoch,
      batch: this.#batch,
    };
  }

  /**
   * The order of all photos in one epoch, whichever epoch it stands at.
   *
   * @param epoch number of the epoch, counted from 0
   * @returns each index from 0 to count − 1 once
   */
  order(epoch: number): readonly number[] {
    check("the epoch", epoch, 0);
    if (this.#ordered?.epoch === epoch) return this.#ordered.indices;
    return this.shuffle
      ? this.#generator.fork(`epoch ${epoch}`).permutation(this.count)
      : Array.from({ length: this.count }, (_, index) => index);
  }

  /** The next batch; after the last one of an epoch comes the first one of the next. */
  next(): Batch {
    const indices = this.order(this.#epoch);
    this.#ordered = { epoch: this.#epoch, indices };
    const start = this.#batch * this.batchSize;
    const end = Math.min(start + this.batchSize, this.count);
    const last = end === this.count;
    const given = { epoch: this.#epoch, batch: this.#batch, last, indices: indices.slice(start, end) };
    this.#batch = last ? 0 : this.#batch + 1;
    if (last) this.#epoch += 1;
    return given;
  }

  /** The batches that are left of the present epoch: all of them at its beginning. */
  *epochBatches(): Steps<Batch> {
    for (let batch = this.next(); ; batch = this.next()) {
      yield batch;
      if (batch.last) return;
    }
  }

  /** All batches from here on, without end, as Keras's generators give them. */
  *[Symbol.iterator](): Steps<Batch> {
    for (;;) yield this.next();
  }
}

/** What a generator function gives; the name Generator is taken by the random one. */
type Steps<T> = IterableIterator<T, void>;

function check(subject: string, value: number, minimum: number): void {
  if (Number.isSafeInteger(value) && value >= minimum) return;
  throw new UsageError(`${subject[0]?.toUpperCase() ?? ""}${subject.slice(1)} is not usable.`, {
    subject,
    expected: `a whole number, ${minimum} or more`,
    received: String(value),
  });
}

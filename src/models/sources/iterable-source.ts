import type { GivenBatch } from "../training-types.js";
import type { Batch, BatchSource } from "./batch-source.js";
import { samplesExpected, refuseSamples } from "./check-samples.js";
import { asked, batchLike, type Origin, sourceOfBatch } from "./given-batch.js";

/** What gives batches one after the other: a generator, or anything that `for` or `for await` goes through. */
export type BatchIterable = Iterable<GivenBatch> | AsyncIterable<GivenBatch>;

type BatchIterator = Iterator<GivenBatch, unknown> | AsyncIterator<GivenBatch, unknown>;

/** Whether `for` or `for await` goes through something. */
export function isIterable(value: unknown): value is BatchIterable {
  return typeof value === "object" && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value);
}

function iteratorOf(batches: BatchIterable): BatchIterator {
  return Symbol.asyncIterator in batches ? batches[Symbol.asyncIterator]() : batches[Symbol.iterator]();
}

/** One way through some batches; the first one may be looked at before it is taken. */
class Way {
  private first: Promise<GivenBatch | undefined> | undefined;
  private given = 0;
  private over = false;

  constructor(private readonly iterator: BatchIterator) {}

  /** The first batch; it is still there to be taken. */
  look(origin: Origin): Promise<GivenBatch | undefined> {
    return (this.first ??= this.ask(origin));
  }

  /** The next batch; `undefined` at the end, and from then on. */
  async take(origin: Origin): Promise<GivenBatch | undefined> {
    const { first } = this;
    this.first = undefined;
    return first ?? this.ask(origin);
  }

  private async ask(origin: Origin): Promise<GivenBatch | undefined> {
    if (this.over) return undefined;
    let batch: GivenBatch | undefined;
    await asked(origin, `batch ${this.given} of the generator`, async () => {
      const { done, value } = await this.iterator.next();
      if (done === true) this.over = true;
      else batch = value;
      return value as GivenBatch;
    });
    this.given += 1;
    return batch;
  }

  /** Tells the generator that nothing more is wanted of it. */
  async end(): Promise<void> {
    await this.iterator.return?.();
  }
}

/** Ways through generators, which can be gone only once: what was looked at and not taken comes first the next time. */
const begun = new WeakMap<object, Way>();

/**
 * Batches that come one after the other, as a source. What can be gone through again, such as a list in an object of your own, is
 * a round each time; a generator is one round, and then over.
 *
 * @throws UsageError when something else comes, or nothing
 */
export async function iterableSource(batches: BatchIterable, origin: Origin): Promise<BatchSource> {
  const known = begun.get(batches);
  const iterator = known === undefined ? iteratorOf(batches) : undefined;
  const isOnce = iterator === undefined || (iterator as object) === batches;
  const opened = iterator === undefined ? known : new Way(iterator);
  if (opened === undefined) throw new TypeError("There is no way through the batches.");
  if (isOnce) begun.set(batches, opened);
  const first = await opened.look(origin);
  if (first === undefined) {
    refuseSamples(origin.call, "x", batches, `${samplesExpected}; this one gives no batch, or none any more`);
  }
  const { graph, samples: batchSize } = sourceOfBatch(first, origin);
  let spare: Way | undefined = opened;
  /** A way from the beginning, where there is one. */
  const begin = (): Way => {
    if (isOnce) return opened;
    const way = spare ?? new Way(iteratorOf(batches));
    spare = undefined;
    return way;
  };
  const checked = (given: GivenBatch): Batch => batchLike(graph, given, origin);
  let way: Way | undefined;
  return {
    samples: Infinity,
    batchSize,
    round: "unknown",
    reproducible: false,
    graph,
    async nextBatch() {
      way ??= begin();
      const given = await way.take(origin);
      if (given !== undefined) return checked(given);
      way = undefined;
      return undefined;
    },
    async *inOrder() {
      const own = begin();
      try {
        for (let given = await own.take(origin); given !== undefined; given = await own.take(origin)) {
          yield checked(given);
        }
      } finally {
        if (!isOnce) await own.end();
      }
    },
  };
}

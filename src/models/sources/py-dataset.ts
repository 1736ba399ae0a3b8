import { isWhole } from "../../errors/check.js";
import { UsageError } from "../../errors/errors.js";
import { classNameOf } from "../../nn/named.js";
import type { Generator } from "../../random/generator.js";
import type { GivenBatch } from "../training-types.js";
import type { Batch, BatchSource, BatchSupply, Destination } from "./batch-source.js";
import { asked, batchLike, type Origin, sourceOfBatch } from "./given-batch.js";
import { SampleOrder } from "./sample-order.js";

/**
 * Batches that are asked for by their number: a class of your own says how many there are and makes each.
 *
 * @see https://keras.io/api/utils/python_utils/#pydataset-class Its `__len__` is `length`, its `__getitem__` is `getItem`;
 * `workers` and their like are not offered: `getItem` may be asynchronous, and is called while the engine is at work
 */
export abstract class PyDataset implements BatchSupply {
  /** Number of batches of a round; `undefined` where there is no end. */
  abstract get length(): number | undefined;

  /**
   * Makes a batch.
   *
   * @param index its number, from 0; less than {@link length}
   * @returns `[x, y]`, `[x, y, sampleWeight]`, `[x]`, or x alone
   */
  abstract getItem(index: number): GivenBatch | Promise<GivenBatch>;

  /** Told after each epoch of `fit`, before a batch of the next one is asked for; does nothing here. */
  onEpochEnd(): void | Promise<void> {
    return undefined;
  }

  /** @throws UsageError when its length or its first batch is none */
  async openSource(model: Destination, call: string, order?: Generator): Promise<BatchSource> {
    const { length } = this;
    const name = classNameOf(this);
    if (length !== undefined && !isWhole(length, 1)) {
      throw new UsageError(`${call}: the PyDataset "${name}" has no batches.`, {
        subject: "length",
        expected: "the number of batches, from 1, or undefined where there is no end",
        received: String(length),
      });
    }
    return sourceOf(this, length, { call, model, name, order });
  }
}

async function sourceOf(
  dataset: PyDataset,
  length: number | undefined,
  { name, order, ...origin }: Origin & { readonly name: string; readonly order: Generator | undefined },
): Promise<BatchSource> {
  const ask = (index: number): Promise<GivenBatch> =>
    asked(origin, `batch ${index} of the PyDataset "${name}"`, () => dataset.getItem(index));
  const given = await ask(0);
  const { graph, samples: batchSize } = sourceOfBatch(given, origin);
  // The first batch was made to look at it; it need not be made twice.
  let first: GivenBatch | undefined = given;
  const batch = async (index: number): Promise<Batch> => {
    const known = index === 0 ? first : undefined;
    if (index === 0) first = undefined;
    return batchLike(graph, known ?? (await ask(index)), origin);
  };
  // Without an end there is no round to be shuffled.
  const turns = length === undefined ? undefined : new SampleOrder(length, order);
  let count = 0;
  return {
    samples: Infinity,
    batchSize,
    round: length ?? "endless",
    reproducible: false,
    graph,
    nextBatch: () => batch(turns?.next(1)[0] ?? count++),
    async *inOrder() {
      for (let index = 0; index < (length ?? Infinity); index++) yield await batch(index);
    },
    onEpochEnd: async () => {
      first = undefined;
      await dataset.onEpochEnd();
    },
    save: () => ({ turns: turns?.save() ?? null, count }),
    restore: (state) => {
      const saved = state as { readonly turns: unknown; readonly count: number };
      turns?.restore(saved.turns);
      count = saved.count;
    },
  };
}

import { GraftError } from "../../errors/errors.js";
import type { GivenBatch, InputArrays, OutputArrays } from "../training-types.js";
import { asArrays } from "./arrays.js";
import type { Batch, Destination, ReadySource } from "./batch-source.js";
import { areInputs, areTensors, refuseSamples } from "./check-samples.js";

/** Where batches come from that somebody else makes, for messages. */
export interface Origin {
  /** What was called, such as `fit`. */
  readonly call: string;
  readonly model: Destination;
}

const expected = "batches as [x, y], [x, y, sampleWeight], [x], or x alone, with Tensors in them";

/** The three parts of a batch. */
function parts(
  given: unknown,
  { call }: Origin,
): readonly [InputArrays, OutputArrays | undefined, OutputArrays | undefined] {
  const [x, y, sampleWeight, ...others]: readonly unknown[] = Array.isArray(given)
    ? (given as readonly unknown[])
    : [given];
  const fits = (value: unknown): boolean => value === undefined || value === null || areTensors(value);
  if (!areInputs(x) || !fits(y) || !fits(sampleWeight) || others.length > 0) {
    refuseSamples(call, "batch", given, expected);
  }
  return [x, (y ?? undefined) as OutputArrays | undefined, (sampleWeight ?? undefined) as OutputArrays | undefined];
}

/** A batch that somebody gave, as a source of just this batch. */
export function sourceOfBatch(given: unknown, origin: Origin): ReadySource {
  const [x, y, sampleWeight] = parts(given, origin);
  return asArrays(origin.call, origin.model, x, { y, sampleWeight });
}

/**
 * A batch that somebody gave.
 *
 * @throws UsageError when it is none
 */
export function batchOf(given: unknown, origin: Origin): Batch {
  return sourceOfBatch(given, origin).nextBatch();
}

/**
 * What somebody's own code gives; its errors say what was asked of it.
 *
 * @param what what was asked, such as `batch 3 of the PyDataset "Photos"`
 */
export async function asked(
  { call }: Origin,
  what: string,
  ask: () => GivenBatch | Promise<GivenBatch>,
): Promise<GivenBatch> {
  try {
    return await ask();
  } catch (cause) {
    if (cause instanceof GraftError) throw cause;
    const received = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    throw new GraftError(`${call}: ${what} could not be had.`, { subject: what, expected, received, cause });
  }
}

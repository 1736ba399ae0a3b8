import { GraftError, ShapeError } from "../../errors/errors.js";
import type { Value } from "../../graph/value.js";
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
 * A batch that somebody gave, of samples as in the first one.
 *
 * @param graph the graph of the first batch
 * @throws UsageError when it is none
 * @throws ShapeError when its samples have another shape: programs are written for that of the first batch
 */
export function batchLike(graph: readonly Value[], given: unknown, origin: Origin): Batch {
  const source = sourceOfBatch(given, origin);
  const shapes = (values: readonly Value[]): string => values.map(({ shape }) => `[${shape.join(", ")}]`).join(", ");
  const [expected, received] = [shapes(graph), shapes(source.graph)];
  if (expected === received) return source.nextBatch();
  throw new ShapeError(`${origin.call}: the batches have different shapes.`, {
    subject: "batch",
    expected: `samples as in the first batch: ${expected} inside of the network`,
    received,
    advice: "Resize photos alike, or train on each size by trainOnBatch.",
  });
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

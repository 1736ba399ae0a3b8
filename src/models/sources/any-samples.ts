import { UsageError } from "../../errors/errors.js";
import type { Generator } from "../../random/generator.js";
import type { AnySamples, Arrays, OutputArrays } from "../training-types.js";
import { asArrays, type Beside } from "./arrays.js";
import type { BatchSource, BatchSupply, Destination } from "./batch-source.js";
import { areInputs, refuseSamples } from "./check-samples.js";
import { isIterable, iterableSource } from "./iterable-source.js";

/** What a value's method of a name is; `undefined` where it has none. */
function methodOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined;
}

/** Whether samples come from a source of batches. */
function isSource(x: unknown): x is BatchSource {
  return typeof methodOf(x, "nextBatch") === "function" && typeof methodOf(x, "inOrder") === "function";
}

function isSupply(x: unknown): x is BatchSupply {
  return typeof methodOf(x, "openSource") === "function";
}

/**
 * Samples of any kind as a source.
 *
 * @param call what was called, for messages
 * @param order where the order of arrays is drawn from; `undefined` keeps their own
 * @throws UsageError when they are no samples, or are named for inputs or outputs that the model does not have
 */
export async function toSource(
  call: string,
  model: Destination,
  x: AnySamples,
  { y, sampleWeight, batchSize }: Beside,
  order?: Generator,
): Promise<BatchSource> {
  if (areInputs(x)) return asArrays(call, model, x, { y, sampleWeight, batchSize: batchSize ?? 32 }, order);
  const isBatches = isSource(x) || isSupply(x) || (isIterable(x) && !Array.isArray(x) && !ArrayBuffer.isView(x));
  if (!isBatches) refuseSamples(call, "x", x);
  const given = Object.entries({ y, sampleWeight }).find(([, value]) => value !== undefined && value !== null)?.[0];
  if (given !== undefined) {
    throw new UsageError(`The source of samples has its own ${given === "y" ? "labels" : "weights"}.`, {
      subject: given,
      expected: `no ${given} beside a source of batches`,
      received: given,
    });
  }
  if (isSource(x)) return x;
  return isSupply(x) ? x.openSource(model, call, order) : iterableSource(x, { call, model });
}

/** Samples for validation as a source. */
export async function validationSource(
  model: Destination,
  data: AnySamples | Arrays,
  batchSize: number | undefined,
): Promise<BatchSource> {
  if (!Array.isArray(data)) return toSource("validation", model, data as AnySamples, { batchSize });
  const [x, y, sampleWeight, ...others]: readonly unknown[] = data as readonly unknown[];
  if (!areInputs(x) || others.length > 0) {
    const expected = "arrays [x, y] or [x, y, sampleWeight], or samples of any kind that fit takes";
    refuseSamples("fit", "validationData", data, expected);
  }
  return toSource("validation", model, x, {
    y: (y ?? undefined) as OutputArrays | undefined,
    sampleWeight: (sampleWeight ?? undefined) as OutputArrays | undefined,
    batchSize,
  });
}

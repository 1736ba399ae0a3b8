import { UsageError } from "../errors/errors.js";
import { isTensor } from "../runtime/runtime.js";
import { isRecord } from "./each.js";
import { areTensors, inFewWords } from "./sources/check-samples.js";
import type { OutputArrays } from "./training-types.js";

/** Options with labels among them. */
interface Labelled {
  readonly y?: OutputArrays | undefined;
}

/** Whether the second argument of `fit` or `evaluate` is labels, and not options. */
function areLabels(second: unknown): second is OutputArrays {
  if (!areTensors(second) || second === null) return false;
  if (isTensor(second) || Array.isArray(second)) return true;
  // Options may be nothing but tensors, too.
  return Object.keys(second).some((name) => name !== "y" && name !== "sampleWeight");
}

/**
 * Options of `fit` and `evaluate` from their arguments behind the samples: `(y, options)` or `(options)`.
 *
 * @param call what was called, for messages
 * @throws UsageError when labels are said twice, or the arguments are neither
 */
export function byPosition<Options extends Labelled>(
  call: string,
  second: Options | OutputArrays | null | undefined,
  third: Options | undefined,
): Options {
  const isMissing = second === undefined || second === null;
  const isLabels = areLabels(second);
  const given = third ?? (isLabels || isMissing ? undefined : second) ?? {};
  if (!isRecord<unknown>(given)) {
    return refuse(call, "options", "labels (a Tensor, or one for each output), or a record of options", given);
  }
  if (!isLabels && !isMissing && third !== undefined) {
    return refuse(call, "y", "labels: a Tensor, or one for each output in a list or a record", second);
  }
  const options = given as unknown as Options;
  if (!isLabels) return options;
  if (options.y !== undefined) return refuse(call, "y", "labels once", "labels by position and in the options");
  return { ...options, y: second };
}

function refuse(call: string, subject: string, expected: string, value: unknown): never {
  const advice = `For example: model.${call}(x, y, { batchSize: 32 }).`;
  throw new UsageError(`${call} cannot take this ${subject}.`, {
    subject,
    expected,
    received: inFewWords(value),
    advice,
  });
}

import { UsageError } from "../errors/errors.js";
import { isTensor } from "../runtime/runtime.js";
import { isRecord } from "./each.js";
import { areTensors, inFewWords } from "./sources/check-samples.js";
import { areNumbers, withArrays } from "./sources/number-lists.js";
import type {
  AnySamples,
  Arrays,
  BatchOptions,
  GivenNumbers,
  InputArrays,
  OutputArrays,
  WithNumbers,
} from "./training-types.js";

/** Options of which some are arrays. */
interface Labelled {
  readonly y?: OutputArrays | undefined;
  readonly sampleWeight?: OutputArrays | undefined;
  readonly validationData?: AnySamples | Arrays | undefined;
}

/** What of a model says what lists mean. */
interface Ends {
  readonly built: boolean;
  readonly inputs: readonly unknown[];
  readonly outputs: readonly unknown[];
  readonly outputNames: readonly string[];
}

/** What is called, for messages, and of which model. */
interface Place {
  readonly call: string;
  readonly model: Ends;
}

/** Samples with arrays for plain numbers. */
export function samplesGiven<X>({ call, model }: Place, x: X | GivenNumbers): X {
  return withArrays(call, "x", x, model.built ? model.inputs.length : 1) as X;
}

/** Labels, or weights of samples, with arrays for plain numbers. */
function labelsGiven({ call, model }: Place, y: unknown, subject = "y"): unknown {
  return withArrays(call, subject, y, model.built ? model.outputs.length : 1);
}

/** What `trainOnBatch` and `testOnBatch` are given, with arrays for plain numbers. */
export function batchGiven(
  place: Place,
  x: InputArrays | GivenNumbers,
  y: unknown,
  options: WithNumbers<BatchOptions>,
): { readonly samples: InputArrays; readonly labels: OutputArrays | undefined; readonly given: BatchOptions } {
  const { sampleWeight } = isRecord<unknown>(options) ? options : {};
  const weights = sampleWeight && { sampleWeight: labelsGiven(place, sampleWeight, "sampleWeight") };
  const given = weights === undefined ? options : { ...options, ...weights };
  return {
    samples: samplesGiven<InputArrays>(place, x),
    labels: labelsGiven(place, y) as OutputArrays | undefined,
    given: given as BatchOptions,
  };
}

/** Whether the second argument of `fit` or `evaluate` is labels, and not options. */
function areLabels(model: Ends, second: unknown): second is OutputArrays {
  if (areNumbers(second)) return true;
  if (typeof second !== "object" || second === null) return false;
  const items: readonly unknown[] = isTensor(second) ? [second] : Object.values(second);
  if (!areTensors(second) && !items.some((one) => areNumbers(one) || isTensor(one))) return false;
  if (isTensor(second) || Array.isArray(second)) return true;
  // Options may be nothing but tensors or lists, too.
  const names = Object.keys(second);
  return areTensors(second)
    ? names.some((name) => name !== "y" && name !== "sampleWeight")
    : model.built && names.every((name) => model.outputNames.includes(name));
}

/** `[x, y]` and `[x, y, sampleWeight]` with arrays for plain numbers. */
function validationGiven(place: Place, data: unknown): unknown {
  if (!Array.isArray(data) || data.length < 2 || data.length > 3) return data;
  const [x, y, sampleWeight] = data as readonly unknown[];
  const arrays = [
    withArrays(place.call, "x", x, place.model.built ? place.model.inputs.length : 1),
    labelsGiven(place, y),
  ];
  return data.length === 2 ? arrays : [...arrays, labelsGiven(place, sampleWeight, "sampleWeight")];
}

/**
 * Options of `fit` and `evaluate` from their arguments behind the samples: `(y, options)` or `(options)`.
 *
 * @throws UsageError when labels are said twice, or the arguments are neither
 */
export function byPosition<Options extends Labelled>(
  place: Place,
  second: WithNumbers<Options> | Options | OutputArrays | WithNumbers<Labelled>["y"] | null | undefined,
  third: WithNumbers<Options> | undefined,
): Options {
  const { call, model } = place;
  const isMissing = second === undefined || second === null;
  const isLabels = areLabels(model, second);
  const given: unknown = third ?? (isLabels || isMissing ? undefined : second) ?? {};
  if (!isRecord<unknown>(given)) {
    return refuse(call, "options", "labels (a Tensor, or one for each output), or a record of options", given);
  }
  if (!isLabels && !isMissing && third !== undefined) {
    return refuse(call, "y", "labels: a Tensor, or one for each output in a list or a record", second);
  }
  const { y, sampleWeight, validationData } = given as Labelled;
  if (isLabels && y !== undefined) return refuse(call, "y", "labels once", "labels by position and in the options");
  const options: Record<string, unknown> = { ...given };
  const labels = isLabels ? second : y;
  if (labels !== undefined) options["y"] = labelsGiven(place, labels);
  if (sampleWeight !== undefined) options["sampleWeight"] = labelsGiven(place, sampleWeight, "sampleWeight");
  if (validationData !== undefined) options["validationData"] = validationGiven(place, validationData);
  return options as unknown as Options;
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

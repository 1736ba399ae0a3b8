import { isWhole, refuseOption } from "../../errors/check.js";
import { UsageError } from "../../errors/errors.js";
import { ownValue } from "../../errors/named-record.js";
import { hasOwnStep } from "../own-step.js";
import type { Destination, ReadySource } from "./batch-source.js";
import { areInputs, arraysIn, areTensors, refuseSamples } from "./check-samples.js";
import { inOrder, isList, isRecord, mapEach, type PerOutput, type Places, quoted } from "../each.js";
import type { AnySamples, FitOptions, InputArrays, OutputArrays } from "../training-types.js";
import type { Generator } from "../../random/generator.js";
import { isTensor, Tensor } from "../../runtime/runtime.js";
import { arraySource } from "./array-source.js";

/** A tensor alone or as a list; `undefined` for a record. */
function listed<T>(arrays: PerOutput<T>): readonly T[] | undefined {
  if (isList(arrays)) return arrays;
  return isRecord(arrays) && !("dims" in arrays) ? undefined : [arrays as T];
}

/** Arrays for the inputs of a model, in its order. */
function inputsOf(model: Destination, x: InputArrays): readonly Tensor[] {
  const list = listed(x);
  // A model that is not built yet has one input, whatever its name will be.
  const named = list ?? model.inputNames.map((name) => ownValue(x as Readonly<Record<string, Tensor>>, name));
  const tensors = named.map((tensor, index) => {
    if (tensor !== undefined) return tensor;
    const name = model.inputNames[index] ?? "";
    throw new UsageError(`There are no samples for the input "${name}" of the model "${model.name}".`, {
      subject: "x",
      expected: `arrays for ${quoted(model.inputNames)}`,
      received: quoted(Object.keys(x)),
    });
  });
  // A step of a user's own may take more than the model does, such as pairs of photos.
  const mayLeaveOut = !hasOwnStep(model, "trainStep") && !hasOwnStep(model, "testStep");
  return tensors.map((tensor, index) =>
    fitRank(tensor, model.built ? model.inputs[index]?.shape.length : undefined, mayLeaveOut),
  );
}

/** As in Keras, an axis of extent 1 at the end is added or left out, so that `[samples]` fits `[N, 1]`. */
function fitRank(tensor: Tensor, rank: number | undefined, mayLeaveOut: boolean): Tensor {
  const { dims } = tensor;
  if (rank === dims.length + 1) return tensor.reshape([...dims, 1]);
  return mayLeaveOut && rank !== undefined && rank === dims.length - 1 && dims.at(-1) === 1
    ? tensor.reshape(dims.slice(0, -1))
    : tensor;
}

/** Arrays for the outputs of a model, in its order; a tensor alone stays alone. */
function outputsOf(
  model: Destination,
  subject: string,
  arrays: OutputArrays | undefined,
): Tensor | readonly (Tensor | undefined)[] | undefined {
  if (arrays === undefined || arrays === null) return undefined;
  const list = listed(arrays);
  if (list !== undefined) return isList(arrays) ? list.map((tensor) => tensor ?? undefined) : (arrays as Tensor);
  const places: Places = { model: model.name, what: "output", names: model.outputNames };
  const record = arrays as Readonly<Record<string, Tensor | null>>;
  return inOrder(record, subject, places).map((tensor) => tensor ?? undefined);
}

/** Labels and weights beside samples in arrays. */
export type Beside = Pick<FitOptions, "y" | "sampleWeight" | "batchSize">;

/**
 * Samples in arrays as a source.
 *
 * @param call what was called, for messages
 * @param order where the order of each round is drawn from; `undefined` keeps the samples' own order
 * @throws UsageError for what is no array, or is named for inputs or outputs that the model does not have
 */
export function asArrays(
  call: string,
  model: Destination,
  x: InputArrays,
  { y, sampleWeight, batchSize = Math.max(1, samplesIn(x)) }: Beside,
  order?: Generator,
): ReadySource {
  if (!areInputs(x)) refuseSamples(call, "x", x);
  checkOutputs(call, { y, sampleWeight });
  if (!isWhole(batchSize, 1)) refuseOption(call, "batchSize", "a whole number from 1", batchSize);
  const labels = outputsOf(model, "y", y);
  const weights = outputsOf(model, "sampleWeight", sampleWeight);
  return arraySource(inputsOf(model, x), { batchSize, y: labels, sampleWeight: weights, order });
}

/** @throws UsageError when labels or weights are given and are no arrays */
function checkOutputs(call: string, given: Readonly<Record<string, OutputArrays | undefined>>): void {
  for (const [name, arrays] of Object.entries(given)) {
    if (arrays === undefined || arrays === null || areTensors(arrays) || isEmpty(arrays)) continue;
    refuseSamples(call, name, arrays, "a Tensor [samples, …], or one for each output in a list or a record");
  }
}

/** Whether an output has nothing, or none has: labels of models whose outputs have no loss. */
function isEmpty(given: object): boolean {
  return Object.values(given).every((one) => one === null || one === undefined);
}

/** Number of samples in arrays. */
export function samplesIn(x: InputArrays): number {
  if (!areInputs(x)) return 0;
  const [first] = listed(x) ?? Object.values(x as Readonly<Record<string, Tensor>>);
  return first?.dims[0] ?? 0;
}

function rows(tensor: Tensor, start: number, end: number): Tensor {
  const size = tensor.dims.slice(1).reduce((product, extent) => product * extent, 1);
  const data = (tensor.data as Float32Array).subarray(start * size, end * size);
  return new Tensor(tensor.type as "float32", data, [end - start, ...tensor.dims.slice(1)]);
}

/** What `validationSplit` leaves for training, and what it takes for validation. */
export interface SplitSamples {
  readonly x: AnySamples;
  readonly options: FitOptions;
}

/**
 * Takes the last samples of arrays for validation, where the options say so.
 *
 * @throws UsageError when the samples are no arrays, or one of the two parts would be empty
 */
export function splitValidation(x: AnySamples, options: FitOptions): SplitSamples {
  const { validationSplit = 0, validationData, y, sampleWeight } = options;
  if (validationSplit === 0 || validationData !== undefined) return { x, options };
  const refuse = (expected: string, received: string): never => {
    throw new UsageError("validationSplit cannot split these samples.", {
      subject: "validationSplit",
      expected,
      received,
    });
  };
  if (!areInputs(x)) return refuse("samples in arrays", "samples of another kind");
  if (y === undefined || y === null) return refuse("labels in arrays beside the samples", "no labels");
  checkOutputs("fit", { y, sampleWeight });
  const samples = samplesIn(x);
  const counts = [x, y, sampleWeight].flatMap((arrays) => arraysIn(arrays).map(({ dims }) => dims[0] ?? 0));
  const other = counts.find((count) => count !== samples);
  if (other !== undefined) return refuse(`labels and weights for ${samples} samples`, String(other));
  const kept = Math.floor(samples * (1 - validationSplit));
  if (!(validationSplit > 0 && validationSplit < 1) || kept === 0 || kept === samples) {
    return refuse("a share in (0, 1) that leaves samples on both sides", `${validationSplit} of ${samples} samples`);
  }
  const part = <T extends Tensor | null>(arrays: PerOutput<T>, start: number, end: number): PerOutput<T> =>
    mapEach(arrays, (tensor) => (isTensor(tensor) ? (rows(tensor, start, end) as T) : tensor));
  const after = <T extends Tensor | null>(arrays: PerOutput<T>): PerOutput<T> => part(arrays, kept, samples);
  return {
    x: part<Tensor>(x, 0, kept),
    options: {
      ...options,
      y: part<Tensor | null>(y, 0, kept),
      validationData:
        sampleWeight === undefined
          ? [after<Tensor>(x), after<Tensor | null>(y)]
          : [after<Tensor>(x), after<Tensor | null>(y), after<Tensor | null>(sampleWeight)],
      sampleWeight: sampleWeight === undefined ? undefined : part<Tensor | null>(sampleWeight, 0, kept),
    },
  };
}

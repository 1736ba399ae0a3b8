import { ShapeError } from "../../errors/errors.js";
import { input, type Value } from "../../graph/value.js";
import { toChannelsFirst } from "../../nn/channels.js";
import { float32, type TensorData, toFloat32 } from "../../onnx/tensor-data.js";
import type { Batch, ReadySource } from "./batch-source.js";
import { pickRows } from "./batch-source.js";
import { SampleOrder } from "./sample-order.js";
import type { Generator } from "../../random/generator.js";
import { fromTensor, type Tensor, toTensor } from "../../runtime/runtime.js";

/** Arrays for the only output of a model, or for each of several. */
export type OutputTensors = Tensor | readonly (Tensor | undefined)[];

/** How samples in arrays become batches. */
export interface ArraySourceOptions {
  /** Labels, `[samples]`, `[samples, classes]` or as the output: alone, or for each of several outputs. */
  readonly y?: OutputTensors | undefined;
  /** `[samples]`: alone, or for each of several outputs. */
  readonly sampleWeight?: OutputTensors | undefined;
  readonly batchSize: number;
  /** Where the order of each round is drawn from; `undefined` keeps the samples' own order. */
  readonly order?: Generator | undefined;
}

/** The graph of array sources, by shapes of a sample: equal sources share programs. */
const graphs = new Map<string, readonly Value[]>();

function inputName(index: number): string {
  return `x/${index}`;
}

function graphFor(samples: readonly (readonly number[])[]): readonly Value[] {
  const key = JSON.stringify(samples);
  const graph =
    graphs.get(key) ??
    samples.map((sample, index) => toChannelsFirst(input(inputName(index), "float32", ["N", ...sample])));
  graphs.set(key, graph);
  return graph;
}

/** A tensor's values as float32. */
export function asFloat32({ dims, data }: TensorData): TensorData<"float32"> {
  return float32(toFloat32(data), dims);
}

function rowsOf(tensor: TensorData, keys: readonly number[]): TensorData<"float32"> {
  const sample = tensor.dims.slice(1);
  const size = sample.reduce((product, extent) => product * extent, 1);
  const [first = 0] = keys;
  if (tensor.data instanceof Float32Array && keys.every((key, row) => key === first + row)) {
    return float32(tensor.data.subarray(first * size, (first + keys.length) * size), [keys.length, ...sample]);
  }
  const data = new Float32Array(keys.length * size);
  keys.forEach((key, row) => {
    data.set(toFloat32(tensor.data.subarray(key * size, (key + 1) * size)), row * size);
  });
  return float32(data, [keys.length, ...sample]);
}

function isTensor(arrays: OutputTensors): arrays is Tensor {
  return "dims" in arrays;
}

type Values = TensorData<"float32">;

/** Arrays in their two forms: one alone, or one for each output. */
interface OutputValues {
  readonly alone?: Values | undefined;
  readonly each?: readonly (Values | undefined)[] | undefined;
}

function valuesOf(arrays: OutputTensors | undefined): OutputValues {
  if (arrays === undefined) return {};
  if (isTensor(arrays)) return { alone: asFloat32(fromTensor(arrays)) };
  return { each: arrays.map((tensor) => tensor && asFloat32(fromTensor(tensor))) };
}

function listOf({ alone, each }: OutputValues): readonly (Values | undefined)[] {
  return each ?? [alone];
}

/** The rows of samples, in the same form. */
function picked({ alone, each }: OutputValues, keys: readonly number[]): OutputValues {
  return { alone: alone && rowsOf(alone, keys), each: each?.map((values) => values && rowsOf(values, keys)) };
}

/** @throws ShapeError when inputs, labels and weights are not equally many */
function checkCounts(samples: number, arrays: Readonly<Record<string, readonly (TensorData | undefined)[]>>): void {
  for (const [what, tensors] of Object.entries(arrays)) {
    const wrong = tensors.find((tensor) => tensor !== undefined && tensor.dims[0] !== samples);
    if (wrong === undefined) continue;
    throw new ShapeError("There are not as many samples on both sides.", {
      subject: what,
      expected: `${samples} ${what}, one for each sample`,
      received: `${wrong.dims[0] ?? 0}`,
    });
  }
}

function labelsOf({ alone, each }: OutputValues): Pick<Batch, "labels" | "labelsByOutput"> {
  return { labels: alone, labelsByOutput: each };
}

function weightsOf({ alone, each }: OutputValues): Pick<Batch, "sampleWeight" | "sampleWeights"> {
  return { sampleWeight: alone, sampleWeights: each };
}

/**
 * Samples that lie in arrays, `[samples, …]` in Keras's order.
 *
 * @param x one array, or one for each input of the model
 * @throws ShapeError when inputs, labels and weights are not equally many
 */
export function arraySource(x: Tensor | readonly Tensor[], options: ArraySourceOptions): ReadySource {
  // As they are: batches become float32, for all photos in float32 may be more than the memory holds.
  const inputs = ("dims" in x ? [x] : x).map(fromTensor);
  const samples = inputs[0]?.dims[0] ?? 0;
  const labels = valuesOf(options.y);
  const weights = valuesOf(options.sampleWeight);
  checkCounts(samples, { inputs, labels: listOf(labels), "sample weights": listOf(weights) });
  const batch = (keys: readonly number[]): Batch => ({
    keys,
    ...labelsOf(picked(labels, keys)),
    ...weightsOf(picked(weights, keys)),
    load: (rows) => {
      const chosen = pickRows(keys, rows);
      const fed = inputs.map((values, index) => [inputName(index), toTensor(rowsOf(values, chosen))] as const);
      return Promise.resolve(Object.fromEntries(fed));
    },
  });
  const size = options.batchSize;
  const order = new SampleOrder(samples, options.order);
  return {
    samples,
    batchSize: size,
    reproducible: true,
    *everyLabel() {
      yield { keys: Array.from({ length: samples }, (_, index) => index), ...labelsOf(labels), ...weightsOf(weights) };
    },
    graph: graphFor(inputs.map(({ dims }) => dims.slice(1))),
    nextBatch: () => batch(order.next(size)),
    save: () => order.save(),
    restore: (state) => {
      order.restore(state);
    },
    *inOrder() {
      const keys = Array.from({ length: samples }, (_, index) => index);
      for (let start = 0; start < samples; start += size) yield batch(keys.slice(start, start + size));
    },
  };
}

import { ShapeError } from "../errors/errors.js";
import { input, type Value } from "../graph/value.js";
import { toChannelsFirst } from "../nn/channels.js";
import { float32, type TensorData } from "../onnx/tensor-data.js";
import type { Batch, BatchSource } from "../models/batch-source.js";
import { pickRows } from "../models/batch-source.js";
import { SampleOrder } from "../models/sample-order.js";
import type { Generator } from "../random/generator.js";
import { fromTensor, type Tensor, toTensor } from "../runtime/runtime.js";

/** How samples in arrays become batches. */
export interface ArraySourceOptions {
  /** Labels, `[samples]` or `[samples, classes]`. */
  readonly y?: Tensor;
  /** `[samples]`. */
  readonly sampleWeight?: Tensor;
  readonly batchSize: number;
  /** Where the order of each round is drawn from; `undefined` keeps the samples' own order. */
  readonly order?: Generator;
}

/** The graph of array sources, by shape and type of a sample: equal sources share programs. */
const graphs = new Map<string, readonly Value[]>();

function graphFor(type: TensorData["type"], sample: readonly number[]): readonly Value[] {
  const key = `${type}[${sample.join(",")}]`;
  const graph = graphs.get(key) ?? [toChannelsFirst(input("x", type, ["N", ...sample]))];
  graphs.set(key, graph);
  return graph;
}

/** A tensor's values as float32. */
export function asFloat32({ type, dims, data }: TensorData): TensorData<"float32"> {
  if (type === "float32") return { type, dims, data: data as Float32Array };
  return float32(Float32Array.from(data as ArrayLike<number | bigint>, Number), dims);
}

function rowsOf(tensor: TensorData<"float32">, keys: readonly number[]): TensorData<"float32"> {
  const sample = tensor.dims.slice(1);
  const size = sample.reduce((product, extent) => product * extent, 1);
  const data = new Float32Array(keys.length * size);
  keys.forEach((key, row) => {
    data.set(tensor.data.subarray(key * size, (key + 1) * size), row * size);
  });
  return float32(data, [keys.length, ...sample]);
}

/**
 * Samples that lie in one array, `[samples, …]` in Keras's order.
 *
 * @throws ShapeError when inputs, labels and weights are not equally many
 */
export function arraySource(x: Tensor, options: ArraySourceOptions): BatchSource {
  const samples = x.dims[0] ?? 0;
  const values = asFloat32(fromTensor(x));
  const truth = options.y && asFloat32(fromTensor(options.y));
  const weights = options.sampleWeight && asFloat32(fromTensor(options.sampleWeight));
  for (const [what, tensor] of [
    ["labels", truth],
    ["sample weights", weights],
  ] as const) {
    if (tensor !== undefined && tensor.dims[0] !== samples) {
      throw new ShapeError("There are not as many samples on both sides.", {
        subject: what,
        expected: `${samples} ${what}, one for each sample`,
        received: `${tensor.dims[0] ?? 0}`,
      });
    }
  }
  const batch = (keys: readonly number[]): Batch => ({
    keys,
    truth: truth && rowsOf(truth, keys),
    ...(weights === undefined ? {} : { sampleWeight: rowsOf(weights, keys) }),
    load: (rows) => Promise.resolve({ x: toTensor(rowsOf(values, pickRows(keys, rows))) }),
  });
  const size = options.batchSize;
  const order = new SampleOrder(samples, options.order);
  return {
    samples,
    batchSize: size,
    reproducible: true,
    inMemory: true,
    graph: graphFor("float32", x.dims.slice(1)),
    next: () => batch(order.next(size)),
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

import { ShapeError, UsageError } from "../errors/errors.js";
import type { BaseModel } from "../models/base-model.js";
import type { Batch, BatchSource } from "../models/batch-source.js";
import type { Arrays, FitOptions } from "../models/training-types.js";
import { float32, type TensorData } from "../onnx/tensor-data.js";
import type { Generator } from "../random/generator.js";
import { Tensor } from "../runtime/runtime.js";
import type { Activations, LoadedBatch } from "./activations.js";
import { arraySource } from "./array-source.js";

type Float32 = TensorData<"float32">;

/** Loss weights of a batch's samples: their own times those of their classes. */
export function sampleWeights(batch: Batch, truth: Float32, classWeight: FitOptions["classWeight"]): Float32 {
  const size = batch.keys.length;
  const own = batch.sampleWeight?.data ?? new Float32Array(size).fill(1);
  if (classWeight === undefined) return float32(own, [size]);
  const classes = truth.data.length / size;
  const weighted = own.map((weight, index) => {
    const row = truth.data.subarray(index * classes, (index + 1) * classes);
    const label = classes === 1 ? (row[0] ?? 0) : row.indexOf(Math.max(...row));
    return weight * (classWeight[label] ?? 1);
  });
  return float32(weighted, [size]);
}

/** @throws UsageError when the samples of a batch have no labels */
export function requireTruth(batch: Batch): Float32 {
  const { truth } = batch;
  if (truth !== undefined && "dims" in truth) return truth;
  if (truth !== undefined) {
    throw new UsageError("There are labels for several outputs.", {
      subject: "y",
      expected: "labels of one output",
      received: `a list of ${truth.length}`,
    });
  }
  throw new UsageError("The samples have no labels.", {
    subject: "y",
    expected: "labels, in `y` or from the source (classMode)",
    received: "none",
  });
}

/** Shape of the labels of one sample. */
export function truthShapeOf(batch: Batch | undefined): readonly number[] {
  const truth = batch?.truth;
  return truth !== undefined && "dims" in truth ? truth.dims.slice(1) : [];
}

/** Number of batches of one round. */
export function roundSteps({ samples, batchSize }: BatchSource): number {
  return Math.ceil(samples / batchSize);
}

/** The next batches of a source. */
export function* takeBatches(source: BatchSource, count: number): Iterable<Batch> {
  for (let step = 0; step < count; step++) yield source.next();
}

/** A batch, and what reads its samples. */
export interface LoadingBatch {
  readonly batch: Batch;
  /** `undefined` where the activations are known already. */
  readonly loading: Promise<LoadedBatch> | undefined;
}

/** Begins to load a batch. */
export function beginLoading(batch: Batch, activations: Activations): LoadingBatch {
  const loading = activations.load(batch);
  // Whoever awaits it later gets the error; until then it must not count as unhandled.
  loading?.catch(() => undefined);
  return { batch, loading };
}

/** Batches with the loading of the next one already begun. */
export function* ahead(batches: Iterable<Batch>, activations: Activations): Iterable<LoadingBatch> {
  let previous: LoadingBatch | undefined;
  for (const batch of batches) {
    const current = beginLoading(batch, activations);
    if (previous !== undefined) yield previous;
    previous = current;
  }
  if (previous !== undefined) yield previous;
}

/**
 * Samples that were given as arrays or as a source, as a source.
 *
 * @param order where the order of arrays is drawn from; `undefined` keeps their own
 */
export function toSource(
  x: BatchSource | Tensor,
  { y, sampleWeight, batchSize = 32 }: Pick<FitOptions, "y" | "sampleWeight" | "batchSize">,
  order?: Generator,
): BatchSource {
  if ("next" in x) {
    const given = Object.entries({ y, sampleWeight }).find(([, value]) => value !== undefined)?.[0];
    if (given === undefined) return x;
    throw new UsageError(`The source of samples has its own ${given === "y" ? "labels" : "weights"}.`, {
      subject: given,
      expected: `no option ${given} beside a source of batches`,
      received: given,
    });
  }
  return arraySource(x, {
    batchSize,
    ...(y === undefined ? {} : { y }),
    ...(sampleWeight === undefined ? {} : { sampleWeight }),
    ...(order === undefined ? {} : { order }),
  });
}

/** Samples for validation as a source. */
export function validationSource(data: BatchSource | Arrays, batchSize: number | undefined): BatchSource {
  if ("next" in data) return data;
  const [x, y, sampleWeight] = data;
  return toSource(x, {
    y,
    ...(sampleWeight === undefined ? {} : { sampleWeight }),
    ...(batchSize === undefined ? {} : { batchSize }),
  });
}

function rows(tensor: Tensor, start: number, end: number): Tensor {
  const size = tensor.dims.slice(1).reduce((product, extent) => product * extent, 1);
  const data = (tensor.data as Float32Array).subarray(start * size, end * size);
  return new Tensor(tensor.type as "float32", data, [end - start, ...tensor.dims.slice(1)]);
}

/** What `validationSplit` leaves for training, and what it takes for validation. */
export interface SplitSamples {
  readonly x: BatchSource | Tensor;
  readonly options: FitOptions;
}

/**
 * Takes the last samples of arrays for validation, where the options say so.
 *
 * @throws UsageError when the samples are no arrays, or one of the two parts would be empty
 */
export function splitValidation(x: BatchSource | Tensor, options: FitOptions): SplitSamples {
  const { validationSplit = 0, validationData, y, sampleWeight } = options;
  if (validationSplit === 0 || validationData !== undefined) return { x, options };
  const refuse = (expected: string, received: string): never => {
    throw new UsageError("validationSplit cannot split these samples.", {
      subject: "validationSplit",
      expected,
      received,
    });
  };
  if ("next" in x || y === undefined) return refuse("samples and labels in arrays", "a source of batches");
  const samples = x.dims[0] ?? 0;
  const kept = Math.floor(samples * (1 - validationSplit));
  if (!(validationSplit > 0 && validationSplit < 1) || kept === 0 || kept === samples) {
    return refuse("a share in (0, 1) that leaves samples on both sides", `${validationSplit} of ${samples} samples`);
  }
  const before = (tensor: Tensor): Tensor => rows(tensor, 0, kept);
  const after = (tensor: Tensor): Tensor => rows(tensor, kept, samples);
  return {
    x: before(x),
    options: {
      ...options,
      y: before(y),
      validationData: sampleWeight === undefined ? [after(x), after(y)] : [after(x), after(y), after(sampleWeight)],
      ...(sampleWeight === undefined ? {} : { sampleWeight: before(sampleWeight) }),
    },
  };
}

/** Builds a model that waits for the shape of its input, and checks that the samples fit. */
export function prepareModel(model: BaseModel, source: BatchSource): void {
  const [x] = source.graph;
  if (x === undefined) return;
  const [n, c, h, w] = x.shape;
  const shape =
    x.rank === 4 && n !== undefined && c !== undefined && h !== undefined && w !== undefined ? [n, h, w, c] : x.shape;
  model.ensureBuilt([shape]);
  const expected = model.inputs[0]?.shape.slice(1) ?? [];
  const received = shape.slice(1);
  if (String(expected) !== String(received)) {
    throw new ShapeError(`The samples do not fit the model "${model.name}".`, {
      subject: model.name,
      expected: `samples of shape [${expected.join(", ")}]`,
      received: `samples of shape [${received.join(", ")}]`,
    });
  }
}

/** Tensors of samples one behind the other, `[samples, …]`. */
export function joinSamples(parts: readonly Float32[]): Float32 {
  const [first] = parts;
  const count = parts.reduce((sum, { dims }) => sum + (dims[0] ?? 0), 0);
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
  let offset = 0;
  for (const part of parts) {
    data.set(part.data, offset);
    offset += part.data.length;
  }
  return float32(data, [count, ...(first?.dims.slice(1) ?? [])]);
}

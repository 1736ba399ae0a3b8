import type { TensorData } from "../../onnx/tensor-data.js";
import type { Value } from "../../graph/value.js";
import type { Generator } from "../../random/generator.js";
import type { NamedTensors } from "../../runtime/runtime.js";
import type { SymbolicTensor } from "../../nn/symbolic-tensor.js";

/** What some samples are compared with, and which they are. */
export interface LabelledSamples {
  /**
   * Which samples: a number each that is the same whenever the same pixels come, among all samples of the source and, where
   * it keeps several augmented variants of each, among these.
   */
  readonly keys: readonly number[];
  /** Labels: `[size]`, `[size, classes]` or as the model's output; `undefined` where there are none. */
  readonly labels: TensorData<"float32"> | undefined;
  /** Labels of each output, in place of `labels`, for a model with several. */
  readonly labelsByOutput?: readonly (TensorData<"float32"> | undefined)[] | undefined;
  /** `[size]`: how much each sample counts in the loss, of all outputs; default 1. */
  readonly sampleWeight?: TensorData<"float32"> | undefined;
  /** Weights of samples for each output, in place of `sampleWeight`. */
  readonly sampleWeights?: readonly (TensorData<"float32"> | undefined)[] | undefined;
}

/** Samples on their way into a model: what is known of them, and how to get what is fed. */
export interface Batch extends LabelledSamples {
  /**
   * Reads the samples: a tensor for each input of the source's graph. Everything random was drawn when the batch was made,
   * so whether and when a batch is loaded changes no number.
   *
   * @param rows which rows of the batch; default all
   */
  load(rows?: readonly number[]): Promise<NamedTensors>;
}

/** What is done to RGB pixels in [0, 255] before a network sees them: y = x · scale + offset, channel by channel. */
export interface Standardization {
  /** Whether the channels are swapped to blue, green, red first. */
  readonly bgr: boolean;
  /** Three factors, in the order after the swap. */
  readonly scale: readonly number[];
  /** Three summands, in the order after the swap. */
  readonly offset: readonly number[];
}

/** Some rows of a list that has an entry for each row of a batch. */
export function pickRows<T>(list: readonly T[], rows: readonly number[] | undefined): readonly T[] {
  return rows === undefined ? list : rows.flatMap((row) => list.slice(row, row + 1));
}

/** Numbers that lie evenly from 0 to `total` - 1, each once. */
export function evenly(count: number, total: number): number[] {
  return [...new Set(Array.from({ length: count }, (_, index) => Math.floor(((index + 0.5) * total) / count)))];
}

/** Where `fit`, `evaluate` and `predict` take samples from. */
export interface BatchSource {
  /** Number of samples of one round; `Infinity` where nobody knows before its end. */
  readonly samples: number;
  /**
   * Batches of one round, where they are not `samples` in parts of `batchSize`: their number, `"unknown"` where nobody knows
   * it before the end, or `"endless"`.
   */
  readonly round?: number | "unknown" | "endless" | undefined;
  readonly batchSize: number;
  /** Whether a sample is the same each time it comes, so that what is computed from it may be kept. */
  readonly reproducible: boolean;
  /**
   * What tells a sample's pixels apart from all others, in other runs too: content of the photo, how it is read, and how it is
   * augmented. A source without it has its samples kept in memory alone.
   *
   * @param key of a batch's `keys`
   * @returns `undefined` where it is not known
   */
  identify?(key: number): Promise<string | undefined>;
  /**
   * Values that make a model's inputs of what is fed, one for each input of the model; rank 4 is `[N, C, H, W]`.
   * Augmentation and preprocessing are part of it.
   */
  readonly graph: readonly Value[];
  /**
   * Labels and weights of all samples, once each, where they are known without the samples: `fit` looks at them before it
   * learns from any. A source without it has each batch looked at.
   */
  readonly everyLabel?: (() => Iterable<LabelledSamples>) | undefined;
  /** Names of the classes that labels number, where there are any. */
  readonly labelNames?: readonly string[] | undefined;
  /**
   * What people know a sample by, such as the path of its photo; default its number.
   *
   * @param key of a batch's `keys`
   */
  sampleName?(key: number): string | undefined;
  /** What `graph` does to pixels, where that is known. */
  readonly standardization?: Standardization | undefined;
  /**
   * The next batch for `fit`, round after round without end; the last batch of a round may be smaller.
   *
   * @returns `undefined` once at the end of a round that is `"unknown"`: the next call begins another one, or gives
   * `undefined` again where there is no other
   */
  nextBatch(): Batch | undefined | Promise<Batch | undefined>;
  /**
   * The batches of one round in the samples' own order, from the first one in each call. It takes nothing from
   * {@link nextBatch} and changes nothing of what that will give; of samples that come only once, it gives those that are left.
   *
   * @param alike whether augmentation, where there is any, is the same in each call; default `false`
   */
  inOrder(alike?: boolean): Iterable<Batch> | AsyncIterable<Batch>;
  /** Told after each epoch of `fit`, before a batch of the next one is asked for. */
  onEpochEnd?(): void | Promise<void>;
  /**
   * What is fed for some samples that lie evenly among all, so that each class is among them; default those that
   * `inOrder(true)` gives. A source whose samples are found one by one gives them without the others.
   *
   * @param count how many, unless there are fewer
   */
  spread?(count: number): Promise<NamedTensors>;
  /** Where the source stands, random streams included, as plain JSON; one without it cannot be resumed bit for bit. */
  save?(): unknown;
  /**
   * Goes on where another source of the same samples stood.
   *
   * @throws UsageError when that one was of another kind
   */
  restore?(state: unknown): void;
}

/** A source that knows its batches at once. */
export interface ReadySource extends BatchSource {
  nextBatch(): Batch;
  inOrder(alike?: boolean): Iterable<Batch>;
}

/** What samples are told of the model that they go into. */
export interface Destination {
  readonly name: string;
  /** Whether its inputs are known; one that is not built has a single input. */
  readonly built: boolean;
  readonly inputs: readonly Pick<SymbolicTensor, "shape">[];
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  /** Its steps: one of a user's own may take samples of other shapes than the inputs. */
  readonly trainStep: unknown;
  readonly testStep: unknown;
  readonly computeLoss: unknown;
  readonly computeMetrics: unknown;
}

/**
 * Samples that must be looked at before it is known what they feed: `fit`, `evaluate` and `predict` open them, and take batches
 * from what comes out. The same source comes out each time where `fit` is to go on where it stood.
 */
export interface BatchSupply {
  /**
   * @param model where the samples are to go
   * @param call what was called, such as `fit`, for messages
   * @param order where the order of each round of `fit` is drawn from; `undefined` keeps the samples' own order
   */
  openSource(model: Destination, call: string, order?: Generator): BatchSource | Promise<BatchSource>;
}

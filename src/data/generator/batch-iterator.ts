import { UsageError } from "../../errors/errors.js";
import { input, type Value } from "../../graph/value.js";
import { type Batch, type BatchSource, pickRows, type Standardization } from "../../models/sources/batch-source.js";
import { platform } from "../../models/platform.js";
import { SampleOrder, type SampleOrderState } from "../../models/sources/sample-order.js";
import { toChannelsFirst, toChannelsLast } from "../../nn/channels.js";
import type { TensorData } from "../../onnx/tensor-data.js";
import { Generator, type GeneratorState } from "../../random/generator.js";
import { nextRandomStream } from "../../random/seed.js";
import { type NamedTensors, type Session, Tensor, toTensor } from "../../runtime/runtime.js";
import { createSession } from "../../runtime/session.js";
import type { AffineTransform } from "./affine-parameters.js";
import { augmentationFeeds, fedNames } from "../augment/augmentation.js";
import type { IteratorOptions } from "./flow-options.js";
import { callOnHost, type ImageDataGenerator } from "./image-data-generator.js";
import { saveImages, type SaveOptions } from "./save-images.js";
import { Variants } from "./variants.js";

/** Where an iterator gets its samples from. */
export interface Samples {
  readonly count: number;
  /** Shape of a sample. */
  readonly shape: readonly [height: number, width: number, channels: number];
  /** Element type of what {@link read} gives. */
  readonly type: "uint8" | "float32";
  /** Pixels, `[keys, height, width, channels]`. */
  readonly read: (keys: readonly number[]) => Promise<Uint8Array | Float32Array>;
  /**
   * Labels, a row a key, or a list of those of several outputs; `"input"`: what the network sees of the sample; `undefined`:
   * none.
   */
  readonly truth:
    ((keys: readonly number[]) => TensorData<"float32"> | readonly TensorData<"float32">[]) | "input" | undefined;
  /** What to know a sample by from run to run, such as the path of its photo; default its number. */
  readonly nameOf?: (key: number) => string;
  /** What tells the pixels of a sample from all others, in other runs too; see {@link BatchSource.identify}. */
  readonly identify?: (key: number) => Promise<string>;
  /** How much each sample counts in the loss, `[keys]`. */
  readonly weights?: ((keys: readonly number[]) => TensorData<"float32">) | undefined;
}

/** What an iterator gives at a time: photos and labels. */
export type LabelledBatch = [x: Tensor, y: Tensor];

/** What an iterator gives at a time: photos, labels, and weights where there are any. */
export type WeightedBatch = [x: Tensor, y: Tensor, sampleWeight?: Tensor];

/** What an iterator gives at a time for several outputs: photos, labels of each output, and weights where there are any. */
export type MultiOutputBatch = [x: Tensor, y: readonly Tensor[], sampleWeight?: Tensor];

/** Where an iterator stands, as plain JSON. */
interface IteratorState {
  readonly order: SampleOrderState;
  readonly generator: GeneratorState;
}

/** Name of what is fed to the graph where a preprocessing function runs on the host. */
const preprocessedName = "preprocessed";

/**
 * Samples in batches, round after round: what `flow` and its sisters give. It goes into `fit`, `evaluate` and `predict`, or
 * can be iterated over.
 *
 * The last batch of a round may be smaller. Orders and augmentation are drawn when a batch is asked for.
 */
export class BatchIterator<Given extends WeightedBatch | MultiOutputBatch = WeightedBatch>
  implements BatchSource, AsyncIterable<Given>
{
  readonly batchSize: number;
  /** Number of samples of a round. */
  readonly samples: number;
  /** Height, width and channels of what comes out. */
  readonly imageShape: readonly [height: number, width: number, channels: number];
  private readonly generator: Generator;
  private readonly order: SampleOrder;
  private readonly saving: SaveOptions | undefined;
  private readonly variants: Variants | undefined;
  private made: { readonly graph: readonly Value[]; readonly fitted: readonly unknown[] } | undefined;
  /** What a preprocessing function on the host is given. */
  private augmentedGraph: Value | undefined;
  private readonly sessions = new Map<Value, Promise<Session>>();

  constructor(
    protected readonly datagen: ImageDataGenerator,
    private readonly source: Samples,
    options: IteratorOptions,
  ) {
    this.batchSize = options.batchSize ?? 32;
    this.samples = source.count;
    this.imageShape = source.shape;
    const seed = options.seed ?? undefined;
    this.generator = seed === undefined ? nextRandomStream("flow") : new Generator(seed).fork("flow");
    this.order = new SampleOrder(this.samples, (options.shuffle ?? true) ? this.generator : undefined);
    const { nameOf = String } = source;
    const { variants = 0 } = options;
    this.variants =
      variants > 0 && datagen.augments ? new Variants(variants, this.generator.fork("variants"), nameOf) : undefined;
    const folder = options.saveToDir ?? undefined;
    this.saving =
      folder === undefined
        ? undefined
        : { folder, prefix: options.savePrefix ?? "", format: options.saveFormat ?? "png" };
  }

  /** Number of batches of a round. */
  get length(): number {
    return Math.ceil(this.samples / this.batchSize);
  }

  get reproducible(): boolean {
    // Photos that are to be saved, and photos that are their own labels, must be read each time.
    const same = !this.datagen.augments || this.variants !== undefined;
    return same && this.saving === undefined && this.source.truth !== "input";
  }

  async identify(key: number): Promise<string | undefined> {
    // What a function on the host does to a photo nobody can tell.
    if (this.datagen.hostPreprocessing !== undefined) return undefined;
    if (this.variants === undefined) return this.source.identify?.(key);
    const { sample, variant } = this.variants.ofKey(key);
    const pixels = await this.source.identify?.(sample);
    return pixels === undefined ? undefined : `${pixels} ${JSON.stringify(this.variantOf(sample, variant))}`;
  }

  private variantOf(sample: number, variant: number, generator = this.generator): AffineTransform {
    const [height, width] = this.imageShape;
    return this.datagen.draw(height, width, this.variants?.streamOf(sample, variant) ?? generator);
  }

  get standardization(): Standardization | undefined {
    return this.imageShape[2] === 3 ? this.datagen.standardization : undefined;
  }

  get graph(): readonly Value[] {
    const { fitted } = this.datagen;
    const known = this.made;
    if (known?.fitted.every((value, index) => value === fitted[index]) === true) return known.graph;
    const [height, width, channels] = this.imageShape;
    const value =
      this.datagen.hostPreprocessing === undefined
        ? this.datagen.graph(height, width, channels, this.source.type)
        : this.datagen.standardized(
            toChannelsFirst(input(preprocessedName, "float32", ["N", height, width, channels])),
          );
    this.made = { graph: [value], fitted };
    return this.made.graph;
  }

  next(): Batch {
    const samples = this.order.next(this.batchSize);
    const { number } = this.order;
    return this.batch(samples, (sample) => this.variants?.inRound(sample, number) ?? 0);
  }

  *inOrder(alike = false): Iterable<Batch> {
    const generator = alike ? this.generator.fork("in order") : this.generator;
    for (let start = 0; start < this.samples; start += this.batchSize) {
      const end = Math.min(start + this.batchSize, this.samples);
      yield this.batch(
        Array.from({ length: end - start }, (_, index) => start + index),
        () => 0,
        generator,
      );
    }
  }

  /** Begins a new round with the next batch. */
  reset(): void {
    this.order.reset();
  }

  save(): IteratorState {
    return { order: this.order.save(), generator: this.generator.save() };
  }

  restore(state: unknown): void {
    const { order, generator } = state as IteratorState;
    this.order.restore(order);
    // It also draws augmentation, so it has gone on since the round began.
    this.generator.restore(generator);
  }

  /**
   * @param keys numbers of the samples
   * @param variantInTurn number of the variant of a sample, where there are variants
   * @param generator what augmentation is drawn from, where there are none
   */
  private batch(keys: readonly number[], variantInTurn: (sample: number) => number, generator = this.generator): Batch {
    const { variants } = this;
    const chosen = keys.map(variantInTurn);
    const transforms = this.datagen.augments
      ? keys.map((sample, row) => this.variantOf(sample, chosen[row] ?? 0, generator))
      : undefined;
    const numbers = this.saving === undefined ? [] : keys.map(() => generator.integer(1e7));
    const { truth, weights } = this.source;
    let images: Float32Array | undefined;
    const dims = [keys.length, ...this.imageShape];
    const ownTruth: TensorData<"float32"> = {
      type: "float32",
      dims,
      get data() {
        if (images !== undefined) return images;
        throw new UsageError("The labels are the photos, which have not been read yet.", {
          subject: 'classMode "input"',
          expected: "load() before the labels are looked at",
          received: "labels first",
        });
      },
    };
    const load = async (rows?: readonly number[]): Promise<NamedTensors> => {
      const feeds = await this.feeds(pickRows(keys, rows), transforms && pickRows(transforms, rows));
      if (this.saving === undefined && truth !== "input") return feeds;
      images = await this.seen(feeds);
      if (this.saving !== undefined) await saveImages(images, this.imageShape, keys, numbers, this.saving);
      return feeds;
    };
    const labels = truth === "input" ? ownTruth : truth?.(keys);
    return {
      keys: variants === undefined ? keys : keys.map((sample, row) => variants.keyOf(sample, chosen[row] ?? 0)),
      ...(labels === undefined || "dims" in labels ? { truth: labels } : { truth: undefined, truths: labels }),
      ...(weights === undefined ? {} : { sampleWeight: weights(keys) }),
      load,
    };
  }

  private async feeds(
    keys: readonly number[],
    transforms: readonly AffineTransform[] | undefined,
  ): Promise<NamedTensors> {
    const { type } = this.source;
    const [height, width, channels] = this.imageShape;
    const pixels = await this.source.read(keys);
    const dims = [keys.length, height, width, channels];
    const photos =
      pixels instanceof Float32Array ? new Tensor("float32", pixels, dims) : new Tensor("uint8", pixels, dims);
    const fed: NamedTensors = {
      [fedNames.photos]: photos,
      ...(transforms === undefined ? {} : augmentationFeeds(this.datagen.augmentation, transforms, height, width)),
    };
    const preprocess = this.datagen.hostPreprocessing;
    if (preprocess === undefined) return fed;
    this.augmentedGraph ??= toChannelsLast(this.datagen.augmented(height, width, channels, type));
    const augmented = await this.run(this.augmentedGraph, fed);
    const size = height * width * channels;
    const result = new Float32Array(augmented.length);
    for (let row = 0; row < keys.length; row++) {
      const image = augmented.slice(row * size, (row + 1) * size);
      const { data } = await callOnHost(preprocess, new Tensor("float32", image, [height, width, channels]));
      result.set(data as Float32Array, row * size);
    }
    return { [preprocessedName]: new Tensor("float32", result, dims) };
  }

  /** What the network sees, `[n, height, width, channels]`. */
  private async seen(feeds: NamedTensors): Promise<Float32Array> {
    const [x] = this.graph;
    if (x === undefined) throw new TypeError("The iterator has no graph.");
    return this.run(x, feeds, toChannelsLast);
  }

  private async run(
    value: Value,
    feeds: NamedTensors,
    finish = (result: Value): Value => result,
  ): Promise<Float32Array> {
    const known = this.sessions.get(value) ?? createSession(platform().runtime, { y: finish(value) });
    this.sessions.set(value, known);
    const results = await (await known).run(feeds);
    return results["y"]?.data as Float32Array;
  }

  /** Frees what reading has kept on the engine; it is made again when it is needed. */
  async release(): Promise<void> {
    const sessions = await Promise.all(this.sessions.values());
    this.sessions.clear();
    await Promise.all(sessions.map((session) => session.release()));
  }

  /**
   * Batches of photos alone, without end: `[n, height, width, channels]`. For iterators without labels, of which Keras
   * gives the photos alone too.
   */
  async *images(): AsyncGenerator<Tensor, never> {
    try {
      while (true) yield (await this.arrays(this.next())).x;
    } finally {
      await this.release();
    }
  }

  /**
   * Batches without end: `[x, y]` with x `[n, height, width, channels]` and y as `classMode` says, and the samples' weights
   * where there are any. It takes batches from the same row as `fit` does.
   *
   * @throws UsageError when there are no labels, and thus no y: see {@link images}
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Given, never> {
    try {
      while (true) {
        const batch = this.next();
        const { truth, truths } = batch;
        if (truth === undefined && truths === undefined) {
          throw new UsageError("There are no labels to go with the photos.", {
            subject: "classMode",
            expected: '"categorical", "binary" or "sparse", or labels in `y`',
            received: "null",
            advice: "Iterate over images() for the photos alone.",
          });
        }
        const { x } = await this.arrays(batch);
        const each = truths?.flatMap((labels) => (labels === undefined ? [] : [this.typed(labels)]));
        const y = truth === undefined ? each : this.typed(truth);
        // Iterators that have no weights say so by their type.
        yield (batch.sampleWeight === undefined ? [x, y] : [x, y, toTensor(batch.sampleWeight)]) as unknown as Given;
      }
    } finally {
      await this.release();
    }
  }

  private async arrays(batch: Batch): Promise<{ x: Tensor }> {
    const data = await this.seen(await batch.load());
    return { x: this.typed({ type: "float32", dims: [batch.keys.length, ...this.imageShape], data }) };
  }

  /** Values in the element type that the generator was asked for. */
  private typed(values: TensorData<"float32">): Tensor {
    if (this.datagen.options.dtype !== "float64") return toTensor(values);
    return new Tensor("float64", Float64Array.from(values.data), values.dims);
  }
}

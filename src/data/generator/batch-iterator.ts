import { isWhole } from "../../errors/check.js";
import { refuseFormerMembers } from "../../errors/former-members.js";
import { UsageError } from "../../errors/errors.js";
import type { Value } from "../../graph/value.js";
import {
  type Batch,
  type BatchSource,
  type LabelledSamples,
  pickRows,
  type Standardization,
} from "../../models/sources/batch-source.js";
import { SampleOrder, type SampleOrderState } from "../../models/sources/sample-order.js";
import type { TensorData } from "../../onnx/tensor-data.js";
import { Generator, type GeneratorState } from "../../random/generator.js";
import { nextRandomStream } from "../../random/seed.js";
import { type NamedTensors, Tensor, toTensor } from "../../runtime/runtime.js";
import { type AffineTransform, getRandomTransform } from "../augment/affine-parameters.js";
import type { IteratorOptions } from "./flow-options.js";
import { PixelPipeline } from "./pixel-pipeline.js";
import { type DrawnAugmentation, pixelsAsRead, type PixelSteps } from "./pixel-steps.js";
import type { Samples } from "./samples.js";
import { saveImages, type SaveOptions } from "./save-images.js";
import { Variants } from "./variants.js";

/** What an iterator gives at a time: photos and labels. */
export type LabelledBatch = [x: Tensor, y: Tensor];

/** What an iterator gives at a time: photos, labels, and weights where there are any. */
export type WeightedBatch = [x: Tensor, y: Tensor, sampleWeight?: Tensor];

/** What an iterator gives at a time for several outputs: photos, labels of each output, and weights where there are any. */
export type MultiOutputBatch = [x: Tensor, y: readonly Tensor[], sampleWeight?: Tensor];

/** Labels that are looked at in one go; few enough for the columns of a thousand classes. */
const labelsAtOnce = 4096;

/** Where an iterator stands, as plain JSON. */
interface IteratorState {
  readonly order: SampleOrderState;
  readonly generator: GeneratorState;
  /** Of the augmentation in `evaluate` and `predict`. */
  readonly judged: GeneratorState;
}

/**
 * Samples in batches, round after round: what `flow` and its sisters give. It goes into `fit`, `evaluate` and `predict`, or
 * can be looked at: `await flow.next()`, `await flow.at(0)`, `for await (const [x, y] of flow)`.
 *
 * The last batch of a round may be smaller. Orders and augmentation are drawn when a batch is asked for. Training, judging
 * and looking have streams of their own: none takes anything from another.
 */
export class BatchIterator<Given extends WeightedBatch | MultiOutputBatch | Tensor = WeightedBatch>
  implements BatchSource, AsyncIterable<Given>
{
  static {
    refuseFormerMembers(this, "A source of batches", {
      batch_size: "batchSize",
      image_shape: "imageShape",
      target_size: "targetSize",
      class_mode: "classMode",
      class_indices: "classIndices",
      class_names: "classNames",
      file_paths: "filePaths",
    });
  }

  readonly batchSize: number;
  /** Number of samples of a round. */
  readonly samples: number;
  /** Height, width and channels of what comes out. */
  readonly imageShape: readonly [height: number, width: number, channels: number];
  /** For `fit`. */
  private readonly generator: Generator;
  private readonly order: SampleOrder;
  /** For `evaluate` and `predict`, whose order is that of the samples. */
  private readonly judged: Generator;
  /** For those who look. */
  private readonly looking: Generator;
  private readonly lookedOrder: SampleOrder;
  /** The order of {@link at}. */
  private readonly places: () => readonly number[];
  private readonly saving: SaveOptions | undefined;
  private readonly variants: Variants | undefined;
  private readonly pipeline: PixelPipeline;

  /** @param steps what is done to pixels; default nothing */
  constructor(
    private readonly source: Samples,
    options: IteratorOptions,
    private readonly steps: PixelSteps = pixelsAsRead,
  ) {
    this.batchSize = options.batchSize ?? 32;
    this.samples = source.count;
    this.imageShape = source.shape;
    this.pipeline = new PixelPipeline(steps, source.shape, source.type);
    const seed = options.seed ?? undefined;
    this.generator = seed === undefined ? nextRandomStream("flow") : new Generator(seed).fork("flow");
    this.judged = this.generator.fork("judged");
    this.looking = this.generator.fork("looked at");
    const shuffled = options.shuffle ?? true;
    this.order = new SampleOrder(this.samples, shuffled ? this.generator : undefined);
    this.lookedOrder = new SampleOrder(this.samples, shuffled ? this.looking : undefined);
    this.places = () => {
      const places = shuffled ? this.generator.fork("places") : undefined;
      return new SampleOrder(this.samples, places).next(this.samples);
    };
    const { nameOf = String } = source;
    const { variants = 0 } = options;
    this.variants =
      variants > 0 && steps.augmentation !== undefined
        ? new Variants(variants, this.generator.fork("variants"), nameOf)
        : undefined;
    const folder = options.saveToDir ?? undefined;
    this.saving =
      folder === undefined
        ? undefined
        : { folder, prefix: options.savePrefix ?? "", format: options.saveFormat ?? "png" };
  }

  /** Number of samples of a round; Keras's name for it. */
  get n(): number {
    return this.samples;
  }

  /** Number of batches of a round. */
  get length(): number {
    return Math.ceil(this.samples / this.batchSize);
  }

  get reproducible(): boolean {
    // Photos that are to be saved, and photos that are their own labels, must be read each time.
    const same = this.steps.augmentation === undefined || this.variants !== undefined;
    return same && this.saving === undefined && this.source.labels !== "input";
  }

  async identify(key: number): Promise<string | undefined> {
    const { augmentation, hostPreprocessing } = this.steps;
    // What a function on the host does to a photo nobody can tell.
    if (hostPreprocessing !== undefined) return undefined;
    if (this.variants === undefined || augmentation === undefined) return this.source.identify?.(key);
    const { sample, variant } = this.variants.ofKey(key);
    const pixels = await this.source.identify?.(sample);
    const drawn = this.transformOf(augmentation, this.variants.streamOf(sample, variant));
    return pixels === undefined ? undefined : `${pixels} ${JSON.stringify(drawn)}`;
  }

  private transformOf({ ranges }: DrawnAugmentation, stream: Generator): AffineTransform {
    const [height, width] = this.imageShape;
    return getRandomTransform(ranges, height, width, stream);
  }

  get standardization(): Standardization | undefined {
    return this.imageShape[2] === 3 ? this.steps.standardization : undefined;
  }

  get graph(): readonly Value[] {
    return this.pipeline.graph;
  }

  nextBatch(): Batch {
    return this.drawn(this.order, this.generator);
  }

  /** The next batch of an order, with augmentation from a generator. */
  private drawn(order: SampleOrder, generator: Generator): Batch {
    const samples = order.next(this.batchSize);
    const { number } = order;
    return this.batch(samples, (sample) => this.variants?.inRound(sample, number) ?? 0, generator);
  }

  *inOrder(alike = false): Iterable<Batch> {
    const generator = alike ? this.generator.fork("in order") : this.judged;
    for (let start = 0; start < this.samples; start += this.batchSize) {
      const end = Math.min(start + this.batchSize, this.samples);
      yield this.batch(
        Array.from({ length: end - start }, (_, index) => start + index),
        () => 0,
        generator,
      );
    }
  }

  get everyLabel(): BatchSource["everyLabel"] {
    const { labels } = this.source;
    // Photos that are their own labels are not known before they are read, and are no classes.
    return labels === "input" || labels === undefined ? undefined : () => this.labelsInParts(labels);
  }

  private *labelsInParts(labels: Exclude<Samples["labels"], "input" | undefined>): Iterable<LabelledSamples> {
    const { variants } = this;
    for (let start = 0; start < this.samples; start += labelsAtOnce) {
      const samples = Array.from({ length: Math.min(labelsAtOnce, this.samples - start) }, (_, index) => start + index);
      const keys = variants === undefined ? samples : samples.map((sample) => variants.keyOf(sample, 0));
      yield { keys, ...this.compared(labels(samples)), sampleWeight: this.source.weights?.(samples) };
    }
  }

  /** Labels as a batch has them. */
  private compared(
    drawn: TensorData<"float32"> | readonly TensorData<"float32">[] | undefined,
  ): Pick<LabelledSamples, "labels" | "labelsByOutput"> {
    const several = drawn !== undefined && !("dims" in drawn);
    return { labels: several ? undefined : drawn, labelsByOutput: several ? drawn : undefined };
  }

  get labelNames(): readonly string[] | undefined {
    return this.source.labelNames;
  }

  sampleName(key: number): string | undefined {
    const { nameOf, shownAs = nameOf } = this.source;
    return shownAs?.(this.variants?.ofKey(key).sample ?? key);
  }

  /** Begins a new round with the next batch, for `fit` and for those who look. */
  reset(): void {
    this.order.reset();
    this.lookedOrder.reset();
  }

  /** Number of the batch that {@link next} will give, from 0, in its round. */
  get batchIndex(): number {
    return this.lookedOrder.save().position / this.batchSize;
  }

  save(): IteratorState {
    return { order: this.order.save(), generator: this.generator.save(), judged: this.judged.save() };
  }

  restore(state: unknown): void {
    const { order, generator, judged } = state as IteratorState;
    this.order.restore(order);
    // It also draws augmentation, so it has gone on since the round began.
    this.generator.restore(generator);
    this.judged.restore(judged);
  }

  /**
   * @param keys numbers of the samples
   * @param variantInTurn number of the variant of a sample, where there are variants
   * @param generator what augmentation is drawn from, where there are none
   */
  private batch(keys: readonly number[], variantInTurn: (sample: number) => number, generator: Generator): Batch {
    const { variants } = this;
    const { augmentation } = this.steps;
    const { labels, weights } = this.source;
    const chosen = keys.map(variantInTurn);
    const streamOf = (row: number, sample: number): Generator =>
      variants?.streamOf(sample, chosen[row] ?? 0) ?? generator;
    const transforms = augmentation && keys.map((sample, row) => this.transformOf(augmentation, streamOf(row, sample)));
    const numbers = this.saving === undefined ? [] : keys.map(() => generator.integer(1e7));
    const own = new SeenLabels([keys.length, ...this.imageShape]);
    const load = async (rows?: readonly number[]): Promise<NamedTensors> => {
      const pixels = await this.source.read(pickRows(keys, rows));
      const feeds = await this.pipeline.feeds(pixels, transforms && pickRows(transforms, rows));
      if (this.saving === undefined && labels !== "input") return feeds;
      const images = await this.pipeline.seen(feeds);
      own.images = images;
      if (this.saving !== undefined) await saveImages(images, this.imageShape, keys, numbers, this.saving);
      return feeds;
    };
    const drawn = labels === "input" ? own : labels?.(keys);
    return {
      keys: variants === undefined ? keys : keys.map((sample, row) => variants.keyOf(sample, chosen[row] ?? 0)),
      ...this.compared(drawn),
      sampleWeight: weights?.(keys),
      load,
    };
  }

  /** Frees what reading has kept on the engine; it is made again when it is needed. */
  async release(): Promise<void> {
    await this.pipeline.release();
  }

  /**
   * Batches of photos alone, without end: `[n, height, width, channels]`, also where there are labels. They come from the same
   * row as those of {@link next}.
   */
  async *images(): AsyncGenerator<Tensor, never> {
    try {
      while (true) yield await this.photos(this.drawn(this.lookedOrder, this.looking));
    } finally {
      await this.release();
    }
  }

  /**
   * The next batch to look at, round after round: `[x, y]` with x `[n, height, width, channels]` and y as `classMode` says,
   * and the samples' weights where there are any; without labels x alone, as in Keras. What `fit` gets is the same whether or
   * not somebody looks.
   *
   * @see Keras's `next(generator)`
   */
  next(): Promise<Given> {
    return this.given(this.drawn(this.lookedOrder, this.looking));
  }

  /**
   * A batch by its number; all numbers together are a round. Their order is not that of {@link next}, and stays.
   *
   * @param index from 0, less than {@link length}
   * @throws UsageError for another number
   * @see Keras's `generator[index]`
   */
  async at(index: number): Promise<Given> {
    if (!isWhole(index, 0) || index >= this.length) {
      throw new UsageError("There is no batch of this number.", {
        subject: "index",
        expected: `a whole number from 0 to ${this.length - 1}, for there are ${this.length} batches`,
        received: String(index),
      });
    }
    const keys = this.places().slice(index * this.batchSize, (index + 1) * this.batchSize);
    return this.given(this.batch(keys, () => 0, this.looking));
  }

  /** Batches without end, as {@link next} gives them. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Given, never> {
    try {
      while (true) yield await this.next();
    } finally {
      await this.release();
    }
  }

  private async given(batch: Batch): Promise<Given> {
    const { labels, labelsByOutput } = batch;
    const x = await this.photos(batch);
    // Iterators without labels, and those without weights, say so by their type.
    if (labels === undefined && labelsByOutput === undefined) return x as unknown as Given;
    const each = labelsByOutput?.flatMap((labels) => (labels === undefined ? [] : [this.typed(labels)]));
    const y = labels === undefined ? each : this.typed(labels);
    return (batch.sampleWeight === undefined ? [x, y] : [x, y, toTensor(batch.sampleWeight)]) as unknown as Given;
  }

  /** What the network sees of a batch. */
  private async photos(batch: Batch): Promise<Tensor> {
    const data = await this.pipeline.seen(await batch.load());
    return this.typed({ type: "float32", dims: [batch.keys.length, ...this.imageShape], data });
  }

  /** Values in the element type that the generator was asked for. */
  private typed(values: TensorData<"float32">): Tensor {
    if (this.steps.dtype === "float32") return toTensor(values);
    return new Tensor("float64", Float64Array.from(values.data), values.dims);
  }
}

/** Labels that are what the network sees of the samples, which nobody knows before they are loaded. */
class SeenLabels implements TensorData<"float32"> {
  readonly type = "float32";
  images: Float32Array | undefined;

  constructor(readonly dims: readonly number[]) {}

  get data(): Float32Array {
    if (this.images !== undefined) return this.images;
    throw new UsageError("The labels are the photos, which have not been read yet.", {
      subject: 'classMode "input"',
      expected: "load() before the labels are looked at",
      received: "labels first",
    });
  }
}

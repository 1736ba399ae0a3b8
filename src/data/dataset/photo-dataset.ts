import { type Batch, type BatchSource, pickRows } from "../../models/sources/batch-source.js";
import { Generator } from "../../random/generator.js";
import { nextRandomStream } from "../../random/seed.js";
import { Tensor, toTensor } from "../../runtime/runtime.js";
import { PixelPipeline } from "../generator/pixel-pipeline.js";
import { pixelsAsRead } from "../generator/pixel-steps.js";
import type { LabelsOf, Samples } from "../generator/samples.js";
import { judging, singlesRefused, sourceOfRounds } from "./dataset-source.js";
import { Dataset, type DatasetBatchOptions, type Plan, type ShuffleOptions } from "./dataset.js";
import { type BatchOf, type Element, rowOfElement, type RowOf } from "./element.js";
import * as rounds from "./rounds.js";

/** Photos with labels in one array, or without. */
export type LabelledSamples = Omit<Samples, "labels"> & { readonly labels: LabelsOf | undefined };

/** What a dataset of photos is made of. */
export interface Photos {
  readonly samples: LabelledSamples;
  /** Names of the classes in the order of their numbers; `undefined` without labels. */
  readonly classNames: readonly string[] | undefined;
  readonly filePaths: readonly string[];
}

/** Numbers of the photos of a batch. */
type Keys = readonly number[];

/** What a batch of photos, or one of them, is; x alone where there are no labels. */
export type PhotoBatch = [x: Tensor, y: Tensor];

/**
 * Numbers of photos, one by one.
 *
 * @param order where the order of each round is drawn from; `undefined` keeps their own
 */
function singly(count: number, order: Generator | undefined): Dataset<Keys> {
  return new Dataset<Keys>({
    rounds: rounds.listed(function* (pass) {
      // What is predicted belongs to filePaths; in another order evaluate would say the same.
      const isDrawn = order !== undefined && !pass.startsWith(judging);
      const keys = isDrawn ? order.fork(pass).permutation(count) : Array(count).keys();
      for (const key of keys) yield [key];
    }),
    count,
  });
}

/** Lists of `size` photos each, of lists of any length. */
function joined(keys: Dataset<Keys>, size: number, dropRemainder: boolean): Dataset<Keys> {
  const { count } = keys.plan;
  const lists = rounds.gathered(keys.plan.rounds, size, dropRemainder);
  return new Dataset<Keys>({
    rounds: rounds.mapped(lists, (list) => Promise.resolve(list.flat()), 1),
    count: count < 0 ? count : dropRemainder ? Math.floor(count / size) : Math.ceil(count / size),
  });
}

/** Samples whose pixels are read once, and kept in memory. */
function inMemory(samples: LabelledSamples): LabelledSamples {
  const rows = new Map<number, Uint8Array | Float32Array>();
  const size = samples.shape.reduce((product, extent) => product * extent, 1);
  return {
    ...samples,
    async read(keys) {
      const missing = [...new Set(keys)].filter((key) => !rows.has(key));
      const read = missing.length === 0 ? undefined : await samples.read(missing);
      missing.forEach((key, row) => {
        if (read !== undefined) rows.set(key, read.slice(row * size, (row + 1) * size));
      });
      const length = keys.length * size;
      const pixels = samples.type === "uint8" ? new Uint8Array(length) : new Float32Array(length);
      keys.forEach((key, row) => {
        pixels.set(rows.get(key) ?? [], row * size);
      });
      return pixels;
    },
  };
}

/** A batch for people to see. */
async function arraysOf<T>({ read, shape, labels }: LabelledSamples, keys: readonly number[]): Promise<T> {
  const x = new Tensor("float32", Float32Array.from(await read(keys)), [keys.length, ...shape]);
  const y = labels?.(keys);
  // Whoever made the dataset knows whether it has labels.
  return (y === undefined ? x : [x, toTensor(y)]) as T;
}

/** A photo for people to see: `[height, width, channels]`, and its label. */
async function arraysOfOne<T>(samples: LabelledSamples, keys: readonly number[]): Promise<T> {
  return rowOfElement(await arraysOf<Element>(samples, keys), 0, 1, "imageDatasetFromDirectory") as T;
}

/** How large the elements of a dataset of photos are; one by one where there is no size. */
type Size = Pick<Plan<unknown>, "open" | "batchSize">;

/** What becomes another in a dataset that follows from one. */
interface Changes {
  readonly photos: Photos;
  readonly ahead: number;
  readonly size: Size;
}

/**
 * Photos of a folder in batches: what `imageDatasetFromDirectory` gives. Levels are float32 in [0, 255].
 *
 * As long as only the order and the batches change, by `take`, `skip`, `shuffle`, `shard`, `repeat`, `cache`, `prefetch`, `batch`
 * and `unbatch`, it is known which photo is where: what a frozen network makes of each is computed once.
 */
export class ImageDataset<T extends PhotoBatch | Tensor = PhotoBatch> extends Dataset<T> {
  /** Names of the classes in the order of their numbers; `undefined` without labels. */
  readonly classNames: readonly string[] | undefined;
  /** Paths of the photos. */
  readonly filePaths: readonly string[];

  private constructor(
    private readonly photos: Photos,
    private readonly keys: Dataset<Keys>,
    private readonly ahead: number,
    private readonly pipeline: PixelPipeline,
    size: Size,
  ) {
    const arrays = size.batchSize === undefined ? arraysOfOne<T> : arraysOf<T>;
    const read = rounds.mapped(keys.plan.rounds, (of) => arrays(photos.samples, of), 1);
    super({ ...size, rounds: ahead === 0 ? read : rounds.readAhead(read, ahead), count: keys.plan.count });
    this.classNames = photos.classNames;
    this.filePaths = photos.filePaths;
  }

  /**
   * @param batchSize `undefined`: photos one by one
   * @param shuffle whether each round has an order of its own
   * @param seed of that order; default: the seed of `setRandomSeed`
   */
  static of<T extends PhotoBatch | Tensor>(
    photos: Photos,
    batchSize: number | undefined,
    shuffle: boolean,
    seed?: number | null,
  ): ImageDataset<T> {
    const { samples } = photos;
    const stream = (): Generator =>
      seed === undefined || seed === null ? nextRandomStream("photos") : new Generator(seed).fork("photos");
    const keys = singly(samples.count, shuffle ? stream() : undefined);
    const pipeline = new PixelPipeline(pixelsAsRead, samples.shape, samples.type);
    const one = new ImageDataset<T>(photos, keys, 0, pipeline, { open: false, batchSize: undefined });
    return batchSize === undefined ? one : (one.batch(batchSize) as unknown as ImageDataset<T>);
  }

  private with(keys: Dataset<Keys>, changes: Partial<Changes> = {}): ImageDataset<T> {
    const { photos = this.photos, ahead = this.ahead, size = this.plan } = changes;
    return new ImageDataset(photos, keys, ahead, this.pipeline, { open: size.open, batchSize: size.batchSize });
  }

  /** Number of the photos that it is made of. */
  get samples(): number {
    return this.filePaths.length;
  }

  /** Height, width and channels of the photos. */
  get imageShape(): readonly [height: number, width: number, channels: number] {
    return this.photos.samples.shape;
  }

  override take(count: number): ImageDataset<T> {
    return this.with(this.keys.take(count));
  }

  override skip(count: number): ImageDataset<T> {
    return this.with(this.keys.skip(count));
  }

  override shard(numShards: number, index: number): ImageDataset<T> {
    return this.with(this.keys.shard(numShards, index));
  }

  override shuffle(bufferSize: number, options?: ShuffleOptions): ImageDataset<T> {
    return this.with(this.keys.shuffle(bufferSize, options));
  }

  override repeat(count?: number | null): ImageDataset<T> {
    return this.with(this.keys.repeat(count));
  }

  override cache(filename?: ""): ImageDataset<T> {
    const photos = { ...this.photos, samples: inMemory(this.photos.samples) };
    return this.with(this.keys.cache(filename), { photos });
  }

  override prefetch(bufferSize: number): ImageDataset<T> {
    // What keys are is known at once; it is photos that are read ahead, and fit does that in any case.
    return this.with(this.keys.prefetch(bufferSize), { ahead: bufferSize < 0 ? 2 : bufferSize });
  }

  override batch(batchSize: number, options: DatasetBatchOptions = {}): Dataset<BatchOf<T>> {
    // Batches of batches have an axis more.
    if (this.batchSize !== undefined) return super.batch(batchSize, options);
    const { batchSize: size = batchSize, open } = super.batch(batchSize, options).plan;
    const keys = joined(this.keys, size, options.dropRemainder ?? false);
    return this.with(keys, { size: { open, batchSize: size } }) as unknown as Dataset<BatchOf<T>>;
  }

  override unbatch(): Dataset<RowOf<T>> {
    if (this.batchSize === undefined) return super.unbatch();
    const { rounds: lists } = this.keys.plan;
    const keys = new Dataset<Keys>({
      rounds: rounds.flattened(lists, (list: Keys) => list.map((key) => [key])),
      count: Dataset.UNKNOWN_CARDINALITY,
    });
    return this.with(keys, { size: { open: false, batchSize: undefined } }) as unknown as Dataset<RowOf<T>>;
  }

  /** The dataset as `fit`, `evaluate` and `predict` take it. */
  override openSource(_?: unknown, call = "fit"): Promise<BatchSource> {
    const { samples } = this.photos;
    const { pipeline, batchSize } = this;
    if (batchSize === undefined) return Promise.reject(singlesRefused(call));
    const batch = (keys: readonly number[]): Batch => ({
      keys,
      labels: samples.labels?.(keys),
      load: async (chosen) => pipeline.feeds(await samples.read(pickRows(keys, chosen)), undefined),
    });
    const turns = { ...this.turns, rounds: this.keys.plan.rounds };
    const source = sourceOfRounds(turns, {
      samples: samples.count,
      batchSize,
      reproducible: true,
      graph: pipeline.graph,
      standardization: samples.shape[2] === 3 ? pixelsAsRead.standardization : undefined,
      labelNames: samples.labelNames,
      sampleName: samples.nameOf,
      batch,
    });
    return Promise.resolve(source);
  }
}

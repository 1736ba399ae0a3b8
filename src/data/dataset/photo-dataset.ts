import { type Batch, type BatchSource, pickRows } from "../../models/sources/batch-source.js";
import { Generator } from "../../random/generator.js";
import { nextRandomStream } from "../../random/seed.js";
import { Tensor, toTensor } from "../../runtime/runtime.js";
import { PixelPipeline } from "../generator/pixel-pipeline.js";
import { pixelsAsRead } from "../generator/pixel-steps.js";
import type { LabelsOf, Samples } from "../generator/samples.js";
import { judging, sourceOfRounds } from "./dataset-source.js";
import { Dataset, type ShuffleOptions } from "./dataset.js";
import * as rounds from "./rounds.js";

/** Photos with labels in one array, or without. */
export type LabelledSamples = Omit<Samples, "labels"> & { readonly labels: LabelsOf | undefined };

/** What a dataset of photos is made of. */
export interface Photos {
  readonly samples: LabelledSamples;
  /** Names of the classes in the order of their numbers; `undefined` without labels. */
  readonly classNames: readonly string[] | undefined;
  readonly filePaths: readonly string[];
  readonly batchSize: number;
}

/** Numbers of the photos of a batch. */
type Keys = number[];

/** What a batch of photos is; x alone where there are no labels. */
export type PhotoBatch = [x: Tensor, y: Tensor];

/**
 * Numbers of photos, a list a batch.
 *
 * @param order where the order of each round is drawn from; `undefined` keeps their own
 */
function batches(count: number, batchSize: number, order: Generator | undefined): Dataset<Keys> {
  return new Dataset<Keys>({
    rounds: rounds.listed(function* (pass) {
      // What is predicted belongs to filePaths; in another order evaluate would say the same.
      const isDrawn = order !== undefined && !pass.startsWith(judging);
      const keys = isDrawn ? order.fork(pass).permutation(count) : [...Array(count).keys()];
      for (let start = 0; start < count; start += batchSize) yield keys.slice(start, start + batchSize);
    }),
    count: Math.ceil(count / batchSize),
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

/**
 * Photos of a folder in batches: what `imageDatasetFromDirectory` gives. Levels are float32 in [0, 255].
 *
 * As long as only the order of batches changes, by `take`, `skip`, `shuffle`, `shard`, `repeat`, `cache` and `prefetch`, it is
 * known which photo is where: what a frozen network makes of each is computed once.
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
  ) {
    const read = rounds.mapped(keys.plan.rounds, (of) => arraysOf<T>(photos.samples, of), 1);
    super({
      rounds: ahead === 0 ? read : rounds.readAhead(read, ahead),
      count: keys.plan.count,
      open: true,
      batchSize: photos.batchSize,
    });
    this.classNames = photos.classNames;
    this.filePaths = photos.filePaths;
  }

  /**
   * @param shuffle whether each round has an order of its own
   * @param seed of that order; default: the seed of `setRandomSeed`
   */
  static of<T extends PhotoBatch | Tensor>(photos: Photos, shuffle: boolean, seed?: number | null): ImageDataset<T> {
    const { samples, batchSize } = photos;
    const stream = (): Generator =>
      seed === undefined || seed === null ? nextRandomStream("photos") : new Generator(seed).fork("photos");
    const keys = batches(samples.count, batchSize, shuffle ? stream() : undefined);
    return new ImageDataset(photos, keys, 0, new PixelPipeline(pixelsAsRead, samples.shape, samples.type));
  }

  private with(keys: Dataset<Keys>, photos = this.photos, ahead = this.ahead): ImageDataset<T> {
    return new ImageDataset(photos, keys, ahead, this.pipeline);
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
    return this.with(this.keys.cache(filename), { ...this.photos, samples: inMemory(this.photos.samples) });
  }

  override prefetch(bufferSize: number): ImageDataset<T> {
    // What keys are is known at once; it is photos that are read ahead, and fit does that in any case.
    return this.with(this.keys.prefetch(bufferSize), this.photos, bufferSize < 0 ? 2 : bufferSize);
  }

  /** The dataset as `fit`, `evaluate` and `predict` take it. */
  override openSource(): Promise<BatchSource> {
    const { samples, batchSize } = this.photos;
    const { pipeline } = this;
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

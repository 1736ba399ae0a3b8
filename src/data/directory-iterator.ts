import { FileError, UsageError } from "../errors/errors.js";
import { didYouMean } from "../errors/nearest.js";
import type { Value } from "../graph/value.js";
import { toChannelsLast } from "../nn/channels.js";
import { float32, type TensorData } from "../onnx/tensor-data.js";
import type { Batch as SourceBatch, BatchSource, Standardization } from "../models/batch-source.js";
import { platform } from "../models/platform.js";
import { Generator } from "../random/generator.js";
import { randomStream } from "../random/seed.js";
import { type NamedTensors, Tensor, toTensor } from "../runtime/runtime.js";
import { createSession } from "../runtime/session.js";
import { affineMatrix, type AffineMatrix } from "./affine-parameters.js";
import { samplingMatrices } from "./augment/affine-graph.js";
import { decodePhoto } from "./decode.js";
import { fedNames, type ImageDataGenerator } from "./image-data-generator.js";
import type { Photo, PhotoSet } from "./photo.js";
import { type Interpolation, interpolations, resample } from "./resample.js";
import { kerasExtensions, scanClassFolders } from "./scan.js";
import { rescaled } from "./standardize.js";

/** What labels look like: `binary` and `sparse` numbers, `categorical` one-hot rows, `null` none. */
export type ClassMode = "categorical" | "binary" | "sparse" | null;

/** Options of `flowFromDirectory`; names, meaning and defaults are Keras's. */
export interface FlowFromDirectoryOptions {
  /** Height and width in pixels; default [256, 256]. */
  readonly targetSize?: readonly [height: number, width: number];
  /** Default 32. */
  readonly batchSize?: number;
  /** Default `"categorical"`. */
  readonly classMode?: ClassMode;
  /** Names of the class folders in the order of their numbers; default all, sorted. */
  readonly classes?: readonly string[];
  /** Whether each round has an order of its own; default `true`. */
  readonly shuffle?: boolean;
  /** Seed of order and augmentation; default: the seed of `setRandomSeed`. */
  readonly seed?: number;
  /** How photos are brought to the target size; default `"nearest"`. */
  readonly interpolation?: Interpolation;
}

const optionNames = ["targetSize", "batchSize", "classMode", "classes", "shuffle", "seed", "interpolation"];

function refuse(subject: string, expected: string, received: unknown, advice?: string): never {
  throw new UsageError(`flowFromDirectory cannot take this ${subject}.`, {
    subject,
    expected,
    received: String(received),
    ...(advice === undefined ? {} : { advice }),
  });
}

function check(options: FlowFromDirectoryOptions): void {
  for (const name of Object.keys(options)) {
    if (!optionNames.includes(name)) refuse("option", optionNames.join(", "), name, didYouMean(name, optionNames));
  }
  const { targetSize = [256, 256], batchSize = 32, classMode = "categorical", interpolation = "nearest" } = options;
  const positive = (value: unknown): boolean => Number.isInteger(value) && Number(value) > 0;
  if (!isPairOf(positive, targetSize)) {
    refuse("targetSize", "[height, width] in pixels", `[${String(targetSize)}]`);
  }
  if (!positive(batchSize)) refuse("batchSize", "a whole number from 1", batchSize);
  if (!interpolations.includes(interpolation)) refuse("interpolation", interpolations.join(", "), interpolation);
  if (classMode !== null && !["categorical", "binary", "sparse"].includes(classMode)) {
    refuse("classMode", '"categorical", "binary", "sparse" or null', classMode);
  }
}

function isPairOf(holds: (value: unknown) => boolean, value: unknown): boolean {
  return Array.isArray(value) && value.length === 2 && value.every(holds);
}

/** Streams of different iterators must differ, and be the same in the next run of the same script. */
let opened = 0;

/** Photos of a folder in batches, round after round: what `flowFromDirectory` gives. */
export class DirectoryIterator implements BatchSource, AsyncIterable<[x: Tensor, y: Tensor]> {
  readonly batchSize: number;
  readonly targetSize: readonly [height: number, width: number];
  readonly classMode: ClassMode;
  /** Number of each class by its folder's name. */
  readonly classIndices: Readonly<Record<string, number>>;
  /** Paths of the photos below the folder, with `/` between folders. */
  readonly filenames: readonly string[];
  /** Number of the class of each photo. */
  readonly classes: readonly number[];
  readonly graph: readonly Value[];
  readonly standardization: Standardization;
  private readonly photos: readonly Photo[];
  private readonly interpolation: Interpolation;
  private readonly generator: Generator;
  private readonly shuffle: boolean;
  private round: number[] = [];

  private constructor(
    private readonly datagen: ImageDataGenerator,
    set: PhotoSet,
    options: FlowFromDirectoryOptions,
  ) {
    this.batchSize = options.batchSize ?? 32;
    this.targetSize = options.targetSize ?? [256, 256];
    this.classMode = options.classMode === undefined ? "categorical" : options.classMode;
    this.interpolation = options.interpolation ?? "nearest";
    this.shuffle = options.shuffle ?? true;
    this.generator =
      options.seed === undefined ? randomStream(`flow/${opened++}`) : new Generator(options.seed).fork("flow");
    this.photos = set.photos;
    this.classIndices = Object.fromEntries(set.classes.map((name, index) => [name, index]));
    this.filenames = set.photos.map(({ path }) =>
      path.slice(set.directory.length).replaceAll("\\", "/").replace(/^\/+/, ""),
    );
    this.classes = set.photos.map(({ classIndex }) => classIndex);
    this.graph = [datagen.graph(...this.targetSize)];
    this.standardization = rescaled(datagen.options.preprocessingFunction ?? {}, datagen.options.rescale);
  }

  /**
   * Lists the photos of a folder and says how many there are, as Keras does.
   *
   * @throws FileError when the folder cannot be read or holds no photos
   * @throws UsageError for impossible options
   */
  static async open(
    datagen: ImageDataGenerator,
    directory: string,
    options: FlowFromDirectoryOptions,
  ): Promise<DirectoryIterator> {
    check(options);
    const set = await scanClassFolders(directory, {
      extensions: kerasExtensions,
      ...(options.classes === undefined ? {} : { classes: options.classes }),
    });
    if (set.photos.length === 0) {
      throw new FileError(`There are no photos in ${directory}.`, {
        subject: directory,
        expected: `one folder per class with ${kerasExtensions.join(", ")} files`,
        received: `${set.classes.length} class folders without photos`,
      });
    }
    if (options.classMode === "binary" && set.classes.length !== 2) {
      throw new UsageError(`${directory} does not have two classes.`, {
        subject: "classMode",
        expected: 'two class folders for classMode "binary"',
        received: `${set.classes.length}: ${set.classes.slice(0, 5).join(", ")}`,
        advice: 'Use classMode "categorical" or "sparse", or name two folders in `classes`.',
      });
    }
    platform().print(`Found ${set.photos.length} images belonging to ${set.classes.length} classes.`);
    return new DirectoryIterator(datagen, set, options);
  }

  get samples(): number {
    return this.photos.length;
  }

  /** Number of batches of a round. */
  get length(): number {
    return Math.ceil(this.samples / this.batchSize);
  }

  get reproducible(): boolean {
    return !this.datagen.augments;
  }

  next(): SourceBatch {
    if (this.round.length === 0) {
      this.round = this.shuffle ? this.generator.permutation(this.samples) : Array.from(this.photos.keys());
    }
    return this.batch(this.round.splice(0, this.batchSize));
  }

  *inOrder(): Iterable<SourceBatch> {
    for (let start = 0; start < this.samples; start += this.batchSize) {
      const end = Math.min(start + this.batchSize, this.samples);
      yield this.batch(Array.from({ length: end - start }, (_, index) => start + index));
    }
  }

  private batch(keys: readonly number[]): SourceBatch {
    const [height, width] = this.targetSize;
    const matrices = this.datagen.augments
      ? keys.map(() => affineMatrix(this.datagen.getRandomTransform(height, width, this.generator), height, width))
      : undefined;
    return { keys, truth: this.truth(keys), load: () => this.load(keys, matrices) };
  }

  private truth(keys: readonly number[]): TensorData<"float32"> | undefined {
    const numbers = keys.map((key) => this.classes[key] ?? 0);
    if (this.classMode === null) return undefined;
    if (this.classMode !== "categorical") return float32(numbers, [keys.length]);
    const count = Object.keys(this.classIndices).length;
    const rows = new Float32Array(keys.length * count);
    numbers.forEach((classIndex, row) => (rows[row * count + classIndex] = 1));
    return float32(rows, [keys.length, count]);
  }

  private async load(keys: readonly number[], matrices: readonly AffineMatrix[] | undefined): Promise<NamedTensors> {
    const [height, width] = this.targetSize;
    const size = height * width * 3;
    const photos = new Uint8Array(keys.length * size);
    await Promise.all(
      keys.map(async (key, row) => {
        const decoded = await decodePhoto(this.photos[key]?.path ?? "");
        photos.set(resample(decoded, width, height, this.interpolation), row * size);
      }),
    );
    return {
      [fedNames.photos]: new Tensor("uint8", photos, [keys.length, height, width, 3]),
      ...(matrices === undefined ? {} : { [fedNames.matrices]: toTensor(samplingMatrices(matrices)) }),
    };
  }

  /**
   * Batches without end: `[x, y]` with x `[n, height, width, 3]` float32 and y as `classMode` says. It takes batches from
   * the same row as `fit` does.
   *
   * @throws UsageError when `classMode` is null, for then there is no y
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<[x: Tensor, y: Tensor], never> {
    const [x] = this.graph;
    if (x === undefined) throw new TypeError("The iterator has no graph.");
    const session = await createSession(platform().runtime, { x: toChannelsLast(x) });
    try {
      while (true) {
        const batch = this.next();
        if (batch.truth === undefined) {
          throw new UsageError("There are no labels to go with the photos.", {
            subject: "classMode",
            expected: '"categorical", "binary" or "sparse"',
            received: "null",
          });
        }
        const { x: pixels } = await session.run(await batch.load());
        if (pixels !== undefined) yield [pixels, toTensor(batch.truth)];
      }
    } finally {
      await session.release();
    }
  }
}
